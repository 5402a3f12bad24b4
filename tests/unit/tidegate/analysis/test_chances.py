"""Exact tests: against sums of whole numbers, and what they make of errors that are few."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.analysis.chances import above, more


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 99))
def test_the_binomial_s_upper_end(requests: int, errors: int, percent: int) -> None:
    """As whole numbers have it, where there are more errors than expected."""
    errors = min(errors, requests)
    p = Fraction(percent, 100)
    exact = sum(comb(requests, k) * p**k * (1 - p) ** (requests - k) for k in range(errors, requests + 1))
    assert above(errors, requests, percent / 100) == pytest.approx(1.0 if errors <= requests * percent / 100 else float(exact), rel=1e-6)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_fisher_s_exact_test(errors: int, good: int, other_errors: int, other_good: int) -> None:
    """As whole numbers have it, where the one side has more than its part."""
    requests, others = errors + good, other_errors + other_good
    both, all_ = errors + other_errors, requests + others
    expected = 1.0
    if all_ and errors * all_ > both * requests:
        ways = sum(comb(requests, k) * comb(others, both - k) for k in range(errors, min(both, requests) + 1))
        expected = float(Fraction(ways, comb(all_, both)))
    assert more(errors, requests, other_errors, others) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("candidate", "live", "least", "most"),
    [
        ((5, 1000), (0, 1000), 0.03, 0.032),
        ((5, 1000), (0, 19_000), 3.0e-7, 3.2e-7),
        ((18, 6000), (0, 6000), 3.7e-6, 3.9e-6),
        ((1, 1000), (0, 1000), 0.499, 0.501),
        ((0, 1000), (5, 1000), 1.0, 1.0),
        ((300_000, 10_000_000), (290_000, 10_000_000), 0.0, 1e-20),
        ((5, 0), (0, 0), 1.0, 1.0),
    ],
)  # fmt: skip
def test_errors_that_are_few(candidate: tuple[int, int], live: tuple[int, int], least: float, most: float) -> None:
    """Five against none is once in thirty at even parts, and next to never where the candidate has a twentieth; millions are no trouble."""
    assert least <= more(*candidate, *live) <= most
