"""Scores and verdicts of looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.analysis.scoring import Scale, scored
from tidegate.model.analysis import Measured, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

CODES: dict[str, Verdict] = {"p": "pass", "m": "marginal", "f": "fail", "i": "inconclusive", "n": "no-data"}


def measures(code: str) -> list[Measured]:
    """Metrics with these verdicts, called a, b, c; those in capitals are critical."""
    return [Measured(chr(ord("a") + i), CODES[letter.lower()], "", critical=letter.isupper()) for i, letter in enumerate(code)]


@pytest.mark.parametrize(
    ("code", "weights", "verdict", "score"),
    [
        ("", {}, "no-data", 0),
        ("ppp", {}, "pass", 100),
        ("ppf", {}, "fail", 66),
        ("pppf", {}, "marginal", 75),
        ("pf", {"a": 95, "b": 5}, "pass", 95),
        ("pf", {"a": 94, "b": 6}, "marginal", 94),
        ("pF", {"a": 95, "b": 5}, "fail", 0),
        ("pm", {"a": 95, "b": 5}, "pass", 97),
        ("pM", {"a": 95, "b": 5}, "marginal", 97),
        ("m", {}, "fail", 50),
        ("ppn", {}, "no-data", 66),
        ("ppi", {}, "inconclusive", 66),
        ("pin", {}, "no-data", 33),
        ("nff", {}, "fail", 0),
        ("nF", {"a": 99, "b": 1}, "fail", 0),
    ],
)
def test_a_look(code: str, weights: dict[str, int], verdict: str, score: int) -> None:
    """What passes is weighed; what is critical decides alone; what isn't known leaves it open, unless it has failed anyway."""
    assert scored(measures(code), Scale(95, 75, weights)) == (verdict, score)


def test_bounds_are_made_up_for_by_nothing() -> None:
    """As what is critical is, though they aren't."""
    assert scored(measures("pf"), Scale(95, 75, {"a": 99, "b": 1}, frozenset({"b"}))) == ("fail", 0)
    assert scored(measures("pm"), Scale(95, 75, {"a": 99, "b": 1}, frozenset({"b"}))) == ("marginal", 99)


@given(st.lists(st.sampled_from(get_args(Verdict)), max_size=6), st.lists(st.integers(1, 100), min_size=6, max_size=6))
def test_no_data_is_never_a_pass(verdicts: Sequence[Verdict], weights: list[int]) -> None:
    """Nor is anything a pass of which a part isn't known, whatever it weighs."""
    found = [Measured(str(i), verdict, "") for i, verdict in enumerate(verdicts)]
    verdict, score = scored(found, Scale(95, 75, {str(i): weight for i, weight in enumerate(weights)}))
    assert 0 <= score <= 100
    if verdict == "pass":
        assert verdicts
        assert not set(verdicts) & {"no-data", "inconclusive"}
