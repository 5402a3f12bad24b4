"""Writes images of servers from Debian's packages: `python -m embedded.node.images postgres redis`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.node.images import debian
from embedded.node.images.archive import cache, write_all
from embedded.node.images.packages import NoPackageError, Packages
from embedded.node.images.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the archive, and say what is in it."""
    parser = argparse.ArgumentParser(prog="python -m embedded.node.images", description="Write images of servers as one OCI archive.")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=f"what to write: {', '.join(RECIPES)} (all of them)")
    parser.add_argument("--output", type=Path, default=cache() / "debian.tar", help="the archive (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the images' names with their digests as JSON")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.servers if name not in RECIPES]:
        parser.error(f"there is no recipe for {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    packages = Packages(cache() / "packages")
    try:
        made = [debian.image(RECIPES[name], packages) for name in given.servers or RECIPES]
    except NoPackageError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    write_all(given.output, made)
    if given.json:
        sys.stdout.write(json.dumps({"archive": str(given.output), "images": {one.name: one.digest for one in made}}, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{one.name}@{one.digest}\n" for one in made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
