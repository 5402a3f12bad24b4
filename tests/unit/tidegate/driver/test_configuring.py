"""What a release is carried out with, and since when it is where it is: by the stack's own history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.unit.tidegate.planner.world import CANARY, intended
from tidegate.driver.configuring import begun_back, carried_with, running_with, stood_since
from tidegate.model.comparing import Values
from tidegate.model.events import Abort, Apply, Shift, Stage
from tidegate.model.ledger import Stamp
from tidegate.model.told import Past, Told
from tidegate.planner.planning import next_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.driver.ports import Stack
    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> str:
    """So long after the start."""
    return (START + timedelta(seconds=seconds)).isoformat()


def told(version: str, origin: str = "") -> Told:
    """A configuration."""
    return Told(Values({}), intended({"web": {**CANARY, "version": version}}), origin or version)


def past(number: int, configuration: Told, event: Event | None = None, *, result: str = "succeeded", lasted: float = 0) -> Past:
    """An update, so many tens of seconds after the start."""
    return Past(number, "update", result, at(10 * number), at(10 * number + lasted), "", None, configuration, event)


class Remembering:
    """A stack with a history and a file."""

    def __init__(self, history: Sequence[Past], file: Told) -> None:
        self._history, self._file = history, file

    def past(self) -> Sequence[Past]:
        return self._history

    def told(self, versions: Mapping[str, str], images: Mapping[str, str]) -> Told:
        del versions, images
        return self._file


def stack(history: Sequence[Past], file: Told) -> Stack:
    """As the driver knows it."""
    return Remembering(history, file)  # type: ignore[return-value]


def ledger(*events: Event) -> Ledger:
    """Of v1, with v2 staged, after events."""
    found = next_ledger(None, told("v1").intent, Apply(stamp=Stamp(at=at(0), by="x"))).ledger
    for event in (Stage(stamp=Stamp(at=at(10), by="x")), *events):
        found = next_ledger(found, told("v2").intent, event).ledger
    return found


@pytest.mark.parametrize(
    ("history", "file", "origin"),
    [
        ([past(2, told("v2", "newest")), past(1, told("v2", "older"))], told("v2", "file"), "newest"),
        ([past(3, told("v3")), past(2, told("v2", "staged"))], told("v9", "half edited"), "staged"),
        ([past(2, told("v2", "failed"), result="failed")], told("v9"), "failed"),
        ([past(1, told("v1"))], told("v2", "file"), "file"),
        ([past(1, told("v1"))], told("v9"), None),
    ],
)
def test_a_release_is_carried_out_with_what_it_was_staged_with(history: list[Past], file: Told, origin: str | None) -> None:
    """The newest update that was told the same; the file only if it says the same."""
    found = carried_with(stack(history, file), ledger())
    assert (found.origin if found is not None else None) == origin


def test_what_runs_is_what_the_last_good_update_was_told() -> None:
    """And the file where there was none."""
    history = [past(2, told("v2"), result="failed"), past(1, told("v1", "runs"))]
    assert running_with(stack(history, told("v3"))).origin == "runs"
    assert running_with(stack([], told("v3", "file"))).origin == "file"


def test_a_weight_holds_since_its_update_was_done() -> None:
    """Not since it was decided: pods may have taken minutes."""
    event = Shift(stamp=Stamp(at=at(30), by="ci"), weight=25)
    now = ledger(event)
    assert stood_since([past(3, told("v2"), event, lasted=240)], now) == START + timedelta(seconds=270)
    assert stood_since([past(3, told("v2"), event, lasted=240, result="failed")], now) == START + timedelta(seconds=30)
    assert stood_since([], now) == START + timedelta(seconds=30)


def test_a_way_back_that_failed_is_known_to_whoever_comes_next() -> None:
    """Only where the release is still where it was to be taken back from."""
    now = ledger(Shift(stamp=Stamp(at=at(30), by="ci"), weight=25))
    stamp = Stamp(at=at(40), by="ann")
    failed = past(4, told("v2"), Abort(stamp=stamp, reason="orders are lost", expects=now.token), result="failed")
    elsewhere = past(4, told("v2"), Abort(stamp=stamp, reason="x", expects="r1-x.0.staged"), result="failed")
    assert begun_back([failed], now) == "orders are lost"
    assert begun_back([elsewhere], now) is None
    assert begun_back([], now) is None
