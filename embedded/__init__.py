"""What runs where nothing is installed: a Pulumi engine, providers and a cluster. Imports nothing of tidegate/."""
