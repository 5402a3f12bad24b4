"""The embedded command does what the real CLI did, scenario by scenario: a few with every `make test`, all with `make test-matrix`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.comparer import differences
from tests.conformance.recorder import SCENARIOS, Recorder

RECORDINGS: Final = Path(__file__).resolve().parent / "recordings"
NAMES: Final = sorted(d.name for d in RECORDINGS.iterdir() if d.name < "20")  # the others need a cluster: test_kubernetes.py
# One that replaces, one that fails in every way, one of all the verbs.
USUAL: Final = ("02-replace", "07-failures", "12-words")
COMMAND: Final = [sys.executable, "-m", "embedded.engine.command"]
# What this engine does better by default is switched off, to compare the rest.
LIKE_THE_REAL_ONE: Final = {"TIDEGATE_PLAN_POLICIES": "false", "TIDEGATE_TAKE_OVER_LOCKS": "false"}
# docs/engine.md gives the reason of each. An entry that does not occur any more fails the test.
KNOWN: Final[dict[str, list[str]]] = {
    # The recording was made where a provider plugin was installed; here none is, and there is none to describe.
    "12-words": [
        (
            "17.txt: JSON shape [], not "
            '[{"installTime": "str", "kind": "str", "lastUsedTime": "str", "name": "str", "size": "int", "version": "str"}]'
        )
    ],
}


def cheaply(repository: Path) -> str:
    """A PYTHONPATH with which keys are cheap to derive."""
    return os.pathsep.join([str(repository / "tests" / "cheap_keys"), str(repository)])


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in USUAL else [pytest.mark.matrix]) for n in NAMES])
def test_agrees_with_the_real_cli(name: str, tmp_path: Path, repository: Path) -> None:
    """Exit status, steps, state, outputs, history, JSON and error texts are those of the recording."""
    Recorder(SCENARIOS / name, tmp_path, COMMAND, {**LIKE_THE_REAL_ONE, "PYTHONPATH": cheaply(repository)}).run()
    assert differences(RECORDINGS / name, tmp_path / name) == KNOWN.get(name, [])
