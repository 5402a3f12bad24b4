"""Builds all that nodes are made of, add-ons included, ahead of time: python -m embedded.node."""

from __future__ import annotations

import sys

from embedded.node.add_ons import catalog
from embedded.node.errors import NodeError
from embedded.node.node import Node


def main() -> None:
    """Build what nobody has built yet."""
    try:
        Node.open().prepare(lambda text: print(text, flush=True), catalog.ALL)  # noqa: T201 - for the person who waits
    except NodeError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
