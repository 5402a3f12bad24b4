"""Releases of services with Pulumi, each step a stack update.

Layers: cli > stack > model. The engine for machines without a Pulumi CLI is the package `embedded`, which knows nothing of this one.
"""
