"""The embedded engine, kept warm between the steps of a release: its commands are forked off a process that has imported everything.

What runs is the very command that would be started anew, in a process of its own. Only what it would have to import is there already, and
the key of the stack's secrets. A program's own modules are not: each run has them as they are then.
"""

from __future__ import annotations

import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import embedded
from tidegate.stack import warm_server

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

_PLACE: Final = str(Path(embedded.__file__).parent.parent)
# What Python and its libraries look at when they are imported. Each command has all of its own environment.
_LOOKED_AT: Final = ("PYTHON", "PYDANTIC_", "GRPC_", "LD_", "LC_", "LANG", "TZ")
# Nobody heard how it ended.
_LOST: Final = -int(signal.SIGKILL)


class Command:
    """A command under way, to be handled as a `subprocess.Popen`."""

    def __init__(self, control: socket.socket, pid: int) -> None:
        self._control, self.pid = control, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("pulumi", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with suppress(OSError):
                warm_server.send(self._control, {"signal": int(number)})

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._control], [], [], timeout)[0]:
            message, _ = warm_server.receive(self._control)
            self.returncode = int(message.get("code", _LOST))
        return self.returncode


class Warm:
    """The process that commands are forked off. It ends with this process."""

    _kept: ClassVar[dict[Hashable, Warm]] = {}

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process, self._control, self._ready = process, control, False
        self._command: Command | None = None
        self._lock = threading.Lock()
        self.end = weakref.finalize(self, _end, process, control)

    @classmethod
    def kept(cls, command: str, environment: Mapping[str, str]) -> Warm | None:
        """The one for an environment, if there is one."""
        found = cls._kept.get(_key(command, environment))
        return None if found is None or found.gone else found

    @classmethod
    def keep(cls, command: str, environment: Mapping[str, str], salt: str) -> None:
        """See to it that there is one for whatever comes next. A single command is started sooner without."""
        if cls.kept(command, environment) is None:
            cls._kept[_key(command, environment)] = cls.begin(command, environment, salt)

    @classmethod
    def forget(cls) -> None:
        """End all that are kept. What is under way goes on."""
        while cls._kept:
            cls._kept.popitem()[1].end()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @classmethod
    def begin(cls, command: str, environment: Mapping[str, str], salt: str) -> Warm:
        """Start it, for commands of a stack whose secrets have this salt; it isn't waited for."""
        ours, theirs = socket.socketpair()
        line = [sys.executable, warm_server.__file__, str(theirs.fileno()), salt, command, _PLACE]
        with theirs:
            nowhere = subprocess.DEVNULL
            process = subprocess.Popen(
                line, cwd="/", env=dict(environment), stdin=nowhere, stdout=nowhere, stderr=nowhere, pass_fds=[theirs.fileno()]
            )
        return cls(process, ours)

    def start(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], out: int, err: int) -> Command | None:
        """Start a command; None where it has to be started otherwise: this isn't ready yet, or another is under way."""
        with self._lock:
            if not self.ready or (self._command is not None and self._command.poll() is None):
                return None
            message = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
            with _uninterrupted():
                try:
                    warm_server.send(self._control, message, (out, err))
                except OSError:
                    return None
                answer, _ = warm_server.receive(self._control)
            self._command = Command(self._control, answer["pid"]) if "pid" in answer else None
            return self._command

    @property
    def ready(self) -> bool:
        """Whether it can start commands."""
        if not self._ready and select.select([self._control], [], [], 0)[0]:
            self._ready = "ready" in warm_server.receive(self._control)[0]
        return self._ready and not self.gone


def _key(command: str, environment: Mapping[str, str]) -> Hashable:
    looked_at = sorted(pair for pair in environment.items() if pair[0].startswith(_LOOKED_AT))
    return command, tuple(looked_at)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """An interrupt comes afterwards: between question and answer nobody would know what was begun."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    """It holds nothing; a command that is under way goes on by itself."""
    control.close()
    process.kill()
    process.wait()
