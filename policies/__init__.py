"""The gates that policy packs are: security, compliance, and the release's safety. One pack a folder, one policy a file."""
