"""Calls of functions that give a vector: which of the function modules does it, and with which arguments."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import promql_parser as parser

from embedded.cluster.traffic.promql import elementwise, relabelling, windows
from embedded.cluster.traffic.promql.errors import BadDataError, unsupported
from embedded.cluster.traffic.promql.histograms import histogram_quantiles
from embedded.cluster.traffic.promql.labels import NAME, NONE, labels_from, nameless
from embedded.cluster.traffic.promql.vectors import vector_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from embedded.cluster.traffic.promql.compiler import Compiler
    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.promql.source import Window
    from embedded.cluster.traffic.promql.vectors import Vector

    Evaluate = Callable[[int], Vector]


def vector_call(compiler: Compiler, call: parser.Call) -> Evaluate:
    """The function of a call that gives an instant vector."""
    name, arguments = call.func.name, call.args
    if name in windows.FUNCTIONS:
        function = windows.FUNCTIONS[name]
        return _over_windows(compiler, arguments[0], lambda window, _: function(window), keep_name=name in windows.KEEP_NAME)
    if name in elementwise.MATHS:
        return _mapped(compiler.vector(arguments[0]), elementwise.MATHS[name])
    if name in elementwise.CALENDAR:
        return _calendar(compiler, arguments, elementwise.CALENDAR[name])
    if name not in _OTHERS:
        raise unsupported(f"the function {name}()")
    return _OTHERS[name](compiler, arguments)


def _over_windows(
    compiler: Compiler,
    ranges: parser.Expr,
    function: Callable[[Window, float], float | None],
    parameter: parser.Expr | None = None,
    *,
    keep_name: bool = False,
) -> Evaluate:
    found = compiler.windows(ranges)
    scalar = compiler.scalar(parameter) if parameter is not None else None

    def samples(at: int) -> Iterable[tuple[Labels, float]]:
        second = scalar(at) if scalar else math.nan
        for window in found(at):
            value = function(window, second)
            if value is not None:
                yield window.labels if keep_name else nameless(window.labels), value

    return lambda at: vector_of(samples(at))


def _mapped(vector: Evaluate, function: Callable[[float], float]) -> Evaluate:
    return lambda at: vector_of((nameless(labels), function(value)) for labels, value in vector(at).items())


def _calendar(compiler: Compiler, arguments: list[parser.Expr], part: Callable[[float], float]) -> Evaluate:
    return _mapped(compiler.vector(arguments[0]) if arguments else lambda at: {NONE: at / 1000}, part)


def _vector(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    scalar = compiler.scalar(arguments[0])
    return lambda at: {NONE: scalar(at)}


def _timestamp(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    selector = _unwrapped(arguments[0])
    if isinstance(selector, parser.VectorSelector):
        stamped = compiler.samples(selector)
        return lambda at: vector_of((nameless(labels), time / 1000) for labels, time, _ in stamped(at))
    vector = compiler.vector(selector)
    return lambda at: vector_of((nameless(labels), at / 1000) for labels in vector(at))


def _absent(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    vector, labels = compiler.vector(arguments[0]), _labels_of_absence(arguments[0])
    return lambda at: {} if vector(at) else {labels: 1.0}


def _absent_over_time(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    found, labels = compiler.windows(arguments[0]), _labels_of_absence(arguments[0])
    return lambda at: {} if found(at) else {labels: 1.0}


def _labels_of_absence(expression: parser.Expr) -> Labels:
    """What can be said of series that aren't there: the labels that the selector asks for by equality, once each."""
    selector = expression.vector_selector if isinstance(expression, parser.MatrixSelector) else expression
    if not isinstance(selector, parser.VectorSelector):
        return NONE
    asked = [m for m in selector.matchers.matchers if m.name != NAME]
    names = [m.name for m in asked]
    return labels_from({m.name: m.value for m in asked if m.op == parser.MatchOp.Equal and names.count(m.name) == 1})


def _histogram_quantile(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    q, vector = compiler.scalar(arguments[0]), compiler.vector(arguments[1])
    return lambda at: vector_of((nameless(labels), value) for labels, value in histogram_quantiles(q(at), vector(at)))


def _sorted(compiler: Compiler, arguments: list[parser.Expr], sign: float) -> Evaluate:
    vector = compiler.vector(arguments[0])
    return lambda at: dict(sorted(vector(at).items(), key=lambda sample: (math.isnan(sample[1]), sign * sample[1])))


def _with_bounds(compiler: Compiler, vector: parser.Expr, low: parser.Expr | None, high: parser.Expr | None) -> Evaluate:
    """The clamp family; clamping between bounds that cross leaves nothing."""
    found = compiler.vector(vector)
    lower = compiler.scalar(low) if low is not None else lambda _: -math.inf
    upper = compiler.scalar(high) if high is not None else lambda _: math.inf

    def evaluate(at: int) -> Vector:
        least, most = lower(at), upper(at)
        if least > most:
            return {}
        return vector_of((nameless(labels), elementwise.clamp(value, least, most)) for labels, value in found(at).items())

    return evaluate


def _round(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    vector = compiler.vector(arguments[0])
    step = compiler.scalar(arguments[1]) if len(arguments) > 1 else lambda _: 1.0

    def evaluate(at: int) -> Vector:
        to = step(at)
        return vector_of((nameless(labels), elementwise.round_to(value, to)) for labels, value in vector(at).items())

    return evaluate


def _label_replace(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    destination, replacement, source, regex = map(string_of, arguments[1:])
    vector, change = compiler.vector(arguments[0]), relabelling.replacing(destination, replacement, source, regex)
    return lambda at: change(vector(at))


def _label_join(compiler: Compiler, arguments: list[parser.Expr]) -> Evaluate:
    destination, separator, *sources = map(string_of, arguments[1:])
    vector, change = compiler.vector(arguments[0]), relabelling.joining(destination, separator, sources)
    return lambda at: change(vector(at))


def _unwrapped(expression: parser.Expr) -> parser.Expr:
    while isinstance(expression, parser.ParenExpr):
        expression = expression.expr
    return expression


def string_of(expression: parser.Expr) -> str:
    """A string literal's value."""
    literal = _unwrapped(expression)
    if not isinstance(literal, parser.StringLiteral):
        raise BadDataError(f"{expression.prettify()} is no string literal")
    return literal.val


_OTHERS: dict[str, Callable[[Compiler, list[parser.Expr]], Evaluate]] = {
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "clamp": lambda compiler, a: _with_bounds(compiler, a[0], a[1], a[2]),
    "clamp_max": lambda compiler, a: _with_bounds(compiler, a[0], None, a[1]),
    "clamp_min": lambda compiler, a: _with_bounds(compiler, a[0], a[1], None),
    "histogram_quantile": _histogram_quantile,
    "label_join": _label_join,
    "label_replace": _label_replace,
    "predict_linear": lambda compiler, a: _over_windows(compiler, a[0], windows.predict_linear, a[1]),
    "quantile_over_time": lambda compiler, a: _over_windows(compiler, a[1], windows.quantile_over_time, a[0]),
    "round": _round,
    "sort": lambda compiler, a: _sorted(compiler, a, 1.0),
    "sort_desc": lambda compiler, a: _sorted(compiler, a, -1.0),
    "timestamp": _timestamp,
    "vector": _vector,
}
