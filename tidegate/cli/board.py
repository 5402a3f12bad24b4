"""What a terminal shows of a release while it goes on: one line of where it is, one a service, and what is being waited for.

Made of what happens alone, so it is the same for whoever drives a release and for whoever only watches one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from tidegate.model.happening import Happening

WIDTH: Final = 20
"""Of the bar."""
LOOKS: Final = 20
"""How many looks at a service are shown, the newest ones."""
MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "pass": ("✓", "green"),
    "marginal": ("~", "yellow"),
    "fail": ("✗", "bold red"),
    "inconclusive": ("?", "yellow"),
    "no-data": ("·", "dim"),
}
PHASES: Final[Mapping[str, str]] = {
    "paused": "paused",
    "promoted": "promoted",
    "rolled-back": "taken back",
    "failed": "failing",
    "finished": "done",
}


@dataclass(slots=True)
class Looked:
    """What was seen of a service."""

    verdicts: deque[str] = field(default_factory=lambda: deque(maxlen=LOOKS))
    text: str = ""


@dataclass(slots=True)
class Board:
    """Where a release is, as far as was told."""

    stack: str
    release: str | None = None
    phase: str = ""
    weight: int = 0
    services: dict[str, Looked] = field(default_factory=dict)
    doing: str = ""
    until: datetime | None = None

    def hear(self, happening: Happening) -> None:
        """Something has happened."""
        if happening.release != self.release and happening.release is not None:
            self.release, self.phase, self.weight, self.services = happening.release, "", 0, {}
        for name in happening.services:
            self.services.setdefault(name, Looked())
        weight = happening.more.get("weight")
        if isinstance(weight, int):
            self.weight = weight
        if happening.kind in {"promoted", "finished"}:
            self.weight = 100
        if happening.kind == "rolled-back":
            self.weight = 0
        if happening.kind == "look":
            self._look(happening)
        else:
            self.doing, self.until = happening.text, _moment(happening.more.get("until"))
        self.phase = PHASES.get(happening.kind, "" if happening.kind in {"started", "step", "resumed"} else self.phase)

    def _look(self, happening: Happening) -> None:
        found = self.services.setdefault(str(happening.more.get("service", "")), Looked())
        found.verdicts.append(str(happening.more.get("verdict", "no-data")))
        found.text = happening.text

    def shown(self, now: datetime | None = None) -> RenderableType:
        """All of it, as it is at a moment."""
        head = Text.assemble(
            (self.release or "no release yet", "bold"),
            f" on {self.stack}  ",
            bar(self.weight),
            f" {self.weight}%",
            (f"  {self.phase}" if self.phase else "", "bold"),
        )
        table = Table.grid(padding=(0, 2))
        for name, found in self.services.items():
            marks = Text.assemble(*(MARKS.get(verdict, ("?", "")) for verdict in found.verdicts))
            table.add_row(Text(name), marks, Text(found.text.removeprefix(f"{name}: "), "dim", overflow="ellipsis", no_wrap=True))
        left = (self.until - (now or datetime.now(UTC))).total_seconds() if self.until is not None else 0
        doing = Text(f"{self.doing}{f', {spell(left)}' if left > 0 else ''}", "dim", overflow="ellipsis", no_wrap=True)
        return Group(head, *([table] if self.services else []), doing)


def bar(weight: int, width: int = WIDTH) -> Text:
    """How much of the traffic is on the candidates."""
    full = round(width * min(max(weight, 0), 100) / 100)
    return Text.assemble(("█" * full, "green"), ("░" * (width - full), "dim"))


def spell(seconds: float) -> str:
    """How long something takes, as people say it: 90 s, 12 min, 3 h 20 min, 14 d."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(seconds / 86400)} d"


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
