"""What can go wrong with a node. A text says what is wrong, where, and what to do."""

from __future__ import annotations


class NodeError(Exception):
    """The node can't be started, ended or asked."""
