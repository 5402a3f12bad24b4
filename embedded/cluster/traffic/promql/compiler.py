"""A query's syntax tree made into functions of the instant that it is asked for.

The tree is walked once: what can't be evaluated is refused before anything is, series are selected once, and a range query only calls
functions. The parser has checked types already, so an expression is taken for what its place demands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

import promql_parser as parser

from embedded.cluster.traffic.promql import aggregations, operators
from embedded.cluster.traffic.promql.calls import string_of, vector_call
from embedded.cluster.traffic.promql.errors import BadDataError, unsupported
from embedded.cluster.traffic.promql.labels import nameless
from embedded.cluster.traffic.promql.operators import Matching, Operation
from embedded.cluster.traffic.promql.source import Window, instant, select, window
from embedded.cluster.traffic.promql.vectors import vector_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.promql.patience import Patience
    from embedded.cluster.traffic.promql.source import Source
    from embedded.cluster.traffic.promql.vectors import Vector

Kind = Literal["scalar", "vector", "matrix", "string"]
# The step of a subquery that names none: Prometheus's default evaluation interval.
SUBQUERY_STEP: Final = 60 * 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(duration: timedelta | None) -> int:
    """The duration; none is none at all."""
    return 0 if duration is None else duration // timedelta(milliseconds=1)


def kind_of(expression: parser.Expr) -> Kind:
    """What the expression gives."""
    match expression:
        case parser.NumberLiteral():
            return "scalar"
        case parser.StringLiteral():
            return "string"
        case parser.MatrixSelector() | parser.SubqueryExpr():
            return "matrix"
        case parser.Call():
            return "scalar" if expression.func.return_type == parser.ValueType.Scalar else "vector"
        case parser.ParenExpr() | parser.UnaryExpr():
            return kind_of(expression.expr)
        case parser.BinaryExpr() if kind_of(expression.lhs) == kind_of(expression.rhs) == "scalar":
            return "scalar"
        case _:
            return "vector"


@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes functions of expressions, over a source and for a query from `start` to `end`."""

    source: Source
    start: int
    end: int
    lookback: int
    patience: Patience

    def scalar(self, expression: parser.Expr) -> Callable[[int], float]:
        """The function of an expression that gives a scalar."""
        match expression:
            case parser.NumberLiteral():
                number = expression.val
                return lambda _: number
            case parser.ParenExpr():
                return self.scalar(expression.expr)
            case parser.UnaryExpr():
                inner = self.scalar(expression.expr)
                return lambda at: -inner(at)
            case parser.BinaryExpr():
                return self._scalars(expression)
            case parser.Call():
                return self._scalar_call(expression)
            case _:
                raise unsupported(f"{expression.prettify()} as a scalar")

    def _scalars(self, expression: parser.BinaryExpr) -> Callable[[int], float]:
        left, right = self.scalar(expression.lhs), self.scalar(expression.rhs)
        operation = _operation(expression)

        def evaluate(at: int) -> float:
            value = operation.value(left(at), right(at))
            return math.nan if value is None else value

        return evaluate

    def _scalar_call(self, call: parser.Call) -> Callable[[int], float]:
        match call.func.name:
            case "time":
                return lambda at: at / 1000
            case "pi":
                return lambda _: math.pi
            case "scalar":
                vector = self.vector(call.args[0])
                return lambda at: _single(vector(at))
            case name:
                raise unsupported(f"the function {name}()")

    def vector(self, expression: parser.Expr) -> Callable[[int], Vector]:
        """The function of an expression that gives an instant vector."""
        match expression:
            case parser.VectorSelector():
                return self._selector(expression)
            case parser.ParenExpr():
                return self.vector(expression.expr)
            case parser.UnaryExpr():
                inner = self.vector(expression.expr)
                return lambda at: vector_of((nameless(labels), -value) for labels, value in inner(at).items())
            case parser.AggregateExpr():
                return self._aggregation(expression)
            case parser.BinaryExpr():
                return self._binary(expression)
            case parser.Call():
                return vector_call(self, expression)
            case _:
                raise unsupported(f"{expression.prettify()} as an instant vector")

    def _selector(self, selector: parser.VectorSelector) -> Callable[[int], Vector]:
        stamped = self.samples(selector)
        return lambda at: {labels: value for labels, _, value in stamped(at)}

    def samples(self, selector: parser.VectorSelector) -> Callable[[int], list[tuple[Labels, int, float]]]:
        """The selected series' samples at an instant, with their own times."""
        found, shift = select(self.source, selector), self._shift(selector)

        def evaluate(at: int) -> list[tuple[Labels, int, float]]:
            samples = ((series.labels, instant(series, shift(at), self.lookback)) for series in found)
            return [(labels, *sample) for labels, sample in samples if sample is not None]

        return evaluate

    def windows(self, expression: parser.Expr) -> Callable[[int], list[Window]]:
        """The function of an expression that gives ranges."""
        match expression:
            case parser.ParenExpr():
                return self.windows(expression.expr)
            case parser.MatrixSelector():
                return self._range(expression)
            case parser.SubqueryExpr():
                return self._subquery(expression)
            case _:
                raise unsupported(f"{expression.prettify()} as a range vector")

    def _range(self, selector: parser.MatrixSelector) -> Callable[[int], list[Window]]:
        found, length = select(self.source, selector.vector_selector), milliseconds(selector.range)
        shift = self._shift(selector.vector_selector)

        def evaluate(at: int) -> list[Window]:
            end = shift(at)
            windows = (window(series, end - length, end, at) for series in found)
            return [w for w in windows if w is not None]

        return evaluate

    def _subquery(self, query: parser.SubqueryExpr) -> Callable[[int], list[Window]]:
        inner, shift = self.vector(query.expr), self._shift(query)
        length, step = milliseconds(query.range), milliseconds(query.step) or SUBQUERY_STEP
        # The instants lie on one grid however the query moves, so that the next step of a range query finds most of them evaluated.
        known: dict[int, Vector] = {}

        def evaluate(at: int) -> list[Window]:
            end = shift(at)
            times: dict[Labels, list[int]] = {}
            values: dict[Labels, list[float]] = {}
            for time in self.patience.over(range(((end - length) // step + 1) * step, end + 1, step)):
                if time not in known:
                    known[time] = inner(time)
                for labels, value in known[time].items():
                    times.setdefault(labels, []).append(time)
                    values.setdefault(labels, []).append(value)
            return [Window(labels, times[labels], values[labels], end - length, end, at) for labels in times]

        return evaluate

    def _shift(self, expression: parser.VectorSelector | parser.SubqueryExpr) -> Callable[[int], int]:
        """The instant that a selector looks at, by its `@` and `offset`."""
        offset, fixed = milliseconds(expression.offset), expression.at
        if fixed is None:
            return lambda at: at - offset
        if fixed.type == parser.AtModifierType.Start:
            pinned = self.start
        elif fixed.type == parser.AtModifierType.End:
            pinned = self.end
        elif fixed.at is not None:
            pinned = (fixed.at - _EPOCH) // timedelta(milliseconds=1)
        else:
            raise BadDataError(f"no instant in {expression.prettify()}")
        return lambda _: pinned - offset

    def _aggregation(self, expression: parser.AggregateExpr) -> Callable[[int], Vector]:
        operation, modifier = str(expression.op), expression.modifier
        keep = modifier is None or modifier.type == parser.AggModifierType.By
        group = aggregations.grouping(frozenset(modifier.labels if modifier else ()), keep=keep)
        vector = self.vector(expression.expr)
        if operation in aggregations.SIMPLE:
            return lambda at: aggregations.combine(operation, vector(at), group)
        if operation not in aggregations.WITH_PARAMETER or expression.param is None:
            raise unsupported(f"the aggregation {operation}")
        if operation == "count_values":
            label = string_of(expression.param)
            return lambda at: aggregations.value_counts(label, vector(at), group)
        parameter = self.scalar(expression.param)
        if operation == "quantile":
            return lambda at: aggregations.quantiles(parameter(at), vector(at), group)
        return lambda at: aggregations.extremes(parameter(at), vector(at), group, top=operation == "topk")

    def _binary(self, expression: parser.BinaryExpr) -> Callable[[int], Vector]:
        scalars = [kind_of(side) == "scalar" for side in (expression.lhs, expression.rhs)]
        if any(scalars):
            operation, swapped = _operation(expression), scalars[0]
            scalar = self.scalar(expression.lhs if swapped else expression.rhs)
            vector = self.vector(expression.rhs if swapped else expression.lhs)
            return lambda at: operators.with_scalar(operation, vector(at), scalar(at), swapped=swapped)
        left, right = self.vector(expression.lhs), self.vector(expression.rhs)
        sign, matching = str(expression.op), _matching(expression.modifier)
        if sign in operators.SETS:
            return lambda at: operators.combined_sets(sign, left(at), right(at), matching)
        between = _operation(expression)
        return lambda at: operators.with_vector(between, left(at), right(at), matching)


def _single(vector: Vector) -> float:
    return next(iter(vector.values())) if len(vector) == 1 else math.nan


def _operation(expression: parser.BinaryExpr) -> Operation:
    sign = str(expression.op)
    if sign not in operators.ARITHMETIC and sign not in operators.COMPARISONS:
        raise unsupported(f"the operator {sign}")
    return Operation(sign, as_bool=expression.modifier is not None and expression.modifier.return_bool)


def _matching(modifier: parser.BinModifier | None) -> Matching:
    if modifier is None:
        return Matching()
    if modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None:
        raise unsupported("the modifier fill")
    many = ""
    if modifier.card == parser.VectorMatchCardinality.ManyToOne:
        many = "left"
    elif modifier.card == parser.VectorMatchCardinality.OneToMany:
        many = "right"
    matching = modifier.matching
    return Matching(
        labels=frozenset(matching.labels if matching else ()),
        on=matching is not None and matching.type == parser.LabelModifierType.Include,
        many=many,
        include=tuple(modifier.group_labels or ()),
    )
