"""Binary operators: between scalars, between a vector and a scalar, and between vectors by matching labels."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.errors import ExecutionError
from embedded.cluster.traffic.promql.labels import NAME, labels_from, nameless, only, text_of, value_of, without
from embedded.cluster.traffic.promql.numbers import divide, modulo, power
from embedded.cluster.traffic.promql.vectors import vector_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.promql.vectors import Vector

ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "%": modulo,
    "*": operator.mul,
    "+": operator.add,
    "-": operator.sub,
    "/": divide,
    "^": power,
    "atan2": math.atan2,
}
COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}
SETS: Final = frozenset({"and", "or", "unless"})


@dataclass(frozen=True, slots=True)
class Matching:
    """How two vectors' label sets find each other."""

    labels: frozenset[str] = frozenset()
    on: bool = False
    # Which side may have several series to one of the other: "left", "right", or neither.
    many: str = ""
    include: tuple[str, ...] = ()

    def key(self, labels: Labels) -> Labels:
        """What matching label sets have in common."""
        return only(labels, self.labels) if self.on else without(labels, self.labels | {NAME})


@dataclass(frozen=True, slots=True)
class Operation:
    """An arithmetic or comparison operator, with what `bool` makes of the latter."""

    sign: str
    as_bool: bool = False

    @property
    def renames(self) -> bool:
        """Whether the result isn't the metric any more."""
        return self.as_bool or self.sign in ARITHMETIC

    def value(self, left: float, right: float) -> float | None:
        """The value between two numbers; None if it compares, and they fail. A comparison that holds gives the left one."""
        if self.sign in ARITHMETIC:
            return ARITHMETIC[self.sign](left, right)
        holds = COMPARISONS[self.sign](left, right)
        if self.as_bool:
            return float(holds)
        return left if holds else None


def with_scalar(operation: Operation, vector: Vector, scalar: float, *, swapped: bool) -> Vector:
    """Each element with the scalar, which is on the left if swapped; a comparison keeps the element's value."""

    def samples() -> list[tuple[Labels, float]]:
        found = []
        for labels, value in vector.items():
            result = operation.value(scalar, value) if swapped else operation.value(value, scalar)
            if result is not None:
                kept = value if not operation.renames else result
                found.append((nameless(labels) if operation.renames else labels, kept))
        return found

    return vector_of(samples())


def combined_sets(sign: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """Elements of both sides by whether the other side has their labels."""
    if sign == "or":
        known = {matching.key(labels) for labels in left}
        return left | {labels: value for labels, value in right.items() if matching.key(labels) not in known}
    known = {matching.key(labels) for labels in right}
    return {labels: value for labels, value in left.items() if (matching.key(labels) in known) == (sign == "and")}


def with_vector(operation: Operation, left: Vector, right: Vector, matching: Matching) -> Vector:
    """Elements with their match on the other side."""
    if not left or not right:
        return {}
    swapped = matching.many == "right"
    many, one = (right, left) if swapped else (left, right)
    partners = _partners(one, matching, "left" if swapped else "right")
    result: Vector = {}
    taken: set[Labels] = set()
    for labels, value in many.items():
        key = matching.key(labels)
        partner = partners.get(key)
        if partner is None:
            continue
        found = operation.value(partner[1], value) if swapped else operation.value(value, partner[1])
        if found is None:
            continue
        metric = _result_labels(operation, labels, partner[0], matching)
        if not matching.many and key in taken:
            raise ExecutionError("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")
        if matching.many and metric in result:
            raise ExecutionError("multiple matches for labels: grouping labels must ensure unique matches")
        taken.add(key)
        result[metric] = found
    return result


def _partners(one: Vector, matching: Matching, side: str) -> dict[Labels, tuple[Labels, float]]:
    partners: dict[Labels, tuple[Labels, float]] = {}
    for labels, value in one.items():
        key = matching.key(labels)
        if key in partners:
            raise ExecutionError(
                f"found duplicate series for the match group {text_of(key)} on the {side} hand-side of the operation: "
                f"[{text_of(labels)}, {text_of(partners[key][0])}];many-to-many matching not allowed: "
                "matching labels must be unique on one side"
            )
        partners[key] = (labels, value)
    return partners


def _result_labels(operation: Operation, labels: Labels, partner: Labels, matching: Matching) -> Labels:
    result = nameless(labels) if operation.renames else labels
    if not matching.many:
        result = only(result, matching.labels) if matching.on else without(result, matching.labels)
    if matching.include:
        return labels_from(dict(result) | {name: value_of(partner, name) for name in matching.include})
    return result
