"""`python -m embedded.engine.command ARGS` is `pulumi ARGS`."""

import sys

from embedded.engine.command.main import main

if __name__ == "__main__":
    sys.exit(main())
