"""Each kind of trouble is borne for its own time, with growing waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tidegate.driver.troubles import LONGEST, Troubles, kind_of
from tidegate.model.errors import BusyError, TidegateError, UnreachableError, UpdateFailedError
from tidegate.model.intent.releases import Patience

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """So long after."""
    return NOW + timedelta(seconds=seconds)


def test_waits_grow_and_end() -> None:
    """Doubling, to a bound; then it has been borne for long enough."""
    troubles, now, waits = Troubles(Patience(backend="1m")), NOW, []
    while (wait := troubles.borne("backend", now)) is not None:
        waits.append(wait)
        now += timedelta(seconds=wait)
    assert waits[:5] == [1.0, 2.0, 4.0, 8.0, LONGEST]
    assert set(waits[4:]) == {LONGEST}
    assert after(60) <= now < after(60 + LONGEST)


def test_what_is_over_begins_anew() -> None:
    """And so does what hasn't been met for a while."""
    troubles = Troubles(Patience(lock="10s"))
    assert troubles.borne("lock", NOW) == 1.0
    assert troubles.borne("lock", after(11)) is None
    troubles.over("lock")
    assert troubles.borne("lock", after(12)) == 1.0
    assert troubles.borne("lock", after(300)) == 1.0


@pytest.mark.parametrize(
    ("error", "kind"),
    [(BusyError("x"), "lock"), (UnreachableError("x"), "backend"), (UpdateFailedError("x"), None), (TidegateError("x"), None)],
)
def test_troubles_are_told_apart_by_their_class(error: TidegateError, kind: str | None) -> None:
    """The others aren't waited for."""
    assert kind_of(error) == kind
