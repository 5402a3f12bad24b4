"""Builds all that nodes are made of, add-ons included, ahead of time: python -m embedded.node; with --check only says what that needs."""

from __future__ import annotations

import argparse
import sys

from embedded.node.add_ons import catalog
from embedded.node.errors import NodeError
from embedded.node.node import Node


def main() -> None:
    """Build what nobody has built yet; or say what a node would need that isn't here."""
    parser = argparse.ArgumentParser(prog="python -m embedded.node", description=__doc__)
    parser.add_argument("--check", action="store_true", help="build nothing; fail if a node can't run here, and say why")
    node = Node.open()
    try:
        if parser.parse_args().check:
            node.check(catalog.ALL)
        else:
            node.prepare(lambda text: print(text, flush=True), catalog.ALL)  # noqa: T201 - for the person who waits
    except NodeError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
