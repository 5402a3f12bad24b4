"""Whether 95 of 100 requests of a candidate are fast enough, by a histogram of how long they took."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from tidegate.analysis import chances
from tidegate.analysis.rates import BEYOND_CHANCE
from tidegate.model.analysis import Measured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.analysis.metrics import Series
    from tidegate.model.analysis import Verdict

NAME: Final = "latency_p95"
_SHARE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many requests took at most so long, by bound; the last bound is infinite."""

    buckets: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(cls, series: Iterable[Series]) -> Histogram:
        """Out of series by `le`, each with one value; empty if that is no histogram."""
        found = {float(one.labels["le"]): one.points[0][1] for one in series if one.points and "le" in one.labels}
        if not found or math.inf not in found or not all(math.isfinite(count) and count >= 0 for count in found.values()):
            return cls()
        # Buckets are scraped at slightly different moments, and extrapolated each by itself.
        bounds = sorted(found)
        return cls(tuple(zip(bounds, accumulate((found[bound] for bound in bounds), max), strict=True)))

    @property
    def requests(self) -> float:
        """How many there are."""
        return self.buckets[-1][1] if self.buckets else 0.0

    @property
    def last(self) -> float:
        """The last bound of which anything is known."""
        return self.buckets[-2][0] if len(self.buckets) > 1 else 0.0

    def within(self, bound: float) -> float:
        """How many took at most so long, taking those of a bucket for evenly spread."""
        low = count_low = 0.0
        for high, count in self.buckets:
            if bound < high:
                inside = (bound - low) / (high - low) if math.isfinite(high) else 0.0
                return count_low + (count - count_low) * max(0.0, inside)
            low, count_low = high, count
        return count_low

    def quantile(self, q: float) -> float:
        """What so great a share of the requests took at most; infinite past the last bound."""
        wanted, low, count_low = q * self.requests, 0.0, 0.0
        for high, count in self.buckets:
            if count >= wanted:
                return (
                    low + (high - low) * (wanted - count_low) / (count - count_low) if count > count_low and math.isfinite(high) else high
                )
            low, count_low = high, count
        return math.inf


def latency(bound: float, candidate: Histogram, least: int, over: str) -> Measured:
    """What the candidate's histogram says; `bound` is in seconds."""
    verdict, text = _judged(bound, candidate, least, over)
    value = candidate.quantile(_SHARE) if round(candidate.requests) else math.inf
    return Measured(NAME, verdict, text, candidate=value if math.isfinite(value) else None)


def _judged(bound: float, candidate: Histogram, least: int, over: str) -> tuple[Verdict, str]:
    requests = round(candidate.requests)
    if not requests:
        return "no-data", f"latency: no requests of the candidate were timed in {over}"
    value = candidate.quantile(_SHARE)
    said = f"latency p95 {time(value)}" if math.isfinite(value) else f"latency p95 above {time(candidate.last)}"
    said = f"{said} ({requests:,} requests in {over})"
    if candidate.last < bound and not math.isfinite(value):
        return (
            "inconclusive",
            f"{said}: whether above {time(bound)} can't be told, for the histogram's last bound is {time(candidate.last)}",
        )
    slow = min(requests, round(candidate.requests - candidate.within(bound)))
    if slow > 1 and chances.above(slow, requests, 1 - _SHARE) < BEYOND_CHANCE:
        return "fail", f"{said} > {time(bound)}"
    if requests < least:
        return "inconclusive", f"{said}: {least} requests are needed to tell"
    if value > bound:
        return "marginal", f"{said} > {time(bound)}, but it may be chance"
    return "pass", f"{said} <= {time(bound)}"


def time(value: float) -> str:
    """0.25 as 250 ms, 2.5 as 2.5 s."""
    return f"{value:.3g} s" if value >= 1 else f"{value * 1000:.3g} ms"
