"""Where samples come from, and how an instant or a range picks among them.

Times are whole milliseconds. A sample that is not a number is a staleness marker: the series ends there, until its next sample.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import promql_parser as parser

from embedded.cluster.traffic.promql.errors import BadDataError, unsupported
from embedded.cluster.traffic.promql.labels import NAME, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from embedded.cluster.traffic.promql.labels import Labels

# How far back an instant looks for a series' last sample.
LOOKBACK: Final = 5 * 60 * 1000


class Series(Protocol):
    """One series' samples, oldest first."""

    @property
    def labels(self) -> Labels:
        """Its label set, name and all."""
        ...

    @property
    def times(self) -> Sequence[int]:
        """When; rising."""
        ...

    @property
    def values(self) -> Sequence[float]:
        """What, for each of the times."""
        ...


class Source(Protocol):
    """All series."""

    def series(self) -> Iterable[Series]:
        """Each of them, in an order that is the same in the same run."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """A series' samples in a range; `at` is the instant that the range was asked for, which an offset makes later than its end."""

    labels: Labels
    times: Sequence[int]
    values: Sequence[float]
    start: int
    end: int
    at: int


Matches = tuple[str, "Callable[[str], bool]"]


def _matches(op: parser.MatchOp, name: str, value: str) -> Matches:
    if op == parser.MatchOp.Equal:
        return name, lambda found: found == value
    if op == parser.MatchOp.NotEqual:
        return name, lambda found: found != value
    try:
        pattern = re.compile(value, re.DOTALL)
    except re.error as e:
        raise BadDataError(f"the regular expression {value!r} of label {name} can't be used here: {e}") from e
    if op == parser.MatchOp.Re:
        return name, lambda found: pattern.fullmatch(found) is not None
    return name, lambda found: pattern.fullmatch(found) is None


def select(source: Source, selector: parser.VectorSelector) -> list[Series]:
    """The series that the selector names."""
    if selector.matchers.or_matchers:
        raise unsupported("`or` between label matchers")
    matchers = [_matches(m.op, m.name, m.value) for m in selector.matchers.matchers]
    if selector.name is not None:
        matchers.insert(0, _matches(parser.MatchOp.Equal, NAME, selector.name))
    return [s for s in source.series() if all(matches(value_of(s.labels, name)) for name, matches in matchers)]


def instant(series: Series, at: int, lookback: int) -> tuple[int, float] | None:
    """The last sample at or before the instant, if it isn't stale or too old."""
    index = bisect_right(series.times, at) - 1
    if index < 0 or series.times[index] <= at - lookback or math.isnan(series.values[index]):
        return None
    return series.times[index], series.values[index]


def window(series: Series, start: int, end: int, at: int) -> Window | None:
    """The samples after the start and up to the end."""
    first, last = bisect_right(series.times, start), bisect_right(series.times, end)
    if first == last:
        return None
    times, values = series.times[first:last], series.values[first:last]
    if any(map(math.isnan, values)):
        kept = [(t, v) for t, v in zip(times, values, strict=True) if not math.isnan(v)]
        if not kept:
            return None
        times, values = [t for t, _ in kept], [v for _, v in kept]
    return Window(series.labels, times, values, start, end, at)
