"""Times by the clock of a place, as moments: what recurs by cron, and days.

A clock is changed now and then: an hour is missing, or comes twice. A time begins at the first moment at which the clock shows its start
or more, and is over at the first after which the clock never shows less than its end: so it is never shorter than it is meant, and a
start that is missing isn't missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cronsim import CronSim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

_SECOND, _INSTANT = timedelta(seconds=1), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment, to before another."""

    start: datetime
    end: datetime


def recurring(cron: str, duration: timedelta, zone: ZoneInfo, now: datetime) -> Window | None:
    """The window that stands now, of those that begin as cron says it; of several, the one that is over last."""
    # All last equally long, so the one that began last is over last.
    for start in _starts(cron, zone, now):
        begun = first_moment(start, zone)
        if begun <= now:
            end = last_moment(start + duration, zone)
            return Window(begun, end) if now < end else None
    return None


def days(first: date, last: date, zone: ZoneInfo) -> Window:
    """From the first day's beginning to the last day's end."""
    midnight = datetime.min.time()
    after = last + timedelta(days=1)
    # Where a day's last hour comes twice, it is over after the second.
    return Window(first_moment(datetime.combine(first, midnight), zone), last_moment(datetime.combine(after, midnight), zone))


def first_moment(shown: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock shows this or more. `shown` has no zone: it is what the clock shows."""
    before, after = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    # In an hour that is missing, the two are the other way round, and the clock is changed between them.
    return before if before <= after else _change(after, before, zone)


def last_moment(shown: datetime, zone: ZoneInfo) -> datetime:
    """The moment from which on the clock shows this or more, and never less again."""
    # Just before it: a clock that is put back to this very time shows no less.
    just = shown - _INSTANT
    before, after = (just.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return after + _INSTANT if before <= after else _change(after, before, zone)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The moment between two at which the clock is changed."""
    low, high = low.replace(microsecond=0), high.replace(microsecond=0) + _SECOND
    offset = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def _starts(cron: str, zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """What the clock shows at starts, the latest first; from a little after now, for a clock that was put back has shown more already."""
    here = now.astimezone(zone)
    again = here.replace(fold=0).utcoffset(), here.replace(fold=1).utcoffset()
    back = max(again[0] - again[1], timedelta()) if again[0] is not None and again[1] is not None else timedelta()
    latest = here.replace(tzinfo=None) + back
    # Cron's times come after the minute that it is asked from; it knows nothing of zones here.
    yield from CronSim(cron, latest.replace(second=0, microsecond=0) + timedelta(minutes=1), reverse=True)
