"""A sign of life each second while nothing else is printed: many a build server ends what stays silent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS: Final = 1.0


class Heartbeat:
    """Writes `@ updating....`, and a dot more each second; `pause` ends the line before other text. Any thread may call."""

    def __init__(self, what: str, write: Callable[[str], None]) -> None:
        self._what, self._write = what, write
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._in_line = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins, in a thread of its own."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(_SECONDS):
            with self._lock:
                if not self._stopped.is_set():
                    self._write("." if self._in_line else f"@ {self._what}....")
                    self._in_line = True

    def print(self, text: str) -> None:
        """Writes other text, on a line of its own."""
        with self._lock:
            self._write(("\n" if self._in_line else "") + text)
            self._in_line = False

    def stop(self) -> None:
        """Ends."""
        self._stopped.set()
