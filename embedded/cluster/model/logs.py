"""What containers write: a few lines a life, kept as long as their pod."""

from __future__ import annotations

from typing import Final, NamedTuple

# As much of a log as becomes a container's last words.
_LAST_WORDS: Final = 2048
_LAST_LINES: Final = 80


class Line(NamedTuple):
    """A line, and when it was written."""

    at: str
    text: str


class Logs:
    """The lines by pod (its uid) and by a container's life (its container id)."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[str, list[Line]]] = {}

    def write(self, pod: str, container: str, line: Line) -> None:
        """A container writes a line."""
        self._lines.setdefault(pod, {}).setdefault(container, []).append(line)

    def read(self, pod: str, container: str) -> list[Line]:
        """All that a container has written in this life."""
        return list(self._lines.get(pod, {}).get(container, ()))

    def tail(self, pod: str, container: str) -> str:
        """The end of it, as it goes into a pod's status when the container fails (FallbackToLogsOnError)."""
        text = "".join(f"{line.text}\n" for line in self.read(pod, container)[-_LAST_LINES:])
        return text.encode()[-_LAST_WORDS:].decode(errors="ignore")

    def forget(self, pod: str) -> None:
        """The pod is gone."""
        self._lines.pop(pod, None)
