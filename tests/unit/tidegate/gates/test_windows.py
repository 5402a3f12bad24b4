"""Windows by the clock of a place, held against a walk through the minutes of its days."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from tidegate.gates import windows
from tidegate.gates.windows import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),  # an hour is missing at 2
    ("Europe/Berlin", date(2026, 10, 25)),  # an hour comes twice at 2
    ("America/New_York", date(2026, 11, 1)),  # at 1
    ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight is missing
    ("America/Sao_Paulo", date(2018, 2, 18)),  # the hour before midnight comes twice
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour comes twice
    ("Pacific/Apia", date(2011, 12, 30)),  # a whole day is missing
    ("Asia/Kathmandu", date(2026, 5, 1)),  # nothing happens, a quarter of an hour off
    ("UTC", date(2026, 5, 1)),
]


@cache
def walked(zone: str, day: date) -> tuple[list[datetime], list[datetime], list[datetime]]:
    """The moments of eleven days, minute by minute; what the clock has shown at most by each, and will show at least from each on."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - 5 * DAY
    moments = [begin + i * MINUTE for i in range(11 * 24 * 60)]
    shown = [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in moments]
    most, least = list(shown), list(shown)
    for i in range(1, len(most)):
        most[i] = max(most[i], most[i - 1])
    for i in range(len(least) - 2, -1, -1):
        least[i] = min(least[i], least[i + 1])
    return moments, most, least


def by_walking(cron: str, duration: timedelta, zone: str, day: date) -> Iterator[Window]:
    """Each window, by looking at the clock each minute: from when it first shows the start, to when it shows no less than the end again."""
    moments, most, least = walked(zone, day)
    starts = CronSim(cron, most[0] - MINUTE)
    for start in starts:
        if start + duration > least[-1]:
            return
        yield Window(moments[bisect_left(most, start)], moments[bisect_left(least, start + duration)])


FIELDS = st.sampled_from(["*", "*/7", "0", "30", "15,45", "10-20"]), st.sampled_from(["*", "0", "1", "2", "3", "1-3", "23", "*/5"])


@given(
    place=st.sampled_from(CHANGES),
    minute=FIELDS[0],
    hour=FIELDS[1],
    weekday=st.sampled_from(["*", "*", "0", "1-5", "6"]),
    lasts=st.one_of(st.integers(1, 200), st.integers(1, 50 * 60)),
    second=st.integers(0, 59),
)
def test_a_window_stands_when_a_walk_through_the_minutes_says_so(
    place: tuple[str, date], minute: str, hour: str, weekday: str, lasts: int, second: int
) -> None:
    """Whatever the clock does, and also where windows overlap: of those that stand the one is found that is over last."""
    zone, day = place
    cron, duration = f"{minute} {hour} * * {weekday}", lasts * MINUTE
    known = list(by_walking(cron, duration, zone, day))
    starts, ends = [window.start for window in known], [window.end for window in known]
    assert ends == sorted(ends)
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    edges = [edge for edge in (*starts, *ends) if begin <= edge < begin + 3 * DAY]
    near = {edge + i * MINUTE for edge in edges[:: max(1, len(edges) // 30)] for i in (-1, 0)}
    for now in sorted({*near, *(begin + i * timedelta(minutes=20) for i in range(3 * 24 * 3))}):
        moment = now + timedelta(seconds=second)
        last = bisect_right(starts, moment) - 1
        expected = known[last] if last >= 0 and moment < known[last].end else None
        assert windows.recurring(cron, duration, ZoneInfo(zone), moment) == expected, moment


@given(place=st.sampled_from(CHANGES), first=st.integers(-2, 2), more=st.integers(0, 2))
def test_days_are_what_a_walk_through_the_minutes_says(place: tuple[str, date], first: int, more: int) -> None:
    """From the first minute in which the calendar shows the day, to the last; a day that is missing has none."""
    zone, day = place
    begin, last = day + first * DAY, day + (first + more) * DAY
    found = windows.days(begin, last, ZoneInfo(zone))
    moments, most, least = walked(zone, day)
    midnight = datetime.min.time()
    start, end = bisect_left(most, datetime.combine(begin, midnight)), bisect_left(least, datetime.combine(last + DAY, midnight))
    assert found == Window(moments[start], moments[end])
    assert bisect_right(most, datetime.combine(begin, midnight)) >= start


@pytest.mark.parametrize(
    ("cron", "hours", "zone", "start", "end"),
    [
        # Friday at 18 to Monday at 8, by the clock, whether it is changed in between or not.
        ("0 18 * * 5", 62, "Europe/Berlin", "2026-10-16T16:00", "2026-10-19T06:00"),
        ("0 18 * * 5", 62, "Europe/Berlin", "2026-10-23T16:00", "2026-10-26T07:00"),
        ("0 18 * * 5", 62, "Europe/Berlin", "2026-03-27T17:00", "2026-03-30T06:00"),
        # A start that is missing isn't missed: 2:30 doesn't come, and it begins when the clock goes from 2 to 3.
        ("30 2 * * *", 1, "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T01:30"),
        # An hour that comes twice: it begins with the first, and is over after the second.
        ("30 2 * * *", 1, "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T02:30"),
        ("0 1 * * *", 1, "Europe/Berlin", "2026-10-24T23:00", "2026-10-25T00:00"),
        ("0 22 * * FRI", 1, "UTC", "2026-05-01T22:00", "2026-05-01T23:00"),
    ],
)
def test_windows_of_days_on_which_clocks_are_changed(cron: str, hours: int, zone: str, start: str, end: str) -> None:
    """A window stands from its start to just before its end, and at no other moment near."""
    begun, over = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    asked = {now: windows.recurring(cron, timedelta(hours=hours), ZoneInfo(zone), now) for now in (begun, over - MINUTE / 60)}
    assert asked == dict.fromkeys(asked, Window(begun, over))
    assert windows.recurring(cron, timedelta(hours=hours), ZoneInfo(zone), begun - MINUTE / 60) is None
    assert windows.recurring(cron, timedelta(hours=hours), ZoneInfo(zone), over) is None
