"""Which steps are stopped when, by what, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tidegate.gates.freezes import next_open, standing, standing_in
from tidegate.model.intent.gates import Freeze, Gates, Holiday
from tidegate.model.ledger import Frozen, Stamp

if TYPE_CHECKING:
    from tidegate.model.base import Model

WEEKEND = Freeze(start="0 18 * * 5", duration="62h", timezone="Europe/Berlin", reason="nobody is there")
NIGHT = Freeze(start="0 20 * * *", duration="12h", timezone="Europe/Berlin", reason="at night", stops=("stage", "shift", "promote"))
CHRISTMAS = Holiday(first="2026-12-24", last="2026-12-26", timezone="Europe/Berlin", reason="Christmas")
NEW_YEAR = Holiday(first="2027-01-01", timezone="Pacific/Auckland", reason="New Year's Day")


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def frozen(until: str | None = None) -> Frozen:
    """Ada's word."""
    return Frozen(reason="audit", until=until, stamp=Stamp(at="2026-05-01T10:00:00+00:00", by="ada"))


def test_who_is_held_up_is_told_by_what_and_until_when() -> None:
    """A held gate that fails, with the end as the clock of its place shows it."""
    gates = Gates(freezes={"weekend": WEEKEND}, holidays={"christmas": CHRISTMAS})
    (held,) = standing_in(gates, None, at("2026-10-23T16:00"))
    assert (held.gate, held.verdict, held.overridden) == ("freeze", "fail", False)
    assert held.text == "freeze weekend until Mon 2026-10-26 08:00 Europe/Berlin: nobody is there"
    assert standing_in(gates, None, at("2026-10-23T15:59")) == []
    (held,) = standing_in(gates, None, at("2026-12-24T12:00"))
    assert held.text == "holiday christmas until Sun 2026-12-27 00:00 Europe/Berlin: Christmas"


@pytest.mark.parametrize(
    ("now", "names"),
    [
        ("2026-12-23T22:59", ["night"]),
        ("2026-12-23T23:00", ["night", "christmas"]),
        ("2026-12-25T16:59", ["christmas"]),
        ("2026-12-25T17:00", ["weekend", "christmas"]),
        ("2026-12-25T19:00", ["weekend", "night", "christmas"]),
        ("2026-12-31T10:59", []),
        ("2026-12-31T11:00", ["newyear"]),
        ("2027-01-01T10:59", ["newyear"]),
        ("2027-01-01T11:00", []),
    ],
)
def test_all_that_stands_is_named(now: str, names: list[str]) -> None:
    """Windows and holidays overlap, each in its own zone."""
    gates = Gates(freezes={"weekend": WEEKEND, "night": NIGHT}, holidays={"christmas": CHRISTMAS, "newyear": NEW_YEAR})
    assert [one.name for one in standing(gates, None, at(now))] == names


def test_only_the_steps_that_it_says_are_stopped() -> None:
    """Staging, where nothing else is said; shifting and promotion too, where it is. Nothing is asked of going back."""
    gates = Gates(freezes={"weekend": WEEKEND, "night": NIGHT}, holidays={"christmas": CHRISTMAS})
    now = at("2026-12-25T21:00")
    assert [one.name for one in standing(gates, frozen(), now, "stage")] == ["", "weekend", "night", "christmas"]
    for step in ("shift", "promote"):
        assert [one.name for one in standing(gates, frozen(), now, step)] == ["night"]
    assert standing_in(gates, frozen(), now, "migrate") == []


def test_a_persons_word_holds_until_it_is_lifted_or_over() -> None:
    """It needs no window, and says whose it is; it stands to the very second that it names."""
    (held,) = standing_in(Gates(), frozen(), at("2026-05-01T12:00"))
    assert held.text == "frozen by ada until it is lifted (`tidegate thaw`): audit"
    assert next_open(Gates(), frozen(), at("2026-05-01T12:00")) is None
    limited = frozen("2026-05-01T14:00:00+02:00")
    (held,) = standing_in(Gates(), limited, at("2026-05-01T12:00"))
    assert held.text == "frozen by ada until Fri 2026-05-01 12:00 UTC: audit"
    opens = next_open(Gates(), limited, at("2026-05-01T11:00"))
    assert opens == at("2026-05-01T12:00:01")
    assert standing_in(Gates(), limited, opens) == []


