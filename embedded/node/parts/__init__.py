"""The parts of a node, one a file: its command line, its own files, and where it answers."""
