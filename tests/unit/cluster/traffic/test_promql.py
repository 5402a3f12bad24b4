"""PromQL's finer points, without a Prometheus at hand. A comparison with a real one is in tests/local/traffic."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.traffic.promql.errors import BadDataError, ExecutionError
from embedded.cluster.traffic.promql.evaluate import at_instant, over_range
from embedded.cluster.traffic.promql.labels import labels_from
from embedded.cluster.traffic.promql.numbers import exact_sum, power, quantile, text_of

if TYPE_CHECKING:
    from embedded.cluster.traffic.promql.labels import Labels


@dataclass
class Line:
    """A series: a sample every ten seconds."""

    labels: Labels
    values: list[float]
    times: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.times = [10_000 * i for i in range(len(self.values))]


class Lines:
    """A few series."""

    def __init__(self, **lines: list[float]) -> None:
        self._lines = [Line(labels_from({"__name__": name.partition("_")[0], "x": name.partition("_")[2]}), v) for name, v in lines.items()]

    def series(self) -> list[Line]:
        return self._lines


RISING = Lines(up=[float(i) for i in range(61)], m_a=[1, 1], m_b=[2, 2])
STALE = Lines(m=[1, 2, math.nan, 4, math.nan])


def values(source: Lines, query: str, at: float) -> list[float]:
    """The values of an instant's answer."""
    return [track.points[0][1] for track in at_instant(source, query, round(at * 1000)).tracks]


@pytest.mark.parametrize(
    ("query", "at", "expected"),
    [
        ("count_over_time(up[30s])", 100, [3]),  # a range's start is not in it
        ("count_over_time(up[30s])", 100.001, [3]),
        ("count_over_time(up[30s])", 99.999, [3]),
        ("count_over_time(up[10s:10s])", 100, [1]),
        ("up", 600 + 299.999, [60]),  # stale after five minutes
        ("up", 600 + 300, []),
        ("up offset 5m", 600 + 400, [60]),
        ("rate(up[1m])", 100, [0.1]),
        ("rate(up[10s])", 100, []),  # one sample is no rate
        ("increase(up[1m] offset 1m)", 160, [6]),
        ("up @ 100", 500, [10]),
        ("avg_over_time(up[1m:])", 600, [60]),  # a subquery's step is a minute
        ("sum(m)", 10, [3]),
        ("m > bool 1", 10, [0, 1]),
    ],
)
def test_instants(query: str, at: float, expected: list[float]) -> None:
    """Edges of ranges, of staleness and of steps are where Prometheus 3 has them."""
    assert values(RISING, query, at) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("at", "now", "last"), [(15, [2], [2]), (20, [], [2]), (29, [], [2]), (35, [4], [4]), (40, [], [4]), (400, [], [])]
)
def test_staleness_markers(at: float, now: list[float], last: list[float]) -> None:
    """A marked series has no value, but had some."""
    assert values(STALE, "m", at) == now
    assert values(STALE, "last_over_time(m[2m])", at) == last


def test_range() -> None:
    """A range query gives the instants' answers, where there are any, in the order of labels."""
    answer = over_range(Lines(m_b=[1, 2], m_a=[5]), "m * 2", 0, 320_000, 160_000)
    assert [(track.labels, track.points) for track in answer.tracks] == [
        ((("x", "a"),), [(0, 10.0), (160_000, 10.0)]),
        ((("x", "b"),), [(0, 2.0), (160_000, 4.0)]),
    ]


