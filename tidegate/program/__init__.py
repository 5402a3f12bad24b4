"""What `__main__.py` needs besides components: the intent out of the engine's configuration, the last ledger, and the plan."""
