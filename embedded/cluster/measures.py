"""What autoscalers learn of the traffic: processor time and memory of pods, and the cluster's own metrics by Prometheus's names.

A custom metric is called as the usual adapter for Prometheus calls it: `http_requests_per_second` is the rate of `http_requests_total`.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.errors import QueryError
from embedded.cluster.traffic.promql.evaluate import at_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.model.clock import Clock
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.traffic.model import Traffic

_RATE: Final = "_per_second"
_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


class Measures:
    """The autoscalers' port to the traffic model."""

    def __init__(self, traffic: Traffic, clock: Clock) -> None:
        self._traffic, self._clock = traffic, clock

    def resource(self, namespace: str, pod: str, name: str) -> float | None:
        """A pod's cpu in cores, or its memory in bytes."""
        usage = self._traffic.usage(namespace, pod)
        return None if usage is None else {"cpu": usage.cpu, "memory": usage.memory}.get(name)

    def custom(self, namespace: str, pod: str, metric: str) -> float | None:
        """A metric of a pod."""
        return self._sum(metric, {"namespace": namespace, "pod": pod})

    def external(self, namespace: str, metric: str, selector: Obj | None, described: Obj | None) -> float | None:
        """A metric of a Service, or of whatever its labels select."""
        labels = {"namespace": namespace, **((selector or {}).get("matchLabels") or {})}
        if described is not None and described.get("kind") == "Service":
            labels["service"] = described["name"]
        return self._sum(metric, labels)

    def _sum(self, metric: str, labels: Mapping[str, str]) -> float | None:
        counter, name = metric.endswith(_RATE), metric.removesuffix(_RATE)
        if not all(_NAME.fullmatch(part) for part in (name, *labels)):
            return None
        quoted = (f'{key}="{_escaped(value)}"' for key, value in labels.items())
        series = f"{name}{'_total' if counter else ''}{{{','.join(quoted)}}}"
        query = f"sum(rate({series}[1m]))" if counter else f"sum({series})"
        try:
            tracks = at_instant(self._traffic.series, query, round(self._clock.now() * 1000)).tracks
        except QueryError:
            return None
        return next((value for track in tracks for _, value in track.points if math.isfinite(value)), None)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
