"""Instant vectors: one value a label set. Two values for one label set are an error of the query, as in Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.traffic.promql.errors import ExecutionError
from embedded.cluster.traffic.promql.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable

Vector = dict[Labels, float]


def vector_of(samples: Iterable[tuple[Labels, float]]) -> Vector:
    """The vector of these samples."""
    vector: Vector = {}
    for labels, value in samples:
        if labels in vector:
            raise ExecutionError("vector cannot contain metrics with the same labelset")
        vector[labels] = value
    return vector
