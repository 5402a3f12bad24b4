"""What autoscalers may ask about: pods' processor and memory, and any series by the rules that metric adapters usually have.

A metric `http_requests` or `http_requests_per_second` is the growth of the counter `http_requests_total` over the last minute; any other
name is that of a gauge.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.evaluate import at_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.model.clock import Clock
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.traffic.model import Traffic

_METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# The labels by which a series belongs to an object of the cluster.
_LABELS_OF_KINDS: Final = {"Pod": "pod", "Service": "service", "Namespace": "namespace"}
_OPERATORS: Final = {"In": "=~", "NotIn": "!~", "Exists": "!=", "DoesNotExist": "="}


class Measures:
    """The answers, from the traffic model's scrapes."""

    def __init__(self, traffic: Traffic, clock: Clock) -> None:
        self._traffic, self._clock = traffic, clock

    def resource(self, namespace: str, pod: str, name: str) -> float | None:
        """A pod's cpu in cores, or its memory in bytes."""
        usage = self._traffic.usage(namespace, pod)
        return {"cpu": usage.cpu, "memory": usage.memory}.get(name) if usage is not None else None

    def custom(self, namespace: str, pod: str, metric: str) -> float | None:
        """A measure of a pod."""
        return self._measure(metric, _equal({"namespace": namespace, "pod": pod}))

    def external(self, namespace: str, metric: str, selector: Obj | None, described: Obj | None) -> float | None:
        """A measure of an object of the cluster, or of whatever has the selected labels."""
        matchers = _selected(selector or {})
        if described is not None:
            label = _LABELS_OF_KINDS.get(str(described.get("kind")))
            if label is None:
                return None
            matchers = [*matchers, *_equal({"namespace": namespace, label: str(described.get("name"))})]
        return self._measure(metric, matchers)

    def _measure(self, metric: str, matchers: list[str]) -> float | None:
        if not _METRIC.fullmatch(metric):
            return None
        chosen, counter = ",".join(matchers), metric.removesuffix("_per_second") + "_total"
        for query in (f"sum(rate({counter}{{{chosen}}}[1m]))", f"sum({metric}{{{chosen}}})"):
            answer = at_instant(self._traffic.series, query, round(self._clock.now() * 1000))
            if answer.tracks:
                return answer.tracks[0].points[0][1]
        return None


def _equal(labels: Mapping[str, str]) -> list[str]:
    return [f"{_quoted(name)}={_quoted(value)}" for name, value in labels.items()]


def _selected(selector: Obj) -> list[str]:
    """A label selector as PromQL's matchers."""
    matchers = _equal(selector.get("matchLabels") or {})
    for expression in selector.get("matchExpressions") or []:
        values = "|".join(re.escape(value) for value in expression.get("values") or [])
        matchers.append(f"{_quoted(expression['key'])}{_OPERATORS[expression['operator']]}{_quoted(values)}")
    return matchers


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