def test_scalars_and_strings() -> None:
    """A scalar over a range is one track; a string is a text, at an instant only."""
    assert over_range(RISING, "time()", 1000, 3000, 1000).tracks[0].points == [(1000, 1.0), (2000, 2.0), (3000, 3.0)]
    assert at_instant(RISING, '"word"', 0).text == "word"
    with pytest.raises(BadDataError, match='invalid expression type "string" for range query'):
        over_range(RISING, '"word"', 0, 1, 1)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("info(up)", "the function info()"),
        ("histogram_count(up)", "the function histogram_count()"),
        ("double_exponential_smoothing(up[5m], 0.5, 0.5)", "the function double_exponential_smoothing()"),
        ("limitk(2, up)", "the aggregation limitk"),
        ("up + fill(0) m", "the modifier fill"),
        ('up{x="1" or x="2"}', "`or` between label matchers"),
    ],
)
def test_unsupported(query: str, what: str) -> None:
    """What isn't there is refused by name, before anything is evaluated."""
    with pytest.raises(BadDataError) as refused:
        at_instant(Lines(), query, 0)
    assert str(refused.value) == f'invalid parameter "query": {what} is not supported here; ask a real Prometheus'


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("up +", "parse error"),
        ("1" + "+1" * 1200, "nested too deeply"),
        ("1" + "+1" * 3000, "longer than 6000 characters"),
        ('up{x=~"[[:alpha:"}', "parse error: illegal regex"),
        ('up{x=~"\\\\pL"}', "the regular expression '\\\\\\\\pL' of label x can't be used here"),
        ('label_replace(m, "a b", "", "x", "")', "invalid destination label name in label_replace\\(\\): a b"),
        ('label_replace(m, "a", "", "x", "(")', "invalid regular expression in label_replace\\(\\): \\("),
        ('label_join(m, "-", "", "x")', "invalid destination label name in label_join\\(\\): -"),
        ('count_values("a b", m)', "invalid label name 'a b' in count_values\\(\\)"),
    ],
)
def test_bad_data(query: str, words: str) -> None:
    """A wrong query is refused with what is wrong."""
    with pytest.raises(BadDataError, match=words):
        at_instant(RISING, query, 10_000)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("m + on() m", "found duplicate series for the match group {} on the right hand-side"),
        ("m + on() group_right m", "found duplicate series for the match group {} on the left hand-side"),
        ("m * on() up", "many-to-one matching must be explicit"),
        ('label_replace(m, "x", "y", "x", ".*")', "same labelset"),
        ('{__name__=~"m|up"} * 0 - 0 + on(x) label_replace(m, "x", "", "x", ".*")', "same labelset"),
        ("topk(scalar(nothing), m)", "overflows int64"),
    ],
)
def test_execution_errors(query: str, words: str) -> None:
    """What the series don't allow is said so."""
    with pytest.raises(ExecutionError, match=words):
        at_instant(RISING, query, 10_000)


@pytest.mark.parametrize(
    ("start", "end", "step", "words"),
    [(0, 10, 0, "zero or negative"), (10, 0, 1, "end timestamp must not be before start"), (0, 11_001, 1, "exceeded maximum resolution")],
)
def test_ranges(start: int, end: int, step: int, words: str) -> None:
    """A range that can't be is refused."""
    with pytest.raises(BadDataError, match=words):
        over_range(RISING, "up", start, end, step)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (-0.0, "-0"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-07"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_number_texts(value: float, text: str) -> None:
    """Numbers are written as Prometheus writes them."""
    assert text_of(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_texts_read_back(value: float) -> None:
    """No digit is lost."""
    assert float(text_of(value)) == value


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.floats(0, 1))
def test_quantile_lies_within(values: list[float], q: float) -> None:
    """A quantile is between the smallest and the largest value, and moves with q, but for the last binary digits."""
    assert min(values) - 1e-6 <= quantile(q, values) <= max(values) + 1e-6
    assert quantile(q / 2, values) <= quantile(q, values) + 1e-6


@given(st.lists(st.floats(-1e12, 1e12)))
def test_exact_sum(values: list[float]) -> None:
    """The compensated sum is the exact one's, rounded."""
    assert exact_sum(values) == pytest.approx(math.fsum(values), rel=1e-15, abs=1e-9)


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [(0.0, -1.0, math.inf), (-0.0, -1.0, -math.inf), (-8.0, 1 / 3, math.nan), (10.0, 400.0, math.inf), (-10.0, 401.0, -math.inf)],
)
def test_power(left: float, right: float, result: float) -> None:
    """Powers that Python refuses are what IEEE 754 says."""
    assert power(left, right) == pytest.approx(result, nan_ok=True)
