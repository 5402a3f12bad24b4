"""The `tidegate` command: one file a verb group, and no logic of its own."""
