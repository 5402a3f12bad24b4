"""Where the `tidegate` command starts.

`tidegate pulumi ...` is told apart before anything else is imported: it stands in for a command that answers at once, and what the other
verbs are made of costs more than all that it does.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["pulumi"]:
        from tidegate.cli.passthrough import pulumi

        return pulumi(arguments[1:])
    from tidegate.cli.app import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
