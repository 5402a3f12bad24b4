"""Whether anything may be released now: recurring times, holidays, and a person's word against it. Going back always may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from tidegate.gates import windows
from tidegate.model.base import seconds
from tidegate.model.ledger import Held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.approval import Before
    from tidegate.model.intent.gates import Freeze, Gates, Holiday
    from tidegate.model.ledger import Frozen

_HOPS: Final = 2000
_HORIZON: Final = timedelta(days=400)
_SHOWN: Final = "%a %Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Standing:
    """A freeze that stands."""

    name: str
    """As the intent has it; of a person's word, nothing."""
    text: str
    until: datetime | None
    """When it is over; None: when it is lifted."""


def standing_in(gates: Gates, frozen: Frozen | None, now: datetime, before: Before = "stage") -> list[Held]:
    """What stops a step now. `frozen` is the ledger's. Nothing: it may be taken."""
    return [Held(gate="freeze", verdict="fail", text=one.text) for one in standing(gates, frozen, now, before)]


def next_open(gates: Gates, frozen: Frozen | None, now: datetime, before: Before = "stage") -> datetime | None:
    """When the step may be taken: now, or when all that stops it is over. None: not before somebody lifts a freeze, or in sight."""
    moment = now
    for _ in range(_HOPS):
        found = standing(gates, frozen, moment, before)
        if not found:
            return moment
        ends = [one.until for one in found if one.until is not None]
        if len(ends) < len(found) or max(ends) > now + _HORIZON:
            return None
        moment = max(ends)
    return None


def standing(gates: Gates, frozen: Frozen | None, now: datetime, before: Before = "stage") -> list[Standing]:
    """The freezes that stop a step now: a person's first, then as the intent has them."""
    found = [*_by_word(frozen, now, before)]
    for name, freeze in gates.freezes.items():
        if before in freeze.stops:
            found += _recurring(name, freeze, now)
    for name, holiday in gates.holidays.items():
        if before in holiday.stops:
            found += _on_days(name, holiday, now)
    return found


def _by_word(frozen: Frozen | None, now: datetime, before: Before) -> Iterator[Standing]:
    """A person's word holds up what would begin; what has begun they can pause."""
    if frozen is None or before != "stage":
        return
    until = _moment(frozen.until) if frozen.until is not None else None
    # The planner has it stand in its last second too.
    over = until + timedelta(seconds=1) if until is not None else None
    if over is None or now < over:
        end = f"until {_shown(until, 'UTC')}" if until is not None else "until it is lifted (`tidegate thaw`)"
        yield Standing("", f"frozen by {frozen.stamp.by} {end}: {frozen.reason}", over)


def _recurring(name: str, freeze: Freeze, now: datetime) -> Iterator[Standing]:
    duration = timedelta(seconds=seconds(freeze.duration))
    window = windows.recurring(freeze.start, duration, ZoneInfo(freeze.timezone), now)
    if window is not None:
        yield Standing(name, f"freeze {name} until {_shown(window.end, freeze.timezone)}: {freeze.reason}", window.end)


def _on_days(name: str, holiday: Holiday, now: datetime) -> Iterator[Standing]:
    first, last = date.fromisoformat(holiday.first), date.fromisoformat(holiday.last or holiday.first)
    window = windows.days(first, last, ZoneInfo(holiday.timezone))
    if window.start <= now < window.end:
        yield Standing(name, f"holiday {name} until {_shown(window.end, holiday.timezone)}: {holiday.reason}", window.end)


def _shown(moment: datetime, zone: str) -> str:
    """A moment as the clock of its place shows it."""
    return f"{moment.astimezone(ZoneInfo(zone)).strftime(_SHOWN)} {zone}"


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
