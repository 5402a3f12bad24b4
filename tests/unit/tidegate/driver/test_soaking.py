"""Soaks are judged by looks at fixed moments: whoever looks, and whenever, sees the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.driver.soaking import Failed, Lasting, Missing, Passed, judged, moments
from tidegate.model.analysis import Look, Measured
from tidegate.model.intent.analysis import Analysis

if TYPE_CHECKING:
    from tidegate.driver.soaking import Soak
    from tidegate.model.analysis import Verdict

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
VERDICTS: dict[str, Verdict] = {"p": "pass", "m": "marginal", "f": "fail", "-": "no-data", "?": "inconclusive"}


def after(seconds: float) -> datetime:
    """So long after the weight was set."""
    return SINCE + timedelta(seconds=seconds)


def look(verdict: Verdict, *, critical: bool = False) -> Look:
    """A look."""
    return Look("web", "", verdict, 0, (Measured("errors", verdict, f"errors: {verdict}", critical=critical),))


def soak(said: str, now: float, *, soak: float = 60, failures: int = 1, patience: float = 60) -> Soak:
    """What comes of looks, 20 s apart, a letter each."""
    analysis = Analysis(interval="20s", failures=failures)
    looks = dict(zip(moments(SINCE, soak, 20), [look(VERDICTS[one]) for one in said], strict=False))
    return judged(analysis, SINCE, soak, after(now), looks, patience=patience)


@pytest.mark.parametrize(
    ("whole", "interval", "expected"),
    [
        (60, 20, [20, 40, 60, 80]),
        (60, 25, [25, 50, 60, 85]),
        (60, 60, [60, 120, 180, 240]),
        (30, 60, [30, 90, 150, 210]),
        (0, 30, [0, 30, 60, 90]),
    ],
)
def test_moments_are_every_interval_and_at_the_end(whole: float, interval: float, expected: list[float]) -> None:
    """They follow from the intent alone."""
    assert [(at - SINCE).total_seconds() for at in islice(moments(SINCE, whole, interval), 4)] == expected


@pytest.mark.parametrize(
    ("said", "now", "expected"),
    [
        ("", 10, Lasting),
        ("", 20, Missing),
        ("p", 30, Lasting),
        ("pp", 60, Missing),
        ("ppp", 60, Passed),
        ("pfp", 60, Passed),
        ("ff", 40, Failed),
        ("ppf", 60, Lasting),
        ("ppfp", 80, Passed),
        ("ppff", 80, Failed),
        ("ppm", 60, Lasting),
        ("ppmp", 80, Passed),
        ("p-p", 60, Lasting),
        ("p-pp", 80, Passed),
        ("-----", 100, Lasting),
        ("------", 120, Failed),
        ("pp????", 140, Failed),
        ("pppp", 85, Passed),
        ("ppp", 85, Missing),
        ("pppf", 85, Lasting),
        ("pppff", 105, Failed),
    ],
)
def test_what_comes_of_looks(said: str, now: float, expected: type) -> None:
    """Enough of them must say something, the last one good, and no more bad ones than are borne."""
    assert type(soak(said, now)) is expected


def test_a_critical_metric_fails_at_once() -> None:
    """Whatever else is borne."""
    looks = {after(20): look("fail", critical=True)}
    found = judged(Analysis(interval="20s", failures=5), SINCE, 60, after(20), looks, patience=60)
    assert isinstance(found, Failed)


def test_without_a_soak_nothing_is_looked_at() -> None:
    """The intent says so."""
    assert isinstance(soak("", 0, soak=0), Passed)


@given(said=st.text("pmf-?", max_size=12), now=st.integers(0, 300), more=st.integers(0, 300))
def test_a_verdict_is_never_taken_back_by_time_alone(said: str, now: int, more: int) -> None:
    """What has failed by what was seen until a moment has failed for whoever comes later, too."""
    if isinstance(soak(said, now), Failed):
        assert isinstance(soak(said, now + more), Failed)


@given(said=st.text("-?", max_size=12), now=st.integers(0, 300))
def test_no_data_never_passes(said: str, now: int) -> None:
    """Whatever the time."""
    assert not isinstance(soak(said, now), Passed)
