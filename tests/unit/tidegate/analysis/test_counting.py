"""Requests are counted, each, whatever has become of the pods that counted them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.analysis.counting import Counts, Window, counted
from tidegate.analysis.metrics import Series

STEPS = st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=30)
"""Between two scrapes: how many requests were answered, and whether the pod was started again before."""


def scraped(steps: list[tuple[int, bool]], begin: float = 0.0, code: str = "200") -> Series:
    """A counter, scraped each ten seconds."""
    points, value = [(begin, 0.0)], 0.0
    for i, (requests, again) in enumerate(steps, 1):
        # One that begins anew is seen to only if it is below where it was.
        value = requests if again and requests < value else value + requests
        points.append((begin + 10 * i, value))
    return Series({"code": code}, tuple(points))


@given(STEPS, st.data())
def test_windows_add_up(steps: list[tuple[int, bool]], data: st.DataObject) -> None:
    """What is in a window and what is in the next are in both together, and all of it is all that there was."""
    series, last = [scraped(steps)], 10 * len(steps)
    middle = 10 * data.draw(st.integers(0, len(steps)))
    parts = [counted(series, Window(begin, end, 0)).requests for begin, end in ((0, middle), (middle, last))]
    assert sum(parts) == counted(series, Window(0, last, 0)).requests == sum(requests for requests, _ in steps)


@given(STEPS)
def test_one_that_comes_into_being(steps: list[tuple[int, bool]]) -> None:
    """It has counted all that it says since it was born; unless it was there before, when only its growth counts."""
    series = scraped(steps, code="503")
    born = Series(series.labels, series.points[1:])
    all_ = sum(requests for requests, _ in steps)
    assert counted([born], Window(0, 1000, 0)) == Counts(all_, all_, scraped=True)
    assert counted([series], Window(5, 1000, 5)).requests == all_ - steps[0][0]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], Counts()),
        ([(50, 7.0)], Counts()),
        ([(50, 7.0), (110, 7.0)], Counts(scraped=True)),
        ([(110, math.nan)], Counts()),
        ([(110, 3.0), (120, math.inf)], Counts(3, 0, scraped=True)),
        ([(110, 3.0), (210, 9.0)], Counts(3, 0, scraped=True)),
    ],
)
def test_what_says_nothing(points: list[tuple[float, float]], expected: Counts) -> None:
    """No scrape in the window, no growth, no numbers, and what comes later."""
    assert counted([Series({"code": "200"}, tuple(points))], Window(100, 200, 100)) == expected


@pytest.mark.parametrize(("code", "errors"), [("500", 4), ("503", 4), ("404", 0), ("200", 0), ("", 0), ("5000", 0)])
def test_which_answers_are_errors(code: str, errors: int) -> None:
    """Those that are the service's fault."""
    assert counted([Series({"code": code}, ((110, 4.0),))], Window(100, 200, 100)).errors == errors