def test_it_may_go_on_when_all_that_follows_on_each_other_is_over() -> None:
    """Christmas, the weekend after it and the night: Monday at 8."""
    gates = Gates(freezes={"weekend": WEEKEND, "night": NIGHT}, holidays={"christmas": CHRISTMAS})
    assert next_open(gates, None, at("2026-12-23T19:30")) == at("2026-12-28T07:00")
    assert next_open(gates, None, at("2026-12-28T07:00")) == at("2026-12-28T07:00")
    assert next_open(gates, frozen("2026-12-28T09:00:00Z"), at("2026-12-23T19:30")) == at("2026-12-28T09:00:01")


@pytest.mark.parametrize(("start", "duration"), [("* * * * *", "2m"), ("0 0 1 1 *", "366d"), ("* * * * *", "30d")])
def test_a_freeze_without_an_end_is_no_endless_search(start: str, duration: str) -> None:
    """Then nobody knows when it may go on."""
    always = Gates(freezes={"always": Freeze(start=start, duration=duration, reason="closed")})
    now = at("2026-05-01T12:00")
    assert standing_in(always, None, now)
    assert next_open(always, None, now) is None


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    freezes=st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.builds(
            Freeze,
            start=st.sampled_from(["0 18 * * 5", "0 9,15 * * *", "30 2 * * 0", "0 0 24 12 *"]),
            duration=st.sampled_from(["90m", "5h", "30h", "4d"]),
            timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
            reason=st.just("so"),
            stops=st.just(("stage",)),
        ),
    ),
    until=st.one_of(st.none(), st.just("2026-10-25T01:30:00Z")),
)
def test_when_it_may_go_on_nothing_stands_and_before_something_always_did(
    now: datetime, freezes: dict[str, Freeze], until: str | None
) -> None:
    """The moment given is the first one that is open."""
    gates, word = Gates(freezes=freezes), frozen(until) if until else None
    opens = next_open(gates, word, now)
    if opens is None:
        assert standing(gates, word, now)
        return
    assert opens >= now
    assert standing(gates, word, opens) == []
    moment = now
    while moment < opens:
        assert standing(gates, word, moment), moment
        moment += max((opens - now) / 40, timedelta(minutes=7))


@pytest.mark.parametrize(
    ("kind", "wrong", "said"),
    [
        (Freeze, {"start": "0 0 31 2 *"}, "start: never comes"),
        (Freeze, {"start": "0 18-9 * * *"}, "start: never comes"),
        (Freeze, {"duration": "0h"}, "duration: must be more than nothing"),
        (Freeze, {"timezone": "Berlin"}, "there is no Berlin"),
        (Freeze, {"stops": []}, "at least 1 item"),
        (Freeze, {"stops": ["rollback"]}, "'stage', 'shift', 'promote' or 'migrate'"),
        (Holiday, {"first": "2026-02-29"}, "there is no 2026-02-29 in the calendar"),
        (Holiday, {"first": "24.12.2026"}, "String should match"),
        (Holiday, {"first": "2026-12-27"}, "2026-12-26 is before the first day"),
    ],
)
def test_what_can_not_be_meant_is_refused(kind: type[Model], wrong: dict[str, Any], said: str) -> None:
    """Times that never come, days that aren't there, and going back, which can't be stopped."""
    right: Model = WEEKEND if kind is Freeze else CHRISTMAS
    with pytest.raises(ValidationError) as error:
        kind.model_validate_json(right.model_copy(update=wrong).model_dump_json(warnings=False))
    assert said in str(error.value)
