"""A cluster without a server: registry and controllers, and time by hand."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from embedded.cluster.controllers.manager import DEFAULT_NODES, start
from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.journal import Journal
from embedded.cluster.model.objects import Selector, condition, is_deleting, is_true, labels_of
from embedded.cluster.registry import bootstrap
from embedded.cluster.registry.registry import Registry
from embedded.cluster.registry.requests import DeleteOptions, Write
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from embedded.cluster.controllers.manager import Manager
    from embedded.cluster.controllers.metrics import Usage
    from embedded.cluster.controllers.nodes import NodeSpec
    from embedded.cluster.registry.requests import Propagation

Obj = dict[str, Any]
KINDS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ControllerRevision": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "Ingress": "networking.k8s.io/v1",
    "StorageClass": "storage.k8s.io/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "Gateway": "gateway.networking.k8s.io/v1",
    "GatewayClass": "gateway.networking.k8s.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "ReferenceGrant": "gateway.networking.k8s.io/v1beta1",
    **dict.fromkeys(("ExternalSecret", "SecretStore", "ClusterSecretStore"), "external-secrets.io/v1"),
    **dict.fromkeys(("Certificate", "Issuer", "ClusterIssuer"), "cert-manager.io/v1"),
}


@cache
def _shared_catalogue() -> Catalogue:
    return Catalogue.load()


class Yard:
    """The cluster under test; objects are named by kind and name, in the namespace `default` unless said otherwise."""

    def __init__(
        self, seed: int = 0, nodes: Iterable[NodeSpec] = DEFAULT_NODES, usage: Usage | None = None, *, own_kinds: bool = False
    ) -> None:
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.store = Store()
        catalogue = Catalogue.load() if own_kinds else _shared_catalogue()
        self.registry = Registry(self.store, catalogue, self.clock, Draws(seed), self.journal)
        bootstrap.populate(self.registry)
        self.manager: Manager = start(self.registry, self.clock, Draws(seed), self.journal, nodes, usage)
        self.clock.settle()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def make(self, kind: str, name: str, spec: Obj | None = None, namespace: str = "default", **more: Any) -> Obj:
        """Create an object; `metadata` is added to its name and namespace."""
        resource = self.registry.resource(KINDS.get(kind, "v1"), kind)
        metadata = {"name": name, **({"namespace": namespace} if resource.namespaced else {}), **more.pop("metadata", {})}
        body: Obj = {"apiVersion": resource.group_version, "kind": kind, "metadata": metadata, **more}
        if spec is not None:
            body["spec"] = spec
        return self.registry.create(resource, namespace if resource.namespaced else "", body, Write("tester"))

    def get(self, kind: str, name: str, namespace: str = "default") -> Obj | None:
        """The object, if it is there."""
        resource = self.registry.resource(KINDS.get(kind, "v1"), kind)
        return self.registry.peek(resource, namespace, name)

    def status(self, kind: str, name: str, namespace: str = "default") -> Obj:
        """The object's status."""
        found = self.get(kind, name, namespace)
        assert found is not None, f"no {kind} {namespace}/{name}"
        status: Obj = found.get("status") or {}
        return status

    def all(self, kind: str, namespace: str | None = "default") -> list[Obj]:
        """The objects of a kind, by name."""
        return self.registry.list(self.registry.resource(KINDS.get(kind, "v1"), kind), namespace)

    def edit(self, kind: str, name: str, change: Callable[[Obj], None], namespace: str = "default") -> None:
        """Change an object as a user would."""
        self.registry.modify(self.registry.resource(KINDS.get(kind, "v1"), kind), namespace, name, change, "tester")

    def delete(
        self, kind: str, name: str, propagation: Propagation = "Background", namespace: str = "default", grace: int | None = None
    ) -> None:
        """Delete an object."""
        options = DeleteOptions(propagation=propagation, grace=grace)
        self.registry.delete(self.registry.resource(KINDS.get(kind, "v1"), kind), namespace, name, options)

    def pods(self, *, living: bool = True, **labels: str) -> list[Obj]:
        """The pods with these labels; `living`: not those that have ended or are being deleted."""
        selector = Selector.of_labels(labels)
        found = [p for p in self.all("Pod") if selector.matches(labels_of(p))]
        return [p for p in found if not is_deleting(p) and p["status"]["phase"] in {"Pending", "Running"}] if living else found

    def ready(self, **labels: str) -> int:
        """How many pods with these labels are ready."""
        return sum(is_true(p, "Ready") for p in self.pods(living=True, **labels))

    def deploy(self, name: str = "web", image: str = "local/app:1", replicas: int = 2, **more: Any) -> Obj:
        """Create a Deployment; `annotations` and `container` go to its template."""
        return self.make("Deployment", name, workload(name, image, replicas, **more))

    def set_image(self, name: str, image: str) -> None:
        """Begin a rollout."""
        self.edit("Deployment", name, lambda d: d["spec"]["template"]["spec"]["containers"][0].__setitem__("image", image))

    def scale(self, name: str, replicas: int, kind: str = "Deployment") -> None:
        """Change the number of replicas."""
        self.edit(kind, name, lambda d: d["spec"].__setitem__("replicas", replicas))

    def reasons(self, name: str) -> list[str]:
        """The reasons of the events about objects of that name, in the order in which they were first said."""
        found = [e for e in self.all("Event") if e["involvedObject"]["name"] == name]
        return [e["reason"] for e in sorted(found, key=lambda e: int(e["metadata"]["resourceVersion"]))]

    def messages(self, reason: str) -> list[str]:
        """What events with that reason say."""
        return sorted(e["message"] for e in self.all("Event", None) if e["reason"] == reason)


def workload(name: str, image: str = "local/app:1", replicas: int | None = 2, **more: Any) -> Obj:
    """The spec of a Deployment, or of another kind with a template and a selector."""
    spec: Obj = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template(name, image, **more)}
    if replicas is None:
        del spec["replicas"]
    changes: Obj = more.get("spec", {})
    return spec | changes


def template(name: str, image: str = "local/app:1", **more: Any) -> Obj:
    """A pod template with a readiness probe each second."""
    probe = {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 1}
    container = {"name": "app", "image": image, "readinessProbe": probe, **more.get("container", {})}
    metadata: Obj = {"labels": {"app": name}}
    if annotations := more.get("annotations"):
        metadata["annotations"] = {f"sim.tidegate.dev/{k}": v for k, v in annotations.items()}
    return {"metadata": metadata, "spec": {"containers": [container], **more.get("pod", {})}}


def words(obj: Obj | None, type_: str) -> tuple[str, str, str]:
    """A condition's status, reason and message."""
    found = condition(obj or {}, type_) or {}
    return found.get("status", ""), found.get("reason", ""), found.get("message", "")
