"""Cron schedules: when one is due next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import tzinfo

_NAMES: Final = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_MONTHS: Final = {m: str(n) for n, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}
_DAYS: Final = {d: str(n) for n, d in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_HORIZON: Final = 366 * 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """Minutes, hours, days of the month, months, days of the week (0 is Sunday), in a time zone."""

    fields: tuple[frozenset[int], ...]
    any_day: bool
    any_weekday: bool
    zone: tzinfo

    @classmethod
    def parse(cls, text: str, zone: str | None = None) -> Schedule:
        """The schedule that five fields or a name like @hourly stand for; ValueError if they don't."""
        parts = _NAMES.get(text.strip(), text).lower().split()
        if len(parts) != len(_BOUNDS):
            raise ValueError(f"{text!r} is no schedule: it takes five fields, as in */5 * * * *")
        try:
            place: tzinfo = ZoneInfo(zone) if zone else UTC
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is no time zone") from error
        fields = [_numbers(_plain(part, at), *_BOUNDS[at], text) for at, part in enumerate(parts)]
        fields[4] = frozenset(day % 7 for day in fields[4])
        return cls(tuple(fields), parts[2][0] in "*?", parts[4][0] in "*?", place)

    def after(self, moment: float) -> float | None:
        """The next time that it is due; None if never within five years."""
        minutes, hours, *_ = self.fields
        start = datetime.fromtimestamp(moment, self.zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = start.replace(hour=0, minute=0)
        for _ in range(_HORIZON):
            if self._is_day(day):
                for hour in sorted(hours):
                    for minute in sorted(minutes):
                        due = day.replace(hour=hour, minute=minute).timestamp()
                        if due > moment:
                            return due
            day = (day + timedelta(days=1)).replace(hour=0, minute=0)
        return None

    def _is_day(self, day: datetime) -> bool:
        _, _, days, months, weekdays = self.fields
        if day.month not in months:
            return False
        by_day, by_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        # When both are given, either will do; that is how cron has always been.
        return by_day and by_weekday if self.any_day or self.any_weekday else by_day or by_weekday


def _plain(part: str, at: int) -> str:
    names = _MONTHS if at == 3 else _DAYS if at == 4 else {}
    return re.sub("[a-z]+", lambda found: names.get(found[0], found[0]), part)


def _numbers(part: str, low: int, high: int, text: str) -> frozenset[int]:
    found: set[int] = set()
    for term in part.split(","):
        match = re.fullmatch(r"(?:([*?])|(\d+)(?:-(\d+))?)(?:/(\d+))?", term)
        if match is None:
            raise ValueError(f"{text!r} is no schedule: {term!r} can't be read")
        star, first, last, step = match.groups()
        begin = low if star else int(first)
        end = int(last) if last else high if star or step else begin
        if begin < low or end > high or begin > end or step == "0":
            raise ValueError(f"{text!r} is no schedule: {term!r} is not within {low}-{high}")
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)
