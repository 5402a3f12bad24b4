"""How long a real node takes to start and to end, and how long it takes to build what it is made of.

`python -m benchmarks.node [--runs N] [--build]` prints a table; figures are medians. It needs what `tidegate node` needs: root, and what
`make node` installs; no other node may be up. With `--build` everything is built once more, from empty caches of modules and of what
was compiled.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.table import ROOT, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.table import Row

_LONGEST: Final = 3600


def tidegate(environment: Mapping[str, str], *words: str) -> float:
    """Run `tidegate node`; how long it took."""
    start = time.monotonic()
    command = [sys.executable, "-m", "tidegate.cli.main", "node", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=_LONGEST, check=False)
    if done.returncode:
        raise SystemExit(f"`tidegate node {' '.join(words)}` ended with {done.returncode}")
    return time.monotonic() - start


def ups_and_downs(environment: Mapping[str, str], runs: int, *words: str) -> tuple[float, float]:
    """How long starts and ends take, of a node that was built."""
    starts, ends = [], []
    for _ in range(runs):
        starts.append(tidegate(environment, "up", *words))
        ends.append(tidegate(environment, "down"))
    return statistics.median(starts), statistics.median(ends)


def built(environment: Mapping[str, str], folder: Path) -> float:
    """How long the first start takes where nothing was ever built or fetched; in minutes."""
    caches = {name: str(folder / name.lower()) for name in ("XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE")}
    try:
        return tidegate({**environment, **caches, "GOFLAGS": "-modcacherw"}, "up") / 60
    finally:
        tidegate(environment, "down")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="starts and ends of each kind (default: %(default)s)")
    parser.add_argument("--build", action="store_true", help="build everything anew, too: that takes a quarter of an hour")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tgb-", dir="/tmp"))  # sockets' paths are short
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    try:
        tidegate(environment, "up")
        status = subprocess.run(
            [sys.executable, "-m", "tidegate.cli.main", "node", "status", "--json"],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_LONGEST, check=True,
        )  # fmt: skip
        tidegate(environment, "down")
        full, end = ups_and_downs(environment, options.runs)
        bare, _ = ups_and_downs(environment, options.runs, "--add-ons", "none")
        rows: list[Row] = [
            ("parts of a node, with its add-ons", len(json.loads(status.stdout)["parts"]), ""),
            ("`tidegate node up`, seconds", full, "10"),
            ("the same with no add-ons, seconds", bare, "10"),
            ("`tidegate node down`, seconds", end, ""),
        ]
        if options.build:
            rows.append(("the first `up`, from empty caches, minutes", built(environment, folder), ""))
        show(rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
