"""Deployments: from what a program registers to steps, their execution, and the next snapshot."""
