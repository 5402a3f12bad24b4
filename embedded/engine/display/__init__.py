"""What people and programs see of an operation: text, diffs, JSON and event logs, all made from the engine's events."""
