"""The real CLI and this engine take turns on one stack: what one wrote, the other opens with «no changes» and goes on from.

Left out, and said so, where no real `pulumi` is on PATH.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.conformance.turns import Program

if TYPE_CHECKING:
    from pathlib import Path

REAL: Final = shutil.which("pulumi")
OURS: Final = [sys.executable, "-m", "embedded.engine.command"]
# Programs, and the values of STEP that make them change: secrets, replaces of both kinds, components with aliases, options, references.
PROGRAMS: Final = {
    "01-basic": ("1", "3", "5"),
    "02-replace": ("1", "2"),
    "03-delete-before-replace": ("1", "2"),
    "04-components-aliases": ("1", "2"),
    "05-options": ("1", "2"),
    "06-secrets": ("1", "2"),
    "09-targets": ("1", "2", "3"),
}

pytestmark = pytest.mark.skipif(REAL is None, reason="no real `pulumi` on PATH: taking turns with it is not tested")


@pytest.mark.parametrize("first", ["ours", "real"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_takes_turns_with_the_real_cli(name: str, first: str, tmp_path: Path, repository: Path) -> None:
    """After each update by one, the other sees no change, reads the same outputs and history, and makes the next update."""
    call = Program(name, tmp_path, {"PYTHONPATH": str(repository)}).run
    engines = [OURS, [str(REAL)]] if first == "ours" else [[str(REAL)], OURS]
    call(engines[0], "0", ["stack", "init", "dev"])
    if name == "06-secrets":
        for key, value in (("plain", "visible"), ("token", "hush")):
            call(engines[1], "0", ["config", "set", key, value, *(["--secret"] if key == "token" else [])])
        call(engines[0], "0", ["config", "set", "--path", "nested.k", "deep", "--secret"])
    for turn, step in enumerate(PROGRAMS[name]):
        mine, other = engines[turn % 2], engines[(turn + 1) % 2]
        call(mine, step, ["up", "--yes", "--skip-preview"])
        call(other, step, ["preview", "--expect-no-changes"])
        outputs = [call(e, step, ["stack", "output", "--json", "--show-secrets"]).stdout for e in engines]
        assert outputs[0] == outputs[1]
    histories = [call(e, "0", ["stack", "history", "--json"]).stdout for e in engines]
    assert histories[0] == histories[1]
    call(engines[1], "0", ["refresh", "--yes", "--skip-preview"])
    call(engines[1], "0", ["state", "unprotect", "--all", "--yes"])
    call(engines[0], "0", ["destroy", "--yes", "--skip-preview"])
    call(engines[1], "0", ["stack", "rm", "--yes"])
