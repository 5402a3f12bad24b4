"""What scrapes saw: samples of every series, a few hours back, as Prometheus would keep them."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedded.cluster.traffic.promql.labels import Labels

# How far back samples are kept, in milliseconds, and how much longer before the old ones are taken out in one go.
KEPT: Final = 6 * 3600 * 1000
_SLACK: Final = 600 * 1000


@dataclass(slots=True)
class Samples:
    """One series: times in milliseconds, rising, and values. NaN marks that the series ended there."""

    labels: Labels
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, at: int, value: float) -> None:
        """A new sample, later than all before."""
        self.times.append(at)
        self.values.append(value)

    def forget(self, before: int) -> None:
        """Take the old samples out, now and then."""
        if self.times[0] < before - _SLACK:
            first = next((i for i, time in enumerate(self.times) if time >= before), len(self.times))
            del self.times[:first], self.values[:first]


class SeriesStore:
    """All series, filled by scrapes."""

    def __init__(self) -> None:
        self._series: dict[Labels, Samples] = {}
        self._present: set[Labels] = set()

    def series(self) -> Iterable[Samples]:
        """Each of them, in the order in which they first came up."""
        return self._series.values()

    def scrape(self, at: int, found: Mapping[Labels, float]) -> None:
        """Note what there is at this time; what was there the last time and isn't any more ends here."""
        for labels, value in found.items():
            samples = self._series.get(labels)
            if samples is None:
                samples = self._series[labels] = Samples(labels)
            samples.add(at, value)
        for labels in self._present - found.keys():
            self._series[labels].add(at, math.nan)
        self._present = set(found)
        self._forget(at - KEPT)

    def _forget(self, before: int) -> None:
        for samples in self._series.values():
            samples.forget(before)
        for labels in [labels for labels, samples in self._series.items() if not samples.times]:
            del self._series[labels]
