"""Two updates at once, and updates that the user ends."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.local.faults.rig import there, until
from tests.reference_provider.install import install

if TYPE_CHECKING:
    from tests.local.faults.rig import Rig

PROGRAM: Final = 'a = Thing("a")\nThing("b", opts=pulumi.ResourceOptions(depends_on=[a]))\npulumi.export("x", 1)'

# The timeout is the provider's business: one that hangs all the same is waited for, as by the CLI.
HANGING: Final = """
import pulumi
from reference import Thing
Thing("a", fault={"create": "hang"}, opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1s")))
"""


def test_the_second_update_is_refused(rig: Rig) -> None:
    """While an update runs another is refused and named the holder; `preview` and reading commands go on; the first is unharmed."""
    rig.gated(PROGRAM)
    first = rig.start_up()
    there(rig.reached("create-a"), first)
    second = rig.up().checked(1)
    assert "error: the stack is currently locked by 1 lock(s)" in second.err
    assert f"(pid {first.process.pid})" in second.err
    assert second.out == ""
    assert '"name": "dev"' in rig.run("stack", "ls", "--json").checked().out
    rig.open("all")
    first.end().checked()
    assert set(rig.resources()) == {"a", "b"}
    assert rig.locks == []


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.matrix)])
def test_interrupted_once(rig: Rig, number: int) -> None:
    """What is under way ends and is kept, nothing else starts; the exit code is 1, as the CLI's."""
    rig.gated(PROGRAM)
    running = rig.start_up()
    there(rig.reached("create-a"), running)
    running.send(number)
    until(lambda: "canceling" in running.text)
    rig.open("all")
    ended = running.end().checked(1)
    assert "error: update canceled" in ended.out
    assert "terminated" not in ended.out
    assert set(rig.resources()) == {"a"}
    assert rig.pending() == {}
    assert rig.locks == []
    rig.up().checked()
    assert set(rig.resources()) == {"a", "b"}


@pytest.mark.parametrize("fault", ["gate", "program", "plugin"])
def test_interrupted_twice(rig: Rig, fault: str) -> None:
    """The command ends at once, with 8; what was under way is left as pending; whatever hangs is ended."""
    if fault == "plugin":
        install(rig.folder / "home")
        rig.program(HANGING)
        reached = rig.folder / "things" / "operations.jsonl"
    elif fault == "program":
        rig.gated("import signal, threading\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + PROGRAM)
        reached = rig.reached("create-a")
    else:
        rig.gated(PROGRAM)
        reached = rig.reached("create-a")
    running = rig.start_up()
    there(reached, running)
    until(lambda: "hanging-create" in reached.read_text() if fault == "plugin" else True)
    running.send(signal.SIGINT)
    until(lambda: "canceling" in running.text)
    started = time.monotonic()
    running.send(signal.SIGINT)
    ended = running.end(15).checked(8)
    assert time.monotonic() - started < 7
    assert "error: " in ended.err
    assert "Traceback" not in ended.out + ended.err
    assert rig.pending() == {"a": "creating"}
    assert rig.locks == []


def test_interrupted_in_a_program_that_does_not_listen(rig: Rig) -> None:
    """A program that ignores the interrupt, and hangs, is killed after its time; the command ends by itself."""
    rig.program(
        "import os, pathlib, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "(pathlib.Path(os.environ['GATES']) / 'here').touch()\ntime.sleep(600)\n"
    )
    running = rig.start_up()
    there(rig.reached("here"), running)
    running.send(signal.SIGINT)
    running.end(15).checked(1)
    assert rig.locks == []
