"""Switchers: what moves traffic. A new one is a module here, and a line in `choosing`."""
