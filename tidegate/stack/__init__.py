"""The stack port: Pulumi stacks, over the real CLI or the embedded engine."""
