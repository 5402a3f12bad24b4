"""What the analysis says of recordings whose switch is known."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.switch.analysis import Spread, failure, measured, percentile, spread
from benchmarks.switch.answers import Answer, read, written
from benchmarks.switch.switchers.switcher import Operation
from tests.unit.benchmarks.switch.recordings import ASKED, answer, done, move, spoken

if TYPE_CHECKING:
    from benchmarks.switch.analysis import Figures


def of(text: str, quiet: float = 0.5) -> Figures:
    """The figures of a flip, watched as long as there are signs, a tenth of a second each."""
    return measured(spoken(text), move(seconds=len(text) / 10), "v1", "v2", quiet)


@pytest.mark.parametrize(
    ("text", "first", "zero", "full"),
    [
        ("1112222222", 0.3, 0.2, 0.3),  # at once
        ("1121212222222", 0.2, 0.5, 0.6),  # both for a while
        ("2222222222", 0.0, 0.0, 0.0),  # before the first answer
        ("1111111111", None, None, None),  # never
        ("1122222212", 0.2, None, None),  # a straggler at the end: there may be more
        ("111x2222222", 0.4, 0.2, 0.4),  # one failed between
        ("11122x2222222", 0.3, 0.2, 0.6),  # one failed afterwards: it isn't all good before
        ("11    2222222", 0.6, 0.1, 0.6),  # nobody answered for a while
        ("1122222222x", 0.2, 0.1, None),  # one failed at the end
        ("1111      ", None, 0.3, None),  # the old one is gone, and nothing has come
        ("", None, 0.0, None),
    ],
)
def test_when_a_flip_was(text: str, first: float | None, zero: float | None, full: float | None) -> None:
    """First and last answers, and from when on all are good."""
    figures = of(text)
    assert (figures.first, figures.zero, figures.full) == pytest.approx((first, zero, full))
    assert figures.slowest == pytest.approx(math.inf if zero is None or full is None else max(zero, full))
    assert figures.failures == ({"reset": text.count("x")} if "x" in text else {})
    assert figures.requests == len(text.replace(" ", ""))


@pytest.mark.parametrize(("operation", "before"), [(Operation.ABORT, 0.5), (Operation.ROLLBACK, 1.0)])
def test_going_back_is_the_old_versions_arrival(operation: Operation, before: float) -> None:
    """To 0% is the new version's last answer, to 100% the old one's."""
    figures = measured(spoken("2222111111111"), move(operation, before, 0.0, 1.3), "v1", "v2", 0.5)
    assert (figures.first, figures.zero, figures.full) == pytest.approx((0.4, 0.3, 0.4))


@pytest.mark.parametrize(
    ("text", "before", "after", "shifted", "share"),
    [
        ("1111212121212121", 0.0, 0.5, 0.4, 0.5),
        ("1111111111", 0.0, 0.5, None, None),
        ("1112" * 8 + "1212" * 16, 0.25, 0.5, 3.2, 0.5),
        ("1212" * 10 + "1112" * 16, 0.5, 0.25, 4.0, 0.25),
    ],
)
def test_when_a_share_changed(text: str, before: float, after: float, shifted: float | None, share: float | None) -> None:
    """The likeliest moment, within four answers, and the share since then."""
    figures = measured(spoken(text), move(Operation.SHIFT, before, after, 99), "v1", "v2", 0.5)
    assert figures.shifted == (None if shifted is None else pytest.approx(shifted, abs=0.41))
    assert figures.share == (None if share is None else pytest.approx(share, abs=0.05))
    assert (figures.zero, figures.full) == (None, None)


def test_an_answer_belongs_to_the_move_in_whose_time_it_came() -> None:
    """Neither what came before the command nor what came after the watching is counted."""
    answers = [answer(-0.001, "v2"), answer(0.0), answer(0.999, "v2"), answer(1.0)]
    assert measured(answers, move(seconds=1.0), "v1", "v2", 0.0).requests == 2


@pytest.mark.parametrize(
    ("given_answer", "why"),
    [
        (answer(0), ""),
        (answer(0, "v2"), ""),
        (answer(0, status=204), ""),
        (answer(0, status=503), "status 503"),
        (answer(0, status=302), "status 302"),
        (answer(0, "v3"), "of version v3"),
        (answer(0, ""), "of version ?"),
        (answer(0, error="refused"), "refused"),
    ],
)
def test_what_has_failed(given_answer: Answer, why: str) -> None:
    """Only a whole answer of a version that is known is good."""
    assert failure(given_answer, ("v1", "v2")) == why


@given(
    rate=st.integers(50, 1000),
    moment=st.floats(0.0, 2.0),
    latencies=st.floats(0.0001, 0.2),
    failures=st.sets(st.integers(0, 3999), max_size=5),
    seed=st.integers(0, 2**16),
)
def test_a_made_up_switch_is_found_where_it_was_made(rate: int, moment: float, latencies: float, failures: set[int], seed: int) -> None:
    """However fast, in whatever order: the switch lies between the two answers around it, and each failure is counted once."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    answers = []
    for number in range(rate * 4):
        due = ASKED + number / rate
        came = due + chance.uniform(0, latencies)
        made = Answer(due, due, came, 200, "v2" if came >= ASKED + moment else "v1", "")
        answers.append(replace(made, status=0, version="", error="reset") if number in failures else made)
    chance.shuffle(answers)
    figures = measured(answers, move(seconds=4.5), "v1", "v2", 0.5)
    good = [a for a in answers if not a.error]
    old, new = done(a for a in good if a.version == "v1"), done(a for a in good if a.version == "v2")
    assert figures.failed == len([number for number in failures if number < rate * 4])
    assert figures.zero == (pytest.approx(max(old)) if old else 0.0)
    assert figures.first == pytest.approx(min(new))
    assert figures.zero is not None
    assert figures.first is not None
    assert figures.zero <= moment <= figures.first
    assert figures.shifted == pytest.approx(figures.first)
    assert figures.full is None or figures.full >= figures.first
    if not failures:
        assert figures.full == pytest.approx(figures.first)


