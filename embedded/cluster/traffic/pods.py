"""What a cluster's own exporters tell of pods: whether they are up, what they use, how often they restarted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from embedded.cluster import behaviour
from embedded.cluster.model.objects import name_of, namespace_of
from embedded.cluster.model.quantities import quantity
from embedded.cluster.traffic.promql.labels import NAME, labels_from
from embedded.cluster.traffic.routing import life_of, started_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.traffic.promql.labels import Labels

# Processor seconds a second that a container takes without any request.
IDLE: Final = 0.002
_OVER: Final = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Container:
    """A running container: since when, and what it uses."""

    name: str
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as exporters see it. It may be running and not `up`: its node is lost, or it hangs."""

    namespace: str
    name: str
    life: str
    running: bool
    up: bool
    restarts: tuple[tuple[str, int], ...]
    containers: tuple[Container, ...]

    def samples(self) -> Iterator[tuple[Labels, float]]:
        """All of it as a scrape sees it."""
        yield _labels("up", self.namespace, self.name), float(self.up)
        for name, number in self.restarts:
            yield _labels("kube_pod_container_status_restarts_total", self.namespace, self.name, name), float(number)
        for container in self.containers:
            yield _labels("container_cpu_usage_seconds_total", self.namespace, self.name, container.name), container.cpu
            yield _labels("container_memory_working_set_bytes", self.namespace, self.name, container.name), container.memory


def observe(pod: Obj, now: float, work: float, silent_from: float = math.inf) -> Pod | None:
    """The pod now, after so many processor seconds of work for requests; None when it is over and nobody looks at it any more.

    One that has been silent forever is on a lost node, from which there is no word of its containers either.
    """
    status = pod.get("status") or {}
    if status.get("phase") in _OVER:
        return None
    statuses = {s["name"]: s for s in status.get("containerStatuses") or []}
    containers = []
    for i, spec in enumerate(pod["spec"].get("containers") or []):
        started = started_at(pod, spec["name"])
        if started is not None:
            containers.append(_container(pod, spec, max(now - started, 0.0), work, first=i == 0))
    running = bool(containers) and containers[0].name == pod["spec"]["containers"][0]["name"]
    return Pod(
        namespace=namespace_of(pod),
        name=name_of(pod),
        life=life_of(pod),
        running=running,
        up=running and now < silent_from,
        restarts=tuple((name, int(s.get("restartCount", 0))) for name, s in sorted(statuses.items())),
        containers=() if silent_from == -math.inf else tuple(containers),
    )


def _container(pod: Obj, spec: Obj, age: float, work: float, *, first: bool) -> Container:
    limit = ((spec.get("resources") or {}).get("limits") or {}).get("memory")
    memory = behaviour.of_container(pod, spec, first=first).memory_at(age, float(quantity(str(limit))) if limit else None)
    return Container(spec["name"], IDLE * age + (work if first else 0.0), memory)


@lru_cache(maxsize=16_384)
def _labels(metric: str, namespace: str, pod: str, container: str = "") -> Labels:
    return labels_from({NAME: metric, "namespace": namespace, "pod": pod, "container": container, "job": "" if container else "pods"})
