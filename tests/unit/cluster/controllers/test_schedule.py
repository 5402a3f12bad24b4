"""Cron schedules."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.controllers.schedule import Schedule


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "due"),
    [
        ("* * * * *", None, "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00"),
        ("*/15 * * * *", None, "2026-01-01T00:16:10+00:00", "2026-01-01T00:30:00+00:00"),
        ("30 4 * * *", None, "2026-01-01T05:00:00+00:00", "2026-01-02T04:30:00+00:00"),
        ("0 0 29 2 *", None, "2026-01-01T00:00:00+00:00", "2028-02-29T00:00:00+00:00"),
        ("0 9 * * mon-fri", None, "2026-01-02T10:00:00+00:00", "2026-01-05T09:00:00+00:00"),
        ("0 0 13 * 5", None, "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"),
        ("0 0 * jul 7", None, "2026-01-01T00:00:00+00:00", "2026-07-05T00:00:00+00:00"),
        ("@hourly", None, "2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00+00:00"),
        ("0 12 * * *", "Europe/Berlin", "2026-01-01T00:00:00+00:00", "2026-01-01T11:00:00+00:00"),
        ("0 12 * * *", "Europe/Berlin", "2026-07-01T00:00:00+00:00", "2026-07-01T10:00:00+00:00"),
        ("0 0 31 2 *", None, "2026-01-01T00:00:00+00:00", None),
    ],
)
def test_when_it_is_due_next(schedule: str, zone: str | None, after: str, due: str | None) -> None:
    """Fields, names, lists, ranges, steps and time zones."""
    found = Schedule.parse(schedule, zone).after(datetime.fromisoformat(after).timestamp())
    assert found == (datetime.fromisoformat(due).timestamp() if due else None)


@given(minute=st.integers(0, 59), hour=st.integers(0, 23), moment=st.integers(1_700_000_000, 1_900_000_000))
def test_a_daily_schedule_is_due_within_a_day(minute: int, hour: int, moment: int) -> None:
    """Later than now, at most a day, at its minute."""
    due = Schedule.parse(f"{minute} {hour} * * *").after(moment)
    assert due is not None
    assert moment < due <= moment + 86400
    assert due % 86400 == hour * 3600 + minute * 60


@pytest.mark.parametrize(
    ("schedule", "zone", "why"),
    [
        ("* * * *", None, "five fields"),
        ("60 * * * *", None, "not within 0-59"),
        ("x * * * *", None, "can't be read"),
        ("*/0 * * * *", None, "not within"),
        ("* * * * *", "Nowhere/At_all", "no time zone"),
    ],
)
def test_what_is_no_schedule(schedule: str, zone: str | None, why: str) -> None:
    """The error says what is wrong."""
    with pytest.raises(ValueError, match=why):
        Schedule.parse(schedule, zone)
