"""A cluster's objects by hand: what controllers would have made of Services, pods and routes."""

from __future__ import annotations

from typing import Any

from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.journal import Journal
from embedded.cluster.model.objects import clone
from embedded.cluster.store.store import Store
from embedded.cluster.traffic.model import Traffic
from embedded.cluster.traffic.routing import GRANTS, NODES, PODS, ROUTES, SERVICES, SLICES

Obj = dict[str, Any]


class World:
    """The objects, the time, and the traffic."""

    def __init__(self, seed: int = 0) -> None:
        self.store = Store()
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.traffic = Traffic(self.store, self.clock, Draws(seed), self.journal)
        self.traffic.start()

    def pod(self, name: str, *, restarts: int = 0, running: bool = True, **more: Any) -> Obj:
        """A pod; `labels`, `annotations`, `image`, `resources` and `node` as given."""
        state = {"running": {"startedAt": self.clock.stamp()}} if running else {"waiting": {"reason": "CrashLoopBackOff"}}
        return self.store.put(
            PODS,
            {
                "metadata": {
                    "name": name,
                    "namespace": "shop",
                    "uid": f"uid-{name}",
                    "labels": more.get("labels", {}),
                    "annotations": more.get("annotations", {}),
                },
                "spec": {
                    "containers": [{"name": "app", "image": more.get("image", "shop:1.0"), "resources": more.get("resources", {})}],
                    "nodeName": more.get("node", ""),
                },
                "status": {"phase": "Running", "containerStatuses": [{"name": "app", "restartCount": restarts, "state": state}]},
            },
        )

    def node(self, name: str, *, lost: bool = False) -> None:
        """A node, which can't be reached if it is lost."""
        self.store.put(NODES, {"metadata": {"name": name, "annotations": {"sim.tidegate.dev/lost": "true"} if lost else {}}})

    def service(self, name: str, pods: int | list[str] = 0, *, port: int = 80, selector: Obj | None = None, **pod: Any) -> None:
        """A Service with an EndpointSlice of ready pods: those named, or so many new ones."""
        spec = {"ports": [{"port": port}], "selector": selector or {"app": name}}
        self.store.put(SERVICES, {"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
        names = pods if isinstance(pods, list) else [self.pod(f"{name}-{i}", **pod)["metadata"]["name"] for i in range(pods)]
        self.endpoints(name, names)

    def endpoints(self, service: str, ready: list[str], unready: tuple[str, ...] = ()) -> None:
        """The Service's EndpointSlice."""
        endpoints = [
            {"conditions": {"ready": pod in ready}, "targetRef": {"kind": "Pod", "name": pod, "namespace": "shop"}}
            for pod in [*ready, *unready]
        ]
        metadata = {"name": f"{service}-slice", "namespace": "shop", "labels": {"kubernetes.io/service-name": service}}
        self.store.put(SLICES, {"metadata": metadata, "endpoints": endpoints, "ports": [{"name": "", "port": 8080, "protocol": "TCP"}]})

    def route(self, name: str, rules: list[Obj], **more: Any) -> None:
        """An accepted HTTPRoute; `hostnames`, `parent`, `accepted` and `created` as given."""
        parent = more.get("parent", {"name": "gateway"})
        condition = {"type": "Accepted", "status": "True" if more.get("accepted", True) else "False"}
        self.store.put(
            ROUTES,
            {
                "metadata": {"name": name, "namespace": "shop", "creationTimestamp": more.get("created", "2026-01-01T00:00:00Z")},
                "spec": {"hostnames": more.get("hostnames", ["shop.example"]), "rules": clone(rules)},
                "status": {"parents": [{"parentRef": parent, "conditions": [condition]}]},
            },
        )

    def grant(self, namespace: str, source: str, service: str | None = None) -> None:
        """A ReferenceGrant for HTTPRoutes of another namespace."""
        to = {"group": "", "kind": "Service"} | ({"name": service} if service else {})
        spec = {"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": source}], "to": [to]}
        self.store.put(GRANTS, {"metadata": {"name": "grant", "namespace": namespace}, "spec": spec})


def to(service: str, weight: int = 1, **more: Any) -> Obj:
    """A rule's reference to a backend."""
    return {"name": service, "port": 80, "weight": weight, **more}
