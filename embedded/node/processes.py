"""The node's processes: started apart from whoever starts them, known by id and start time, and by a mark that their children inherit.

An id alone says nothing: the kernel gives it again. The mark is in the environment, so a process can be told even when everything that
was written down is gone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node import folder as folders
from embedded.node.needs import search_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from embedded.node.folder import Folder

MARK: Final = "TIDEGATE_NODE"
_POLL: Final = 0.02
_PROC: Final = Path("/proc")
# The child processes of this one: who starts them has to collect them, as long as it lives itself.
_children: Final[set[int]] = set()


@dataclass(frozen=True, slots=True)
class Process:
    """One process, and no other that gets its id later."""

    pid: int
    started: int
    """In the kernel's ticks since it booted."""

    def lives(self) -> bool:
        """Whether it runs still."""
        if self.pid in _children:
            with suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
        return find(self.pid) == self

    def send(self, number: int) -> None:
        """Send it a signal, if it lives."""
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                # The handle keeps the id from being given to another between the look and the signal.
                if find(self.pid) == self:
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)


def find(pid: int) -> Process | None:
    """The process that has that id now; one that has ended and wasn't collected is none."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # After the command's name, which may have spaces and parentheses itself.
    fields = text.rpartition(")")[2].split()
    # Its first thread may have ended before the others, which have its files and ports open still.
    return None if fields[0] in {"Z", "X"} and _threads(pid) <= 1 else Process(pid, int(fields[19]))


def _threads(pid: int) -> int:
    try:
        return len(list((_PROC / str(pid) / "task").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def start(where: Folder, name: str, command: Sequence[str], more: Mapping[str, str]) -> Process:
    """Start a part of the node: it outlives us, and writes to its log."""
    log = where.make("logs") / f"{name}.log"
    environment = {"PATH": search_path(), "HOME": str(where.path), MARK: str(where.path), **more}
    with log.open("ab") as output:
        log.chmod(0o600)
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd=where.path, env=environment
        )
    _children.add(child.pid)
    child.returncode = 0  # it is to outlive this object, which would complain of that
    process = find(child.pid) or Process(child.pid, 0)
    folders.write(where.make("parts") / f"{name}.json", json.dumps(asdict(process)))
    return process


def part(where: Folder, name: str) -> Process | None:
    """The running process of a part."""
    try:
        process = Process(**json.loads((where.path / "parts" / f"{name}.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return process if process.lives() else None


def marked(where: Folder) -> list[Process]:
    """Every process of the node that runs on this machine, containers' own ones left out, whatever was written down."""
    mark = f"{MARK}={where.path}".encode()
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            process = find(int(entry.name))
            if process is not None and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(process)
    return found


def stop(processes: Iterable[Process], grace: float) -> None:
    """End them: asked to first, then made to."""
    ending = list(processes)
    for process in ending:
        process.send(signal.SIGTERM)
        # One that was paused hears nothing before it goes on.
        process.send(signal.SIGCONT)
    if not gone(ending, grace):
        kill(lambda: [process for process in ending if process.lives()])


def kill(rest: Callable[[], Sequence[Process]], timeout: float = 10.0) -> bool:
    """Kill until there are none, new ones included; whether that came about."""
    deadline = time.monotonic() + timeout
    while living := rest():
        for process in living:
            process.send(signal.SIGKILL)
        if not gone(living, _POLL * 10) and time.monotonic() >= deadline:
            return False
    return True


def gone(processes: Sequence[Process], timeout: float) -> bool:
    """Wait until all have ended; whether they have."""
    deadline = time.monotonic() + timeout
    while any(process.lives() for process in processes):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True
