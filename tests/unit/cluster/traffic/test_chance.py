"""Draws for many requests at once keep the numbers whole, and their shares near the chances."""

# ruff: noqa: S311 - chance that can be repeated is what this is about

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.traffic.chance import BOUNDS, binomial, multinomial, profile


@given(seed=st.integers(0, 2**32), number=st.integers(0, 5000), chance=st.floats(0, 1))
def test_binomial_is_a_count(seed: int, number: int, chance: float) -> None:
    """Between none and all come out, and the same again from the same seed."""
    drawn = binomial(Random(seed), number, chance)
    assert 0 <= drawn <= number
    assert drawn == binomial(Random(seed), number, chance)


@pytest.mark.parametrize(("number", "chance"), [(50, 0.02), (400, 0.5), (1000, 0.9), (20, 0.3), (100_000, 0.001)])
def test_binomial_has_its_mean_and_spread(number: int, chance: float) -> None:
    """Mean and variance over many draws are those of the distribution."""
    random, rounds = Random(1), 4000
    drawn = [binomial(random, number, chance) for _ in range(rounds)]
    mean, deviation = number * chance, math.sqrt(number * chance * (1 - chance))
    found = sum(drawn) / rounds
    assert abs(found - mean) < 4 * deviation / math.sqrt(rounds)
    assert math.sqrt(sum((d - found) ** 2 for d in drawn) / rounds) == pytest.approx(deviation, rel=0.1)


@given(seed=st.integers(0, 2**32), number=st.integers(0, 5000), weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_multinomial_splits_all(seed: int, number: int, weights: list[float]) -> None:
    """Every one goes somewhere, and none to where the weight is zero."""
    parts = multinomial(Random(seed), number, weights)
    assert sum(parts) == (number if any(weights) else 0)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@pytest.mark.parametrize("median", [0.001, 0.02, 0.4, 3.0, 60.0])
def test_profile(median: float) -> None:
    """The chances of all buckets are one, half of them below the median, and a bucket's mean lies in it."""
    shape = profile(median)
    assert sum(shape.chances) == pytest.approx(1)
    below = sum(chance for chance, bound in zip(shape.chances, BOUNDS, strict=True) if bound <= median)
    assert below <= 0.5
    lower = 0.0
    for chance, mean, bound in zip(shape.chances, shape.means, BOUNDS, strict=True):
        assert chance < 1e-9 or lower <= mean <= bound
        lower = bound
