"""Where the `tidegate` command starts.

`tidegate pulumi ...` is told apart before anything else is imported: it stands in for a command that answers at once, and what the other
verbs are made of costs more than all that it does.
"""

from __future__ import annotations

import gc
import sys
from typing import Final

_RARE: Final = (50_000, 20, 20)
"""How many more objects there must be before garbage is looked for. Nearly all that a command makes stays until its end: modules, states
of hundreds of services. With Python's own figures a third of a command's time went there."""


def main() -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["pulumi"]:
        from tidegate.cli.passthrough import pulumi

        return pulumi(arguments[1:])
    gc.set_threshold(*_RARE)
    from tidegate.cli.app import run

    try:
        return run(arguments)
    finally:
        # What is still there goes with the process: it isn't looked through once more.
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
