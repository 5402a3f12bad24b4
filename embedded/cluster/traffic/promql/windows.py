"""Functions over a range of one series' samples: a window in, a value out, or None where the window doesn't hold enough."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.numbers import average, exact_sum, largest, quantile, smallest, variance

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.traffic.promql.source import Window

# A range's first or last sample counts as being at its edge when it is at most so many average intervals away.
_NEAR: Final = 1.1


def _extrapolated(window: Window, *, counter: bool) -> float | None:
    """The growth over the whole range, assuming that the samples' trend goes on to its edges."""
    if len(window.times) < 2:
        return None
    first, last = window.times[0], window.times[-1]
    growth = window.values[-1] - window.values[0]
    if counter:
        growth += sum(before for before, after in pairwise(window.values) if after < before)
    covered = (last - first) / 1000
    between = covered / (len(window.times) - 1)
    to_start, to_end = (first - window.start) / 1000, (window.end - last) / 1000
    if to_start >= between * _NEAR:
        to_start = between / 2
    if counter and growth > 0 and window.values[0] >= 0:
        # A counter can't have been below zero: the trend reaches back to its zero at most.
        to_start = min(to_start, covered * (window.values[0] / growth))
    if to_end >= between * _NEAR:
        to_end = between / 2
    return growth * ((covered + to_start + to_end) / covered)


def _rate(window: Window) -> float | None:
    growth = _extrapolated(window, counter=True)
    return None if growth is None else growth / ((window.end - window.start) / 1000)


def _last_two(window: Window, *, counter: bool) -> float | None:
    if len(window.times) < 2:
        return None
    before, after = window.values[-2:]
    return after if counter and after < before else after - before


def _irate(window: Window) -> float | None:
    growth = _last_two(window, counter=True)
    return None if growth is None else growth / ((window.times[-1] - window.times[-2]) / 1000)


def _changes(window: Window) -> float:
    return float(sum(a != b and not (math.isnan(a) and math.isnan(b)) for a, b in pairwise(window.values)))


def _regression(window: Window, origin: int) -> tuple[float, float] | None:
    """The slope per second, and the value at the origin, of the straight line through the samples."""
    if len(window.times) < 2:
        return None
    if all(value == window.values[0] for value in window.values):
        return (math.nan, math.nan) if math.isinf(window.values[0]) else (0.0, window.values[0])
    xs = [(time - origin) / 1000 for time in window.times]
    n, sum_x, sum_y = len(xs), exact_sum(xs), exact_sum(window.values)
    sum_xy = exact_sum(x * y for x, y in zip(xs, window.values, strict=True))
    slope = (sum_xy - sum_x * sum_y / n) / (exact_sum(x * x for x in xs) - sum_x * sum_x / n)
    return slope, sum_y / n - slope * sum_x / n


def _deriv(window: Window) -> float | None:
    line = _regression(window, window.times[0])
    return None if line is None else line[0]


def predict_linear(window: Window, seconds: float) -> float | None:
    """Where the samples' straight line will be so many seconds later."""
    line = _regression(window, window.at)
    return None if line is None else line[0] * seconds + line[1]


def quantile_over_time(window: Window, q: float) -> float:
    """The quantile of the samples."""
    return quantile(q, window.values)


FUNCTIONS: Final[dict[str, Callable[[Window], float | None]]] = {
    "avg_over_time": lambda w: average(w.values),
    "changes": _changes,
    "count_over_time": lambda w: float(len(w.values)),
    "delta": lambda w: _extrapolated(w, counter=False),
    "deriv": _deriv,
    "idelta": lambda w: _last_two(w, counter=False),
    "increase": lambda w: _extrapolated(w, counter=True),
    "irate": _irate,
    "last_over_time": lambda w: w.values[-1],
    "max_over_time": lambda w: largest(w.values),
    "min_over_time": lambda w: smallest(w.values),
    "present_over_time": lambda _: 1.0,
    "rate": _rate,
    "resets": lambda w: float(sum(b < a for a, b in pairwise(w.values))),
    "stddev_over_time": lambda w: math.sqrt(variance(w.values)),
    "stdvar_over_time": lambda w: variance(w.values),
    "sum_over_time": lambda w: exact_sum(w.values),
}
# The ones whose result still is the metric.
KEEP_NAME: Final = frozenset({"last_over_time"})
