"""Processes are told apart by id and start, and by the mark that they inherit."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from embedded.node import processes
from embedded.node.folder import Folder
from embedded.node.processes import Process

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a node of our own runs on Linux only")
SLEEP = ["sleep", "60"]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A node's folder."""
    return Folder(tmp_path, "a")


def test_a_part_lives_and_ends(folder: Folder) -> None:
    """It is found by what was written down and by its mark, until it has ended."""
    started = processes.start(folder, "part", SLEEP, {})
    assert processes.part(folder, "part") == started
    assert started in processes.marked(folder)
    processes.stop([started], 5)
    assert processes.part(folder, "part") is None
    assert processes.marked(folder) == []


def test_another_process_of_the_same_id_is_left_alone(folder: Folder) -> None:
    """The kernel gives ids again: one that started at another time is somebody else."""
    started = processes.start(folder, "part", SLEEP, {})
    other = Process(started.pid, started.started + 1)
    assert not other.lives()
    other.send(signal.SIGKILL)
    assert started.lives()
    processes.stop([started], 5)


def test_a_paused_part_can_be_stopped(folder: Folder) -> None:
    """It is made to go on, so that it hears."""
    started = processes.start(folder, "part", SLEEP, {})
    started.send(signal.SIGSTOP)
    processes.stop([started], 5)
    assert not started.lives()


def test_one_that_does_not_hear_is_killed(folder: Folder) -> None:
    """Children are found by the mark that they inherit, also when their parent is gone."""
    script = "trap '' TERM; sleep 60 & wait; sleep 60"
    started = processes.start(folder, "part", ["sh", "-c", script], {})
    assert processes.gone([], 0)
    processes.stop([started], 0.1)
    assert not started.lives()
    assert processes.kill(lambda: processes.marked(folder))
    assert processes.marked(folder) == []


def test_what_is_written_down_badly_is_nobody(folder: Folder) -> None:
    """A file that can't be read is no process."""
    (folder.make("parts") / "part.json").write_text("{")
    assert processes.part(folder, "part") is None
    assert processes.find(2**22 + 1) is None
    own = processes.find(os.getpid())
    assert own is not None
    assert own.lives()
