"""The audit log: what a stack's updates were told, as rows that people read and programs keep.

Each update's configuration has the event that it was for, with who brought it about, why, and what held before it. So the stack's own
history is the log, and nothing has to be written beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.events import Abort, Promote, Rollback, Shift, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Past

_BEGINS: Final = frozenset({"apply", "stage", "rollback"})
"""The events that may begin a release."""
_TOKEN: Final = re.compile(r"^(?P<release>.+)\.\d+\.[a-z]+$")


@dataclass(frozen=True, slots=True)
class Gate:
    """What was found of a gate before a step."""

    gate: str
    verdict: str
    text: str
    """What was found; if it was passed by all the same, by whom and why."""
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One update."""

    number: int
    begun: str
    """UTC, as ISO 8601 has it."""
    ended: str | None
    result: str
    event: str
    """What it was for; `apply` is a plain update, and what is no update goes by its own name: destroy, refresh."""
    by: str
    """Who brought it about, as far as that is known."""
    reason: str
    """Why, as the event says it; else what the update was called."""
    weight: int | None
    """Percent of the traffic that it was to put on the candidates, if it was to move any."""
    release: str | None
    """The release that it began or was a step of, if that is known."""
    versions: dict[str, str]
    """What it was told to bring, by service."""
    gates: tuple[Gate, ...] = ()

    @property
    def overridden(self) -> tuple[Gate, ...]:
        """The gates that it passed by though they were shut."""
        return tuple(gate for gate in self.gates if gate.overridden)


def rows(past: Sequence[Past], ledger: Ledger | None = None, release: str | None = None) -> list[Row]:
    """The rows of a stack's updates, the newest first, as they are given; those of a release alone if one is named.

    What a release is called is known from what came after it: events name where they were decided. Of the last one the ledger knows.
    """
    last = ledger.release.id if ledger is not None and ledger.release is not None else None
    named = list(_named(past, last))
    found = [_row(entry, known) for entry, known in zip(past, named, strict=True)]
    return [row for row in found if release is None or row.release == release]


def _named(past: Sequence[Past], last: str | None) -> Iterator[str | None]:
    """The release of each entry, the newest first."""
    # The stack's last release once the entry that is looked at was over, as far as anything says so.
    after = last
    for entry in past:
        event, before = entry.event, _decided_at(entry.event)
        if entry.kind != "update":
            yield None
        elif event is None:
            # It may have begun the release that was the last one after it, or have been told nothing new.
            yield None
            after = None
        elif entry.result != "succeeded":
            yield before
            after = before or after
        elif event.kind in _BEGINS:
            yield after
            after = before
        else:
            yield before or after
            after = before or after


def _decided_at(event: Event | None) -> str | None:
    """The release that an event was decided for."""
    found = _TOKEN.match(event.expects) if event is not None and event.expects is not None else None
    return found["release"] if found else None


def _row(entry: Past, release: str | None) -> Row:
    event = entry.event
    kind = event.kind if event is not None else "apply"
    services = entry.told.intent.services if entry.told is not None else {}
    return Row(
        number=entry.number,
        begun=entry.begun,
        ended=entry.ended,
        result=entry.result,
        event=kind if entry.kind == "update" else entry.kind,
        by=(event.stamp.by if event is not None else entry.author) or "",
        reason=(event.reason if event is not None else "") or entry.message,
        weight=_weight(event),
        release=release,
        versions={name: service.version for name, service in services.items()},
        gates=tuple(Gate(held.gate, held.verdict, held.text, held.overridden) for held in (event.gates if event is not None else ())),
    )


def _weight(event: Event | None) -> int | None:
    match event:
        case Shift(weight=weight):
            return weight
        case Promote():
            return 100
        case Stage() | Abort() | Rollback():
            return 0
        case _:
            return None
