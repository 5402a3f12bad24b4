"""Aggregations over the label sets of a vector: `sum by (...)`, `topk`, and their like."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.errors import BadDataError, ExecutionError
from embedded.cluster.traffic.promql.labels import NAME, labels_from, only, without
from embedded.cluster.traffic.promql.numbers import average, exact_sum, largest, quantile, smallest, text_of, variance
from embedded.cluster.traffic.promql.vectors import vector_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.promql.vectors import Vector

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LARGEST_COUNT: Final = float(1 << 63)

SIMPLE: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "avg": average,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "max": largest,
    "min": smallest,
    "stddev": lambda values: math.sqrt(variance(values)),
    "stdvar": variance,
    "sum": exact_sum,
}
# Those that pick series, or name them, by a parameter.
WITH_PARAMETER: Final = frozenset({"bottomk", "count_values", "quantile", "topk"})


def grouping(labels: frozenset[str], *, keep: bool) -> Callable[[Labels], Labels]:
    """What the members of a group have in common: these labels only, or all but these."""
    if keep:
        return lambda found: only(found, labels)
    dropped = labels | {NAME}
    return lambda found: without(found, dropped)


def grouped(vector: Vector, group: Callable[[Labels], Labels]) -> dict[Labels, Vector]:
    """The vector's parts by group."""
    groups: dict[Labels, Vector] = {}
    for labels, value in vector.items():
        groups.setdefault(group(labels), {})[labels] = value
    return groups


def combine(operation: str, vector: Vector, group: Callable[[Labels], Labels]) -> Vector:
    """One value a group."""
    of = SIMPLE[operation]
    return {labels: of(list(part.values())) for labels, part in grouped(vector, group).items()}


def quantiles(q: float, vector: Vector, group: Callable[[Labels], Labels]) -> Vector:
    """The quantile of each group."""
    return {labels: quantile(q, part.values()) for labels, part in grouped(vector, group).items()}


def extremes(number: float, vector: Vector, group: Callable[[Labels], Labels], *, top: bool) -> Vector:
    """The largest or smallest series of each group, as they are."""
    if math.isnan(number) or abs(number) >= _LARGEST_COUNT:
        raise ExecutionError(f"Scalar value {text_of(number)} overflows int64")
    sign = -1.0 if top else 1.0
    result: Vector = {}
    for part in grouped(vector, group).values():
        ordered = sorted(part.items(), key=lambda sample: (math.isnan(sample[1]), sign * sample[1]))
        result.update(ordered[: max(0, int(number))])
    return result


def value_counts(label: str, vector: Vector, group: Callable[[Labels], Labels]) -> Vector:
    """How often each value occurs in each group, the value being a label."""
    if not _LABEL_NAME.fullmatch(label):
        raise BadDataError(f"invalid label name {label!r} in count_values()")
    return vector_of(
        (labels_from(dict(labels) | {label: text_of(value, exponents=False)}), float(count))
        for labels, part in grouped(vector, group).items()
        for value, count in Counter(part.values()).items()
    )
