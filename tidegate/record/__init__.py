"""Record: who is told what happens, and where it is written down."""
