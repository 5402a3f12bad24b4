"""The driver: carries a release out, step by step, over the ports in `ports`; goes on after a crash from what the stack itself says."""
