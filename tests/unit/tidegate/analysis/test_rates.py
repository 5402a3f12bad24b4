"""How often error rates are found out that are worse, and how seldom those that aren't: over releases of seeded chance."""

from __future__ import annotations

from random import Random

import pytest

from tidegate.analysis.counting import Counts
from tidegate.analysis.rates import error_rate, share

LOOKS, RUNS = 60, 20
"""Half an hour at each weight, a look each half minute."""


def failures(rate: float, live_rate: float, requests: int, random: Random) -> int:
    """How many looks fail of a step, each over four half minutes of chance."""
    pairs = [[sum(random.random() < chance for _ in range(requests)) for chance in (rate, live_rate)] for _ in range(LOOKS + 3)]
    found = 0
    for i in range(LOOKS):
        candidate, live = (Counts(4 * requests, sum(pair[side] for pair in pairs[i : i + 4]), scraped=True) for side in (0, 1))
        found += error_rate(0.01, candidate, live, 50, "120 s").verdict == "fail"
    return found


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.005])
def test_candidates_that_are_no_worse_are_let_be(rate: float) -> None:
    """Of steps in which both slots fail as often, next to none has two failed looks."""
    random = Random(7)  # noqa: S311 - no secret
    assert sum(failures(rate, rate, 300, random) > 1 for _ in range(RUNS)) <= 1


@pytest.mark.parametrize(("rate", "live"), [(0.03, 0.001), (0.05, 0.0), (0.02, 0.002)])
def test_candidates_that_are_worse_are_found_out(rate: float, live: float) -> None:
    """All of them, in a step of half an hour."""
    random = Random(7)  # noqa: S311 - no secret
    assert all(failures(rate, live, 300, random) > 1 for _ in range(10))


@pytest.mark.parametrize(("value", "text"), [(0.0, "0%"), (0.032, "3.2%"), (1.0, "100%"), (0.00012, "0.012%")])
def test_shares(value: float, text: str) -> None:
    """As people write them."""
    assert share(value) == text
