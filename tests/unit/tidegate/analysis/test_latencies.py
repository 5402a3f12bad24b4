"""Whether 95 of 100 requests are fast enough, by a histogram."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.traffic.promql.histograms import bucket_quantile
from tidegate.analysis.latencies import Histogram, latency
from tidegate.analysis.metrics import Series

BOUNDS = (0.1, 0.5, 1.0, 2.5)
COUNTS = st.lists(st.integers(0, 1000), min_size=len(BOUNDS) + 1, max_size=len(BOUNDS) + 1).filter(any)


def histogram(*each: float, bounds: tuple[float, ...] = BOUNDS) -> Histogram:
    """So many requests in each bucket, the last one without a bound."""
    les = (*map(str, bounds), "+Inf")
    return Histogram.of(Series({"le": le}, ((0.0, float(count)),)) for le, count in zip(les, accumulate(each), strict=True))


@pytest.mark.parametrize(
    ("each", "bound", "verdict", "text"),
    [
        ((1000, 0, 0, 0, 0), 2.0, "pass", "latency p95 95 ms (1,000 requests in 60 s) <= 2 s"),
        ((900, 0, 0, 100, 0), 2.0, "pass", "latency p95 1.75 s"),
        ((0, 0, 0, 1000, 0), 2.0, "fail", "latency p95 2.42 s (1,000 requests in 60 s) > 2 s"),
        ((900, 0, 0, 0, 100), 2.0, "fail", "latency p95 above 2.5 s (1,000 requests in 60 s) > 2 s"),
        ((940, 0, 0, 0, 60), 2.0, "marginal", "but it may be chance"),
        ((900, 0, 0, 0, 100), 3.0, "inconclusive", "whether above 3 s can't be told, for the histogram's last bound is 2.5 s"),
        ((1000, 0, 0, 0, 0), 3.0, "pass", "latency p95 95 ms"),
        ((30, 0, 0, 0, 0), 2.0, "inconclusive", "50 requests are needed to tell"),
        ((4, 0, 0, 0, 4), 2.0, "fail", "(8 requests in 60 s) > 2 s"),
        ((0, 0, 0, 0, 0), 2.0, "no-data", "no requests of the candidate were timed in 60 s"),
    ],
)
def test_a_histogram(each: tuple[int, ...], bound: float, verdict: str, text: str) -> None:
    """Slow ones are told from chance; what a histogram doesn't know, and what has no requests, is no pass."""
    found = latency(bound, histogram(*each), 50, "60 s")
    assert found.verdict == verdict
    assert text in found.text


@pytest.mark.parametrize(
    "series",
    [
        [],
        [Series({"le": "1"}, ((0.0, 3.0),))],
        [Series({}, ((0.0, 3.0),))],
        [Series({"le": "1"}, ((0.0, math.nan),)), Series({"le": "+Inf"}, ((0.0, 3.0),))],
        [Series({"le": "1"}, ()), Series({"le": "+Inf"}, ())],
    ],
)
def test_what_is_no_histogram(series: list[Series]) -> None:
    """Nothing is concluded from a part of one."""
    assert latency(2.0, Histogram.of(series), 50, "60 s").verdict == "no-data"


@given(COUNTS, st.floats(0.01, 0.99))
def test_quantiles_are_those_of_prometheus(each: list[int], q: float) -> None:
    """And where Prometheus gives the last bound for want of a better one, it is known that it is more."""
    found = histogram(*each).quantile(q)
    theirs = bucket_quantile(q, list(zip((*BOUNDS, math.inf), map(float, accumulate(each)), strict=True)))
    assert found == pytest.approx(theirs) or (math.isinf(found) and theirs == BOUNDS[-1])


@given(COUNTS, st.floats(0.05, 2.4))
def test_how_many_are_within(each: list[int], bound: float) -> None:
    """As many as the quantile says."""
    made = histogram(*each)
    within = made.within(bound)
    assert 0 <= within <= made.requests
    assert made.within(bound + 0.1) >= within
