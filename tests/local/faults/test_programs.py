"""Programs that fail, die, babble or hang: what was made is kept, nothing that was there is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.local.faults.rig import there, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.faults.rig import Rig

BEFORE: Final = 'Thing("a")\nThing("b")\npulumi.export("x", 1)\npulumi.export("y", 1)'
# Registers a again, and says that x has changed; b and y are not spoken of.
AGAIN: Final = 'a = Thing("a")\npulumi.export("x", 2)\n'


@pytest.fixture(scope="module")
def made(template: Rig, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """A stack with two things and two outputs."""
    rig = template.copy(tmp_path_factory.mktemp("made") / "rig")
    rig.gated(BEFORE)
    rig.open("all")
    rig.up().checked()
    return rig


@pytest.fixture
def whole(made: Rig, tmp_path: Path) -> Rig:
    """A copy of that stack."""
    return made.copy(tmp_path / "whole")


def outputs(rig: Rig) -> dict[str, int]:
    """The stack's outputs."""
    (root,) = (r for r in rig.latest()["resources"] if r["type"] == "pulumi:pulumi:Stack")
    found: dict[str, int] = root["outputs"]
    return found


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (AGAIN + "os._exit(0)", "the program ended without saying that it was done; what it did not register is kept"),
        (AGAIN + "os._exit(7)", "an unhandled error occurred: program exited with non-zero exit code: 7"),
        (AGAIN + "os.kill(os.getpid(), 9)", "program exited with non-zero exit code: -1"),
        (AGAIN + "raise SystemExit(3)", "program exited with non-zero exit code: 3"),
        (AGAIN + "raise SystemExit('a word')", "a word"),
        (AGAIN + "raise ValueError('boom')", "ValueError: boom"),
        (AGAIN + "Thing('c').value.apply(lambda _: 1 / 0)", "ZeroDivisionError"),
        ("def (", "SyntaxError"),
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
        (None, "unable to find main python program `__main__.py`"),
    ],
    ids=["exit-well", "exit", "kill", "system-exit", "system-exit-text", "exception", "apply", "syntax", "module", "main"],
)
def test_a_program_fails(whole: Rig, program: str | None, text: str) -> None:
    """The update fails, says why, deletes nothing, and keeps every output that the program did not give anew."""
    if program is None:
        (whole.project / "__main__.py").unlink()
    else:
        whole.gated(program)
    failed = whole.up().checked(1)
    assert text in failed.out, failed
    assert {"a", "b"} <= set(whole.resources())
    # What the program exported before it failed, if it lived to tell, replaces what was; the rest stays.
    exported = program is not None and "boom" in program
    assert outputs(whole) in ([{"x": 2, "y": 1}] if exported else [{"x": 1, "y": 1}, {"x": 2, "y": 1}])
    assert not any(word in failed.out for word in ("deleting", "deleted"))
    assert whole.locks == []
    whole.none_left()


def test_a_program_prints_megabytes(whole: Rig) -> None:
    """Output of any length, in lines and without, holds nobody up and is all there."""
    whole.gated(
        BEFORE + "\nimport sys\nfor i in range(5_000): print(f'line {i} ' + 'x' * 80)\n"
        "sys.stdout.write('y' * 1_500_000)\nsys.stderr.write('z' * 1_000_000)\nprint('the end')"
    )
    ended = whole.up().checked()
    assert "line 0 " in ended.out
    assert "line 4999 " in ended.out
    assert ended.out.count("y") >= 1_500_000
    assert ended.out.count("z") >= 1_000_000


def test_children_of_a_program(whole: Rig) -> None:
    """A child that goes on after its program, and holds its output open, does not hold the command up."""
    whole.gated(BEFORE + "\nimport subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)'])")
    running = whole.start_up()
    running.end(15).checked()
    whole.clean()


def test_children_of_a_program_that_is_ended(rig: Rig) -> None:
    """A failure ends a program that still runs, with its children."""
    rig.gated(
        "import subprocess, sys, threading, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "class Failing(Gated):\n    def create(self, props):\n        self._gate('create', 'f')\n        raise ValueError('not possible')\n"
        "class Never(Resource):\n    def __init__(self):\n        super().__init__(Failing(), 'f', {})\n"
        "Never()\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
    )
    running = rig.start_up()
    there(rig.reached("create-f"), running)
    rig.open("all")
    ended = running.end(20).checked(1)
    assert "not possible" in ended.out
    until(lambda: not rig.processes(), 5.0)
