"""What the benchmarks share: measuring in a process of its own, and the table of figures beside their goals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

Row = tuple[str, float, str]


def apart(module: str, call: str) -> list[Row]:
    """The rows that a function of a benchmark prints as JSON, from a process of its own: for the memory's sake."""
    done = subprocess.run(
        [sys.executable, "-c", f"import benchmarks.{module} as b; b.{call}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=3600,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return [(name, value, goal) for name, value, goal in json.loads(done.stdout.splitlines()[-1])]


def show(rows: list[Row]) -> None:
    """Print the table."""
    print(f"{'':45} {'measured':>10} {'goal':>8}")
    for name, value, goal in rows:
        print(f"{name:45} {value:10.2f} {goal:>8}")
