"""`python -m embedded.cluster`."""

from __future__ import annotations

import sys

from embedded.cluster.daemon import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
