"""How many requests there were in a window, and how many failed, from counters as they were scraped."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.analysis.metrics import Series

_FAILED: Final = re.compile("5..")


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted."""

    requests: int = 0
    errors: int = 0
    scraped: bool = False
    """Whether anybody has counted in the window at all: nothing can be told of requests otherwise."""

    @property
    def rate(self) -> float:
        """The share of requests that failed."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in seconds since 1970."""

    begin: float
    end: float
    since: float
    """Nothing before it counts: traffic was another then."""

    @property
    def seconds(self) -> int:
        """How long it is, never reaching back further."""
        return max(0, math.floor(self.end - self.begin))


def counted(series: Iterable[Series], window: Window) -> Counts:
    """What the counters of a slot's answers come to in a window."""
    requests = errors = 0.0
    scraped = False
    for one in series:
        points = [(at, value) for at, value in one.points if math.isfinite(value) and at <= window.end]
        scraped = scraped or any(at > window.begin for at, _ in points)
        grown = _grown(points, window)
        requests += grown
        if _FAILED.fullmatch(one.labels.get("code", "")):
            errors += grown
    return Counts(round(requests), round(errors), scraped)


def _grown(points: list[tuple[float, float]], window: Window) -> float:
    """By how much a counter grew."""
    before = [point for point in points if point[0] <= window.begin]
    within = [value for at, value in points if at > window.begin]
    if not within:
        return 0.0
    if not before:
        # It came into being in the window, with its first requests.
        last = 0.0
    elif before[-1][0] >= window.since:
        last = before[-1][1]
    else:
        # What it had grown by at its first scrape in the window, it may have grown by before.
        last = within[0]
    total = 0.0
    for value in within:
        # A counter that falls began anew with its pod.
        total += value - last if value >= last else value
        last = value
    return total
