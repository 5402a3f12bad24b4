"""Looks at a candidate by bounds: its errors, its latency, and what the team measures besides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tidegate.analysis import latencies, rates
from tidegate.analysis.counting import Counts, Window, counted
from tidegate.analysis.customs import custom, value_of
from tidegate.analysis.metrics import QueryError
from tidegate.analysis.scoring import Scale, scored
from tidegate.analysis.sides import sides
from tidegate.model.analysis import Look, Measured
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.analysis.customs import Value
    from tidegate.analysis.metrics import Metrics
    from tidegate.analysis.queries import Side
    from tidegate.analysis.sides import Sides
    from tidegate.model.intent.analysis import Analysis
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading


class ThresholdJudge:
    """The port `Judge`. It keeps nothing: a look at a moment that is past is the look that would have been taken then."""

    def __init__(self, metrics: Callable[[Told], Metrics]) -> None:
        """`metrics`: where what a stack was told is measured (`places.Places`)."""
        self._metrics = metrics

    def look(self, told: Told, reading: Reading, service: str, since: datetime, at: datetime) -> Look:
        """One look at a service as it was at a moment; `since`: when its weight was set.

        `UnreachableError` when what was measured can't be had just now: take the same look later.
        """
        analysis = told.intent.services[service].analysis
        found = sides(told, reading, service)
        measured: tuple[Measured, ...] = ()
        scale = Scale(0, 0, {})
        if analysis is not None and found is not None:
            weights = {name: one.weight for name, one in analysis.metrics.items()}
            scale = Scale(analysis.pass_score, analysis.marginal_score, weights, frozenset({rates.NAME, latencies.NAME}))
            measured = tuple(_Looking(self._metrics(told), analysis, found, since, at).measured())
        verdict, score = scored(measured, scale)
        return Look(service, at.astimezone(UTC).isoformat(), verdict, score, measured)


class _Looking:
    """One look."""

    def __init__(self, metrics: Metrics, analysis: Analysis, both: Sides, since: datetime, at: datetime) -> None:
        self._metrics, self._analysis, self._both = metrics, analysis, both
        begin = max(since, at - timedelta(seconds=seconds(analysis.window)))
        self._at = at
        self._window = Window(begin.timestamp(), at.timestamp(), since.timestamp())

    def measured(self) -> Iterator[Measured]:
        """All that is to be measured."""
        analysis = self._analysis
        if analysis.error_rate is not None:
            yield self._guarded(rates.NAME, self._error_rate, analysis.error_rate)
        if analysis.latency_p95 is not None:
            yield self._guarded(latencies.NAME, self._latency, seconds(analysis.latency_p95))
        for name, metric in analysis.metrics.items():
            live = self._value(self._both.live, metric.query, self._live_until) if metric.compare is not None else None
            yield custom(name, metric, self._value(self._both.candidate, metric.query, self._at), live)

    def _error_rate(self, bound: float) -> Measured:
        counts = self._counts(self._both.candidate, self._window)
        whole = replace(self._window, begin=self._window.since)
        if counts.requests < self._analysis.requests and whole != self._window:
            # Too few to tell: all since the step began, for this metric and those after it.
            self._window, counts = whole, self._counts(self._both.candidate, whole)
        found = self._judged(bound, counts, self._window)
        if found.verdict == "marginal" and whole != self._window:
            # What may be chance in one window isn't, if it goes on. That it was well before is no excuse.
            longer = self._judged(bound, self._counts(self._both.candidate, whole), whole)
            return longer if longer.verdict == "fail" else found
        return found

    def _judged(self, bound: float, counts: Counts, window: Window) -> Measured:
        end = self._live_until.timestamp()
        begin = end - (window.end - window.begin)
        live = self._counts(self._both.live, Window(begin, end, begin))
        return rates.error_rate(bound, counts, live, self._analysis.requests, f"{window.seconds} s")

    def _latency(self, bound: float) -> Measured:
        found = self._metrics.query(self._both.candidate.durations(self._window.seconds), self._at) if self._window.seconds else ()
        return latencies.latency(bound, latencies.Histogram.of(found), self._analysis.requests, self._over)

    def _counts(self, side: Side, window: Window) -> Counts:
        if not window.seconds:
            return Counts()
        return counted(self._metrics.query(side.requests(window.seconds), datetime.fromtimestamp(window.end, UTC)), window)

    def _value(self, side: Side, query: str, at: datetime) -> Value:
        if not self._window.seconds:
            return "can't be asked for yet: the step has only just begun"
        try:
            return value_of(self._metrics.query(side.filled(query, self._window.seconds), at))
        except QueryError as error:
            return f"can't be asked for: {error}"

    @staticmethod
    def _guarded(name: str, measure: Callable[[float], Measured], bound: float) -> Measured:
        """A query that is refused, for being too big or for whatever its Prometheus doesn't know, is no data."""
        try:
            return measure(bound)
        except QueryError as error:
            return Measured(name, "no-data", f"{name} can't be measured: {error}")

    @property
    def _live_until(self) -> datetime:
        return self._both.live_until or self._at

    @property
    def _over(self) -> str:
        return f"{self._window.seconds} s"