@given(share=st.floats(0.2, 0.9), moment=st.integers(50, 500), seed=st.integers(0, 2**16))
def test_a_made_up_shift_is_found_near_where_it_was_made(share: float, moment: int, seed: int) -> None:
    """By chance, not in turns: a few answers of the new version may be taken for stragglers, none of before for one of after."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    answers = [answer(n / 250, "v2" if n >= moment and chance.random() < share else "v1") for n in range(750)]
    figures = measured(answers, move(Operation.SHIFT, 0.0, share, 99), "v1", "v2", 0.5)
    assert figures.shifted is not None
    assert moment / 250 - 1e-6 <= figures.shifted
    assert len([a for a in answers if a.version == "v2" and a.done - ASKED < figures.shifted - 1e-6]) <= 3


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    """One of the values; no less would do."""
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values) + 1e-9


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([1.0], Spread(1, 1, 1, 1)),
        ([float(n) for n in range(1, 101)], Spread(50, 90, 99, 100)),
        ([float(n) for n in range(1, 21)], Spread(10, 18, 20, 20)),
        ([1.0, None, 2.0], Spread(2, math.inf, math.inf, math.inf)),
    ],
)
def test_how_values_are_spread(values: list[float | None], expected: Spread | None) -> None:
    """Of 20, the 99th of 100 is the greatest; never is longer than anything."""
    assert spread(values) == expected


@pytest.mark.parametrize("one", [answer(1), answer(1, error='it said "no"'), answer(1, "ü", status=500)])
def test_a_record_is_read_as_it_was_written(one: Answer) -> None:
    """Times to the microsecond."""
    back = read(written(one))
    assert (back.status, back.version, back.error) == (one.status, one.version, one.error)
    assert back.latency == pytest.approx(one.latency, abs=2e-6)
