"""The engine is killed in the middle of an update: nothing is lost, nothing is left running, and one can go on."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.local.faults.rig import there, until
from tests.reference_provider.install import install

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.faults.rig import Rig

BEFORE: Final = 'Thing("a")\nThing("b")\nThing("c")'
# a is updated, b replaced, c deleted; d and e are new.
AFTER: Final = """
a = Thing("a", value=2)
b = Thing("b", kind="other")
d = Thing("d", opts=pulumi.ResourceOptions(depends_on=[a, b]))
e = Thing("e", opts=pulumi.ResourceOptions(depends_on=[d]))
"""
# As many checkpoints as such an update writes at least: one a mutating step's beginning, one its end.
WRITES: Final = 10


@pytest.fixture(scope="module")
def stage(template: Rig, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """A project with three things, whose program now wants others."""
    rig = template.copy(tmp_path_factory.mktemp("stage") / "rig")
    rig.gated(BEFORE)
    rig.open("all")
    rig.up().checked()
    (rig.gates / "all.open").unlink()
    for file in rig.gates.iterdir():
        file.unlink()
    rig.gated(AFTER)
    rig.none_left()
    return rig


@pytest.fixture
def staged(stage: Rig, tmp_path: Path) -> Rig:
    """A copy of the stage."""
    return stage.copy(tmp_path / "staged")


def check_after(rig: Rig) -> None:
    """The program's wishes are the state, and nothing waits to be deleted."""
    resources = rig.resources()
    assert {name: (r["outputs"]["value"], r["outputs"]["kind"]) for name, r in resources.items()} == {
        "a": (2, "k"),
        "b": (1, "other"),
        "d": (1, "k"),
        "e": (1, "k"),
    }
    assert not [r["urn"] for r in rig.latest()["resources"] if r.get("delete") or r.get("pendingReplacement")]


@pytest.mark.parametrize(
    ("open_gates", "gate", "name", "kind"),
    [
        ((), "update-a", "a", "updating"),
        ((), "create-b", "b", "creating"),
        (("update-a", "create-b"), "create-d", "d", "creating"),
        (("update-a", "create-b", "create-d", "create-e"), "delete-c", "c", "deleting"),
    ],
    ids=["update", "replacement", "creation", "deletion"],
)
def test_killed_in_an_operation(staged: Rig, open_gates: tuple[str, ...], gate: str, name: str, kind: str) -> None:
    """The operation is named as pending, nothing survives, and the next `up` takes over the lock, says so, and ends well."""
    staged.open(*open_gates)
    running = staged.start_up()
    there(staged.reached(gate), running)
    running.kill()
    assert staged.pending()[name] == kind
    assert len(staged.locks) == 1
    staged.none_left()
    staged.open("all")
    again = staged.up().checked()
    assert "took over the lock of a process that is gone" in again.out + again.err
    assert "interrupted while " + kind in again.out + again.err
    check_after(staged)
    assert staged.locks == []


@pytest.mark.parametrize("number", [2, 5, WRITES])
def test_killed_after_any_write(staged: Rig, number: int) -> None:
    """Killed after the n-th write of the checkpoint, an update leaves a valid one, from which the next `up` ends where it was to end."""
    staged.open("all")
    running = staged.start_up()
    seen = staged.checkpoint.stat().st_ino
    writes = 0
    end = time.monotonic() + 30
    while writes < number and running.process.poll() is None:
        assert time.monotonic() < end
        now = staged.checkpoint.stat().st_ino
        writes, seen = writes + (now != seen), now
    running.kill()
    assert set(staged.pending()) <= {"a", "b", "c", "d", "e"}
    staged.none_left()
    staged.up().checked()
    check_after(staged)
    assert set(staged.pending().values()) <= {"creating"}


def test_what_can_be_done_after_a_kill(rig: Rig) -> None:
    """The lock is respected if asked; `cancel` breaks it; a refresh keeps pending creations until it is told to clear them."""
    rig.gated('Thing("a")')
    running = rig.start_up()
    there(rig.reached("create-a"), running)
    running.kill()
    refused = rig.up(TIDEGATE_TAKE_OVER_LOCKS="false").checked(1)
    assert "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end" in refused.err
    assert f"(pid {running.process.pid})" in refused.err
    assert len(rig.locks) == 1
    assert "has been canceled!" in rig.run("cancel", "--yes", "--stack", "dev").checked().out
    assert rig.locks == []
    refresh = ("refresh", "--yes", "--skip-preview", "--stack", "dev")
    rig.run(*refresh, TIDEGATE_TAKE_OVER_LOCKS="false").checked()
    assert rig.pending() == {"a": "creating"}
    rig.run(*refresh, "--clear-pending-creates").checked()
    assert rig.pending() == {}


def test_nobody_survives(rig: Rig) -> None:
    """Program and its children, plugin, dynamic provider and policy pack all end with the engine that was killed."""
    install(rig.folder / "home")
    pack = rig.policy_pack("[StackValidationPolicy('p', 'd', lambda args, report: None)]")
    rig.gated(
        "import subprocess, sys\nfrom reference import Thing as Real\n"
        "children = [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']) for _ in range(2)]\n"
        'Real("real", name="real")\nThing("a")'
    )
    running = rig.start_up("--policy-pack", str(pack), "--no-plan-policies")
    there(rig.reached("create-a"), running)
    until(lambda: "real" in rig.resources())
    # The engine, the fork server, the program, its two children, two providers, the pack.
    until(lambda: len(rig.processes()) >= 8, message=lambda: str(rig.processes()))
    running.kill()
    rig.none_left()
    assert rig.pending() == {"a": "creating"}


def test_the_fork_server_is_killed(rig: Rig) -> None:
    """The engine does not wait for a program that died with its fork server: it says so, and keeps what it knows."""
    rig.gated('Thing("a")')
    running = rig.start_up()
    there(rig.reached("create-a"), running)
    engine = running.process.pid
    (server,) = (pid for pid in rig.processes() if parent(pid) == engine)
    os.kill(server, signal.SIGKILL)
    running.end().refused("has ended in the middle of its work")
    assert rig.locks == []
    rig.latest()


def parent(pid: int) -> int:
    """The process's parent."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 - no file of ours
        return int(file.read().rpartition(")")[2].split()[1])
