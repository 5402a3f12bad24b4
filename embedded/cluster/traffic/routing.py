"""Where requests go: from a URL through HTTPRoutes and Services to the pods that are ready, as the cluster's objects say right now.

A table is made for one state of the objects and thrown away when they change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from embedded.cluster import behaviour
from embedded.cluster.model.objects import labels_of, name_of, namespace_of, uid_of
from embedded.cluster.traffic.matching import choose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.cluster.behaviour import Behaviour
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.traffic.flows import Flow, Request
    from embedded.cluster.traffic.ports import Objects

PODS: Final = "/pods"
NODES: Final = "/nodes"
SERVICES: Final = "/services"
SLICES: Final = "discovery.k8s.io/endpointslices"
ROUTES: Final = "gateway.networking.k8s.io/httproutes"
GRANTS: Final = "gateway.networking.k8s.io/referencegrants"
# A change of one of these makes another table.
STORAGES: Final = frozenset({PODS, NODES, SERVICES, SLICES, ROUTES, GRANTS})
_SERVICE_NAME: Final = "kubernetes.io/service-name"
_SLOT_LABELS: Final = ("tidegate.dev/slot", "slot")
_APP_LABEL: Final = "app.kubernetes.io/name"
_VERSION_LABELS: Final = ("app.kubernetes.io/version", "version")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A pod that takes requests, and answers them until it falls silent. Another life of it, after a restart, counts from zero."""

    namespace: str
    pod: str
    life: str
    slot: str
    version: str
    behaviour: Behaviour
    silent_from: float = math.inf
    app: str = ""
    """What it says that it is, for whoever measures it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a share of requests ends: one of a Service's endpoints, or, without any, an answer that says `why` not."""

    namespace: str
    service: str
    slot: str
    endpoints: tuple[Endpoint, ...] = ()
    code: int = 503
    why: str = ""
    app: str = ""
    """What the Service's pods would say that they are, if that is known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A flow's ways through the cluster: weighted destinations, and those that get a copy of a share of all requests."""

    shares: tuple[tuple[float, Destination], ...]
    mirrors: tuple[tuple[float, Destination], ...] = ()

    @classmethod
    def dead_end(cls, code: int, why: str, namespace: str = "", service: str = "") -> Plan:
        """All requests get this answer."""
        return cls(((1.0, Destination(namespace, service, "", code=code, why=why)),))


def slot_of(labels: dict[str, str]) -> str:
    """The slot that labels speak of."""
    return next((labels[name] for name in _SLOT_LABELS if labels.get(name)), "")


def app_of(labels: dict[str, str]) -> str:
    """The application that labels speak of: in metrics it is the `service`, whichever Services lead to it."""
    return labels.get(_APP_LABEL, "")


def version_of(pod: Obj) -> str:
    """The version that a pod runs: its label, or else its image's tag."""
    labels = labels_of(pod)
    containers = pod["spec"].get("containers") or [{}]
    return next((labels[name] for name in _VERSION_LABELS if labels.get(name)), "") or behaviour.tag_of(containers[0].get("image", ""))


def life_of(pod: Obj) -> str:
    """Which life of its first container the pod is in."""
    first = (pod["spec"].get("containers") or [{}])[0].get("name")
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    restarts = next((s.get("restartCount", 0) for s in statuses if s.get("name") == first), 0)
    return f"{uid_of(pod)}/{restarts}"


