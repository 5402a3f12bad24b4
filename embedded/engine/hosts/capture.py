"""The output of programs in this process: what a program prints goes to its log, what everybody else prints goes where it went."""

from __future__ import annotations

import contextlib
import contextvars
import io
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_sinks: Final[contextvars.ContextVar[tuple[_Lines, _Lines] | None]] = contextvars.ContextVar("program_output", default=None)
_lock: Final = threading.Lock()
_installed: list[tuple[TextIO, TextIO]] = []
_users = 0


class _Lines:
    """Passes text on line by line."""

    def __init__(self, line: Callable[[str], None]) -> None:
        self._line, self._rest, self._lock = line, "", threading.Lock()

    def write(self, text: str) -> None:
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._line(line)

    def end(self) -> None:
        with self._lock:
            rest, self._rest = self._rest, ""
        if rest:
            self._line(rest)


class _Router(io.TextIOBase):
    """Standard output or error, by who writes."""

    def __init__(self, original: TextIO, index: int) -> None:
        self._original, self._index = original, index

    def write(self, text: str) -> int:
        if sinks := _sinks.get():
            sinks[self._index].write(text)
            return len(text)
        return self._original.write(text)

    def flush(self) -> None:
        self._original.flush()

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


@contextlib.contextmanager
def captured(stdout: Callable[[str], None], stderr: Callable[[str], None]) -> Iterator[None]:
    """Pass on, line by line, what is written in this context (and those copied from it)."""
    lines = _Lines(stdout), _Lines(stderr)
    _install()
    token = _sinks.set(lines)
    try:
        yield
    finally:
        _sinks.reset(token)
        for stream in lines:
            stream.end()
        _remove()


def _install() -> None:
    global _users  # noqa: PLW0603 - the process has one standard output
    with _lock:
        _users += 1
        if not isinstance(sys.stdout, _Router):
            _installed.append((sys.stdout, sys.stderr))
            sys.stdout, sys.stderr = _Router(sys.stdout, 0), _Router(sys.stderr, 1)


def _remove() -> None:
    global _users  # noqa: PLW0603 - the same
    with _lock:
        _users -= 1
        if _users == 0 and isinstance(sys.stdout, _Router):
            sys.stdout, sys.stderr = _installed.pop()
            _installed.clear()
