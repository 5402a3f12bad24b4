"""What an autoscaler sees of its pods: a port to whoever measures, and how many replicas a measure asks for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from embedded.cluster.controllers.placement import request_of
from embedded.cluster.controllers.podstate import is_active, is_ready
from embedded.cluster.model.objects import name_of, namespace_of
from embedded.cluster.model.quantities import quantity, written

if TYPE_CHECKING:
    from fractions import Fraction

    from embedded.cluster.model.objects import Obj

# A measure this near to its target asks for nothing.
TOLERANCE: Final = 0.1
_MILLI: Final = 1000


class Usage(Protocol):
    """Who knows what pods use. None: nothing is known (yet)."""

    def resource(self, namespace: str, pod: str, name: str) -> float | None:
        """A pod's cpu in cores, or its memory in bytes."""

    def custom(self, namespace: str, pod: str, metric: str) -> float | None:
        """A measure of a pod."""

    def external(self, namespace: str, metric: str, selector: Obj | None, described: Obj | None) -> float | None:
        """A measure of something else: of an object in the cluster, or outside of it."""


class NoUsage:
    """Nobody measures."""

    def resource(self, namespace: str, pod: str, name: str) -> float | None:  # noqa: ARG002 the port's names
        """Unknown."""
        return None

    def custom(self, namespace: str, pod: str, metric: str) -> float | None:  # noqa: ARG002 the port's names
        """Unknown."""
        return None

    def external(self, namespace: str, metric: str, selector: Obj | None, described: Obj | None) -> float | None:  # noqa: ARG002 the port's names
        """Unknown."""
        return None


class Proposal(NamedTuple):
    """What one metric asks for: replicas, what was measured as the status says it, and its name in texts."""

    replicas: int
    current: Obj
    name: str


class NoMetricError(Exception):
    """A metric that can't be had: the reason and the message of the condition."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


def proposal(usage: Usage, metric: Obj, pods: list[Obj], namespace: str, replicas: int) -> Proposal:
    """The replicas that a metric asks for."""
    kind = metric["type"]
    match kind:
        case "Resource" | "ContainerResource":
            source = metric["resource" if kind == "Resource" else "containerResource"]
            return _by_resource(usage, kind, source, pods, replicas)
        case "Pods":
            source = metric["pods"]
            return _by_pods(usage, source, pods, replicas)
    source = metric["object" if kind == "Object" else "external"]
    name = source["metric"]["name"]
    value = usage.external(namespace, name, source["metric"].get("selector"), source.get("describedObject"))
    if value is None:
        raise NoMetricError(
            f"FailedGet{kind}Metric", f"the HPA was unable to compute the replica count: unable to get metric {name}: no metrics returned"
        )
    return _by_value(kind, source, value, replicas)


def _by_value(kind: str, source: Obj, value: float, replicas: int) -> Proposal:
    target, name = source["target"], source["metric"]["name"]
    said: Obj = {"metric": source["metric"]} | ({"describedObject": source["describedObject"]} if kind == "Object" else {})
    key = "object" if kind == "Object" else "external"
    if (average := target.get("averageValue")) is not None:
        wanted = _rounded(value / float(quantity(average)))
        wanted = replicas if abs(value / (float(quantity(average)) * max(replicas, 1)) - 1.0) <= TOLERANCE else wanted
        current = {"averageValue": _spelled(value / max(replicas, 1))}
    else:
        ratio = value / float(quantity(target["value"]))
        wanted = replicas if abs(ratio - 1.0) <= TOLERANCE else _rounded(ratio * replicas)
        current = {"value": _spelled(value)}
    return Proposal(wanted, {"type": kind, key: said | {"current": current}}, f"{kind.lower()} metric {name}")


def _by_pods(usage: Usage, source: Obj, pods: list[Obj], replicas: int) -> Proposal:
    name = source["metric"]["name"]
    values = [v for p in pods if (v := usage.custom(namespace_of(p), name_of(p), name)) is not None]
    if not values:
        message = (
            f"the HPA was unable to compute the replica count: unable to get metric {name}: no metrics returned from custom metrics API"
        )
        raise NoMetricError("FailedGetPodsMetric", message)
    average = sum(values) / len(values)
    wanted = _scaled(average / float(quantity(source["target"]["averageValue"])), len(values), replicas)
    current = {"type": "Pods", "pods": {"metric": source["metric"], "current": {"averageValue": _spelled(average)}}}
    return Proposal(wanted, current, f"pods metric {name}")


def _by_resource(usage: Usage, kind: str, source: Obj, pods: list[Obj], replicas: int) -> Proposal:
    what = source["name"]
    measured = [
        (pod, value)
        for pod in pods
        if is_active(pod) and is_ready(pod) and (value := usage.resource(namespace_of(pod), name_of(pod), what)) is not None
    ]
    if not measured:
        raise NoMetricError(
            "FailedGetResourceMetric",
            f"the HPA was unable to compute the replica count: failed to get {what} utilization: unable to get metrics for "
            f"resource {what}: no metrics returned from resource metrics API",
        )
    average = sum(value for _, value in measured) / len(measured)
    target = source["target"]
    current: Obj = {"averageValue": _spelled(average, binary=what == "memory")}
    if (share := target.get("averageUtilization")) is not None:
        asked = sum(float(_asked(pod, what)) for pod, _ in measured) / len(measured)
        if not asked:
            raise NoMetricError(
                "FailedGetResourceMetric",
                f"the HPA was unable to compute the replica count: failed to get {what} utilization: missing request for {what} in "
                f"container {measured[0][0]['spec']['containers'][0]['name']} of Pod {name_of(measured[0][0])}",
            )
        current["averageUtilization"] = round(100 * average / asked)
        ratio, text = average / asked * 100 / share, f"{what} resource utilization (percentage of request)"
    else:
        ratio, text = average / float(quantity(target["averageValue"])), f"{what} resource"
    key = "resource" if kind == "Resource" else "containerResource"
    said = {"name": what, "current": current} | ({"container": source["container"]} if kind == "ContainerResource" else {})
    return Proposal(_scaled(ratio, len(measured), replicas), {"type": kind, key: said}, text)


def _asked(pod: Obj, what: str) -> Fraction:
    request = request_of(pod)
    return request.cpu if what == "cpu" else request.memory


def _scaled(ratio: float, measured: int, replicas: int) -> int:
    return replicas if abs(ratio - 1.0) <= TOLERANCE else _rounded(ratio * measured)


def _rounded(number: float) -> int:
    """Up, but not for what only rounding has added."""
    return math.ceil(round(number, 9))


def _spelled(value: float, *, binary: bool = False) -> str:
    return written(quantity(round(value)), binary=True) if binary else written(quantity(round(value * _MILLI)) / _MILLI)
