"""How the users of the cluster's services fare, by service, slot and version: a table that people read beside a release."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.traffic.promql.evaluate import at_instant

if TYPE_CHECKING:
    from embedded.cluster.traffic.model import Traffic

_KEYS: Final = ("namespace", "service", "slot", "version")
# Times are of the last minutes; a version that was slow an hour ago isn't slow.
_TIMES: Final = (
    "histogram_quantile({}, sum by (namespace, service, slot, version, le) (increase(http_request_duration_seconds_bucket[5m])))"
)

Key = tuple[str, ...]


def report(traffic: Traffic, now: float) -> dict[str, Any]:
    """All requests of the flows that run, since their start, and how long answers took in the last five minutes."""
    counts: dict[Key, list[int]] = {}
    for flow in traffic.report():
        for backend in flow["backends"]:
            numbers = counts.setdefault(tuple(backend[key] for key in _KEYS), [0, 0])
            numbers[0] += backend["requests"]
            numbers[1] += backend["failed"]
    middle, slowest = (_times(traffic, quantile, now) if counts else {} for quantile in (0.5, 0.99))
    backends = [
        {
            **dict(zip(_KEYS, key, strict=True)),
            "requests": numbers[0],
            "failed": numbers[1],
            "p50": middle.get(key),
            "p99": slowest.get(key),
        }
        for key, numbers in sorted(counts.items())
    ]
    return {"backends": backends}


def _times(traffic: Traffic, quantile: float, now: float) -> dict[Key, float]:
    """Seconds, where there were enough answers to say."""
    tracks = at_instant(traffic.series, _TIMES.format(quantile), round(now * 1000)).tracks
    labelled = ((dict(track.labels), track.points[0][1]) for track in tracks)
    return {tuple(labels.get(key, "") for key in _KEYS): value for labels, value in labelled if math.isfinite(value)}
