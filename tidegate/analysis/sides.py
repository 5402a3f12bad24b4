"""Which slot of a service is judged, beside which other one, and when that one is to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tidegate.analysis.queries import Side
from tidegate.model.ledger import other

if TYPE_CHECKING:
    from tidegate.model.ledger import Release
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading

_LED_OVER: Final = frozenset({"promoted", "settled"})


@dataclass(frozen=True, slots=True)
class Sides:
    """Both slots of a service."""

    candidate: Side
    """What the release brought, live or not yet."""
    live: Side
    """What was there before."""
    live_until: datetime | None
    """Since when nobody gets there any more; it is compared with as it was then. None: it still has users."""


def sides(told: Told, reading: Reading, service: str) -> Sides | None:
    """The slots of a service: what the last release brought there, or else what is live. None if there is no such service."""
    ledger = reading.ledger
    record = ledger.services.get(service) if ledger is not None else None
    if ledger is None or record is None:
        return None
    release = ledger.release if ledger.release is not None and service in ledger.release.services else None
    over = release is None or release.phase in _LED_OVER
    new = record.live if over else record.candidate
    space = told.intent.environment.namespace
    until = _left(release) if release is not None and (over or record.weight == 100) else None
    return Sides(Side(space, service, new), Side(space, service, other(new)), until)


def _left(release: Release) -> datetime:
    """When the last users left the other slot: with the step to 100, or the flip."""
    steps = [taken.stamp.at for taken in release.taken if taken.kind == "shift" and taken.weight == 100]
    return datetime.fromisoformat(steps[0] if steps else (release.promoted or release.changed).at)
