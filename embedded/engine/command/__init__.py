"""The `pulumi`-compatible command, a file a group of verbs. `main.main` is the entrance; `__main__` makes it `python -m`."""
