"""What a team measures besides: queries of its own, against bounds and against the live slot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tidegate.model.analysis import Measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.analysis.metrics import Series
    from tidegate.model.analysis import Verdict
    from tidegate.model.intent.analysis import Metric

Value = float | str
"""A number, or why there is none."""


def value_of(series: Sequence[Series]) -> Value:
    """The one number that a query gives: nothing else is an answer."""
    if not series:
        return "gives nothing"
    if len(series) > 1:
        return f"gives {len(series)} series, where one is needed: put sum, max or the like around it"
    points = series[0].points
    if len(points) != 1:
        return f"gives {len(points) or 'no'} values of one series, where one is needed"
    value = points[0][1]
    return value if math.isfinite(value) else f"gives {value}, which is no number"


def custom(name: str, metric: Metric, candidate: Value, live: Value | None) -> Measured:
    """What a metric of the team's says; `live` is None if it isn't compared."""
    verdict, text = _judged(metric, candidate, live)
    return Measured(name, verdict, f"{name} {text}", _number(live), _number(candidate), critical=metric.critical)


def _judged(metric: Metric, candidate: Value, live: Value | None) -> tuple[Verdict, str]:
    lacking: Verdict = "no-data" if metric.no_data == "wait" else "fail"
    if isinstance(candidate, str):
        return lacking, candidate
    if metric.max is not None and candidate > metric.max:
        return "fail", f"{candidate:.6g} > {metric.max:.6g}"
    if metric.min is not None and candidate < metric.min:
        return "fail", f"{candidate:.6g} < {metric.min:.6g}"
    if metric.compare is None or live is None:
        return "pass", f"{candidate:.6g}"
    if isinstance(live, str):
        return lacking, f"{candidate:.6g}, but of the live slot it {live}"
    room = abs(live) * metric.allowed
    said = f"{candidate:.6g}, of the live slot {live:.6g}"
    if metric.compare != "decrease" and candidate > live + room:
        return "fail", f"{said}: more than {metric.allowed:.0%} above"
    if metric.compare != "increase" and candidate < live - room:
        return "fail", f"{said}: more than {metric.allowed:.0%} below"
    return "pass", said


def _number(value: Value | None) -> float | None:
    return value if isinstance(value, float) else None
