"""Queries and their answers: at an instant, and over a range of instants."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import promql_parser as parser

from embedded.cluster.traffic.promql.calls import string_of
from embedded.cluster.traffic.promql.compiler import Compiler, kind_of
from embedded.cluster.traffic.promql.errors import BadDataError
from embedded.cluster.traffic.promql.labels import NONE
from embedded.cluster.traffic.promql.patience import LONGEST_WAIT, Patience
from embedded.cluster.traffic.promql.source import LOOKBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.traffic.promql.compiler import Kind
    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.promql.source import Source

# The parser is native code and recurses: far longer queries than this could overflow the process's stack.
LONGEST: Final = 6_000
# How many instants a range query may ask for.
MOST_STEPS: Final = 11_000
_UNFIT: Final = {"matrix": "range vector", "string": "string"}


@dataclass(frozen=True, slots=True)
class Track:
    """A label set with its values: times in milliseconds."""

    labels: Labels
    points: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gives. A scalar is one track, a string is `text`."""

    kind: Kind
    tracks: list[Track]
    text: str = ""


def parse(query: str) -> parser.Expr:
    """The query's syntax tree."""
    if len(query) > LONGEST:
        raise BadDataError(f"it is longer than {LONGEST} characters")
    try:
        return parser.parse(query)
    except (ValueError, OverflowError) as e:
        raise BadDataError(f"parse error: {e}") from e


@contextmanager
def _of_query() -> Iterator[None]:
    """What is wrong with a query says so."""
    try:
        yield
    except BadDataError as e:
        raise BadDataError(f'invalid parameter "query": {e}') from e
    except RecursionError as e:
        raise BadDataError('invalid parameter "query": it is nested too deeply') from e


def at_instant(source: Source, query: str, at: int, lookback: int = LOOKBACK, timeout: float = LONGEST_WAIT) -> Answer:
    """The answer at one instant."""
    with _of_query():
        expression = parse(query)
        compiler = Compiler(source, at, at, lookback, Patience(timeout))
        kind = kind_of(expression)
        if kind == "string":
            return Answer("string", [], string_of(expression))
        if kind == "scalar":
            return Answer("scalar", [Track(NONE, [(at, compiler.scalar(expression)(at))])])
        if kind == "matrix":
            windows = sorted(compiler.windows(expression)(at), key=lambda w: w.labels)
            return Answer("matrix", [Track(w.labels, list(zip(w.times, w.values, strict=True))) for w in windows])
        return Answer("vector", [Track(labels, [(at, value)]) for labels, value in compiler.vector(expression)(at).items()])


def over_range(
    source: Source, query: str, start: int, end: int, step: int, lookback: int = LOOKBACK, timeout: float = LONGEST_WAIT
) -> Answer:
    """The answers from start to end, a step apart."""
    if step <= 0:
        raise BadDataError('invalid parameter "step": zero or negative query resolution step widths are not accepted')
    if end < start:
        raise BadDataError('invalid parameter "end": end timestamp must not be before start time')
    if (end - start) // step > MOST_STEPS:
        raise BadDataError("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
    instants, patience = range(start, end + 1, step), Patience(timeout)
    with _of_query():
        expression = parse(query)
        kind = kind_of(expression)
        if kind in _UNFIT:
            raise BadDataError(f'invalid expression type "{_UNFIT[kind]}" for range query, must be Scalar or instant Vector')
        compiler = Compiler(source, start, end, lookback, patience)
        if kind == "scalar":
            scalar = compiler.scalar(expression)
            return Answer("matrix", [Track(NONE, [(at, scalar(at)) for at in patience.over(instants)])])
        vector = compiler.vector(expression)
    tracks: dict[Labels, list[tuple[int, float]]] = {}
    for at in patience.over(instants):
        for labels, value in vector(at).items():
            tracks.setdefault(labels, []).append((at, value))
    return Answer("matrix", [Track(labels, points) for labels, points in sorted(tracks.items())])
