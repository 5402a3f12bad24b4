"""Series to ask queries of: counters that restart, gauges, histograms, and series that begin late, end early or pause."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.labels import NAME, labels_from, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from embedded.cluster.traffic.promql.labels import Labels

# No sample is at the edge of any range that a test asks for: Prometheus 2 takes in a range's start, Prometheus 3 does not.
START: Final = 1_700_000_000_137
EVERY: Final = 15_000
NUMBER: Final = 240
BOUNDS: Final = ("0.01", "0.05", "0.1", "0.5", "1.0", "+Inf")


@dataclass(slots=True)
class Plain:
    """A series in plain lists."""

    labels: Labels
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Generated:
    """All of them, the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secrets, only the same numbers each time
        self._series = sorted([*self._counters(), *self._gauges(), *self._histograms()], key=lambda s: s.labels)

    def series(self) -> Iterable[Plain]:
        return self._series

    def openmetrics(self) -> str:
        """As `promtool tsdb create-blocks-from openmetrics` reads them."""
        lines = [
            f"{text_of(s.labels).replace(', ', ',')} {value!r} {time / 1000:.3f}"
            for s in self._series
            for time, value in zip(s.times, s.values, strict=True)
        ]
        return "\n".join([*lines, "# EOF", ""])

    def _filled(self, series: Plain, first: int = 0, last: int = NUMBER, pause: range = range(0)) -> Iterator[int]:
        for i in range(first, last):
            if i not in pause:
                series.times.append(START + i * EVERY)
                yield i

    def _counters(self) -> Iterator[Plain]:
        for service in ("cart", "shop"):
            for slot, pod in (("blue", "a"), ("blue", "b"), ("green", "c")):
                for code in ("200", "404", "500"):
                    labels = {NAME: "http_requests_total", "service": service, "slot": slot, "pod": f"{service}-{pod}", "code": code}
                    # It begins well above zero: the versions of Prometheus disagree on where a new counter near zero began.
                    series, total = Plain(labels_from(labels)), 5000.0
                    first, last = (60 if pod == "c" else 0), (150 if pod == "b" and service == "cart" else NUMBER)
                    for i in self._filled(series, first, last, range(100, 130) if pod == "a" and code == "404" else range(0)):
                        total = 0.0 if i in {37, 171} and pod == "a" else total + self._random.randrange(400 if code == "200" else 9)
                        series.values.append(total)
                    yield series

    def _gauges(self) -> Iterator[Plain]:
        for i, zone in enumerate(("north", "south", "west", "east")):
            series = Plain(labels_from({NAME: "temperature", "zone": zone, "floor": str(i % 2)}))
            series.values.extend(round(self._random.gauss(20 + i, 3), 2) for _ in self._filled(series))
            yield series
            series = Plain(labels_from({NAME: "limit", "zone": zone, "owner": json.dumps(f"team {i}")[1:-1]}))
            series.values.extend(21.0 + i for _ in self._filled(series))
            yield series
        series = Plain(labels_from({NAME: "level", "job": "x"}))
        series.values.extend(float(self._random.choice([-2, -1, 0, 0, 1, 1e9, 0.5])) for _ in self._filled(series))
        yield series

    def _histograms(self) -> Iterator[Plain]:
        for service in ("cart", "shop"):
            counts = [5000.0] * len(BOUNDS)
            found = [Plain(labels_from({NAME: "latency_bucket", "service": service, "le": bound})) for bound in BOUNDS]
            for series in found:
                list(self._filled(series))
            for _ in range(NUMBER):
                below = 0
                for i, series in enumerate(found):
                    below += self._random.randrange(20)
                    counts[i] += below
                    series.values.append(counts[i])
            yield from found
