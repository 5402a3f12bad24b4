"""Quantiles of classic histograms: series of cumulative counts, one an upper bound in the label `le`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.labels import BUCKET, value_of, without
from embedded.cluster.traffic.promql.numbers import divide

if TYPE_CHECKING:
    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.promql.vectors import Vector

# Relative differences below this are rounding, not counts.
_TOLERANCE: Final = 1e-12


def histogram_quantiles(q: float, vector: Vector) -> list[tuple[Labels, float]]:
    """The quantile of each histogram in the vector; what has no readable `le` is no part of one."""
    histograms: dict[Labels, dict[float, float]] = {}
    for labels, count in vector.items():
        try:
            bound = float(value_of(labels, BUCKET))
        except ValueError:
            continue
        buckets = histograms.setdefault(without(labels, {BUCKET}), {})
        buckets[bound] = buckets.get(bound, 0.0) + count
    return [(labels, bucket_quantile(q, sorted(buckets.items()))) for labels, buckets in histograms.items()]


def bucket_quantile(q: float, buckets: list[tuple[float, float]]) -> float:
    """The quantile, assuming that values are spread evenly within their bucket."""
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    if buckets[-1][0] != math.inf or len(buckets) < 2:
        return math.nan
    bounds = [bound for bound, _ in buckets]
    counts = _monotonic([count for _, count in buckets])
    if counts[-1] == 0 or math.isnan(counts[-1]):
        return math.nan
    rank = q * counts[-1]
    index = next((i for i, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if index == len(counts) - 1:
        return bounds[-2]
    if index == 0:
        return bounds[0] if bounds[0] <= 0 else bounds[0] * divide(rank, counts[0])
    below, lower = counts[index - 1], bounds[index - 1]
    return lower + (bounds[index] - lower) * divide(rank - below, counts[index] - below)


def _monotonic(counts: list[float]) -> list[float]:
    """Cumulative counts never fall; where they do, or differ by rounding only, the smaller bound's count holds."""
    result = counts[:1]
    for count in counts[1:]:
        highest = result[-1]
        rounding = abs(count - highest) < _TOLERANCE * (abs(count) + abs(highest))
        result.append(highest if count <= highest or rounding else count)
    return result
