"""What runs beside the engine: programs, provider plugins and policy packs, and the processes that they live in."""