def started_at(pod: Obj, container: str) -> float | None:
    """When a container of the pod was started; None if it doesn't run."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    states = (s.get("state") or {} for s in statuses if s.get("name") == container)
    started = next(((state.get("running") or {}).get("startedAt") for state in states), None)
    return datetime.fromisoformat(started).timestamp() if started else None


def on_lost_node(objects: Objects, pod: Obj) -> bool:
    """Whether nothing gets to the pod or from it, whatever its status says."""
    node = pod["spec"].get("nodeName")
    return bool(node) and behaviour.is_lost(objects.get(NODES, "", node))


def silent_from(objects: Objects, pod: Obj) -> float:
    """From when on the pod answers nobody, though it may still count as ready: its node is lost, or it hangs."""
    if on_lost_node(objects, pod):
        return -math.inf
    hangs = behaviour.of_pod(pod).hangs_after
    started = None if hangs is None else started_at(pod, (pod["spec"].get("containers") or [{}])[0].get("name", ""))
    return math.inf if hangs is None or started is None else started + hangs


class Table:
    """The ways through one state of the objects."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._plans: dict[str, Plan] = {}

    def plan(self, flow: Flow) -> Plan:
        """The flow's ways."""
        if flow.name not in self._plans:
            self._plans[flow.name] = self._readable_plan(flow.request())
        return self._plans[flow.name]

    def _readable_plan(self, request: Request) -> Plan:
        """The plan. A custom definition of routes lets anything pass: what nobody can read answers 500, and stops nothing else."""
        try:
            return self._plan(request)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
            return Plan.dead_end(500, f"an object on the way of {request.host}{request.path} is malformed: {type(e).__name__}: {e}")

    @cached_property
    def _routes(self) -> list[Obj]:
        return list(self._objects.all(ROUTES))

    @cached_property
    def _slices(self) -> dict[tuple[str, str], list[Obj]]:
        found: dict[tuple[str, str], list[Obj]] = {}
        for slice_ in self._objects.all(SLICES):
            found.setdefault((namespace_of(slice_), labels_of(slice_).get(_SERVICE_NAME, "")), []).append(slice_)
        return found

    def _plan(self, request: Request) -> Plan:
        service = request.service
        routes = [route for route in self._routes if _takes_part(route, service)]
        chosen = choose(routes, request)
        if chosen is not None:
            return self._by_rule(*chosen)
        if service is not None:
            return Plan(((1.0, self._to_service(*service, request.port)),))
        return Plan.dead_end(404, f"no accepted HTTPRoute takes {request.method} {request.host}{request.path}")

    def _by_rule(self, route: Obj, rule: Obj) -> Plan:
        where = f"HTTPRoute {namespace_of(route)}/{name_of(route)}"
        filters = rule.get("filters") or []
        redirect = next((f["requestRedirect"] for f in filters if f.get("type") == "RequestRedirect"), None)
        if redirect is not None:
            return Plan.dead_end(int(redirect.get("statusCode", 302)), f"{where} redirects", namespace_of(route))
        shares = tuple((float(ref.get("weight", 1)), self._by_reference(route, ref)) for ref in rule.get("backendRefs") or [])
        mirrors = tuple(
            (_mirrored(f["requestMirror"]), self._by_reference(route, f["requestMirror"]["backendRef"]))
            for f in filters
            if f.get("type") == "RequestMirror"
        )
        if not any(weight > 0 for weight, _ in shares):
            dead_end = Plan.dead_end(500, f"{where} has no backend with a weight", namespace_of(route))
            return Plan(dead_end.shares, mirrors)
        return Plan(shares, mirrors)

    def _by_reference(self, route: Obj, reference: Obj) -> Destination:
        namespace, name = reference.get("namespace") or namespace_of(route), str(reference["name"])
        problem = ""
        if reference.get("group") or reference.get("kind", "Service") != "Service":
            problem = f"backend {name} is a {reference.get('kind')}, not a Service"
        elif namespace != namespace_of(route) and not self._granted(namespace_of(route), namespace, name):
            problem = f"no ReferenceGrant lets HTTPRoutes of {namespace_of(route)} use Service {namespace}/{name}"
        elif self._objects.get(SERVICES, namespace, name) is None:
            problem = f"there is no Service {namespace}/{name}"
        if problem:
            return Destination(namespace, name, "", code=500, why=problem)
        return self._to_service(namespace, name, int(reference.get("port") or 0), missing_port=500)

    def _granted(self, source: str, namespace: str, name: str) -> bool:
        return any(
            any(f.get("kind") == "HTTPRoute" and f.get("namespace") == source for f in grant["spec"].get("from") or [])
            and any(t.get("kind") == "Service" and t.get("name") in {None, "", name} for t in grant["spec"].get("to") or [])
            for grant in self._objects.all(GRANTS, namespace)
        )

    def _to_service(self, namespace: str, name: str, port: int, missing_port: int = 503) -> Destination:
        service = self._objects.get(SERVICES, namespace, name)
        if service is None:
            return Destination(namespace, name, "", why=f"there is no Service {namespace}/{name}")
        found = next((p for p in service["spec"].get("ports") or [] if p.get("port") == port), None)
        if found is None:
            return Destination(namespace, name, "", code=missing_port, why=f"Service {namespace}/{name} has no port {port}")
        endpoints = tuple(self._endpoints(namespace, name, found.get("name") or ""))
        selector = service["spec"].get("selector") or {}
        slot = slot_of(selector) or slot_of(labels_of(service))
        why = "" if endpoints else f"Service {namespace}/{name} has no ready endpoints"
        return Destination(namespace, name, slot, endpoints, why=why, app=app_of(selector))

    def _endpoints(self, namespace: str, service: str, port: str) -> Iterable[Endpoint]:
        seen = set()
        for slice_ in self._slices.get((namespace, service), []):
            if all((p.get("name") or "") != port for p in slice_.get("ports") or []):
                continue  # its pods have no such port
            for endpoint in slice_.get("endpoints") or []:
                reference = endpoint.get("targetRef") or {}
                ready = (endpoint.get("conditions") or {}).get("ready", True)
                if not ready or reference.get("kind") != "Pod" or reference["name"] in seen:
                    continue
                seen.add(reference["name"])
                pod = self._objects.get(PODS, namespace, reference["name"])
                if pod is not None:
                    labels, silent = labels_of(pod), silent_from(self._objects, pod)
                    acts = behaviour.of_pod(pod)
                    yield Endpoint(namespace, name_of(pod), life_of(pod), slot_of(labels), version_of(pod), acts, silent, app_of(labels))


def _takes_part(route: Obj, service: tuple[str, str] | None) -> bool:
    """Whether the route is in force for requests to the Service, or, without one, for those that come through a Gateway."""
    accepted = [p["parentRef"] for p in (route.get("status") or {}).get("parents") or [] if _accepted(p)]
    if service is None:
        return any(parent.get("kind", "Gateway") == "Gateway" for parent in accepted)
    return any(
        parent.get("kind") == "Service" and (parent.get("namespace") or namespace_of(route), parent["name"]) == service
        for parent in accepted
    )


def _accepted(parent: Obj) -> bool:
    return any(c.get("type") == "Accepted" and c.get("status") == "True" for c in parent.get("conditions") or [])


def _mirrored(mirror: Obj) -> float:
    """The share of requests that are copied: all, a percentage, or a fraction."""
    fraction = mirror.get("fraction")
    if fraction:
        return float(fraction["numerator"]) / float(fraction.get("denominator") or 100)
    return float(mirror.get("percent", 100)) / 100
