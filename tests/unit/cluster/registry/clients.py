"""What clients ask of a registry most, and some objects to ask it of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.model.errors import StatusError
from embedded.cluster.registry.requests import DeleteOptions, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.registry.requests import PatchKind
    from embedded.cluster.schema.resource import Resource


@dataclass(frozen=True, slots=True)
class Client:
    """The registry as a client with a name uses it."""

    registry: Registry
    write: Write = field(default_factory=lambda: Write("tester"))

    def as_(self, manager: str = "tester", **options: Any) -> Client:
        """The same registry under another name, or with other options."""
        return Client(self.registry, Write(manager, **options))

    def kind(self, obj: Obj) -> Resource:
        return self.registry.resource(obj["apiVersion"], obj["kind"])

    def create(self, obj: Obj) -> Obj:
        return self.registry.create(self.kind(obj), obj["metadata"].get("namespace", ""), obj, self.write)

    def update(self, obj: Obj, subresource: str = "") -> Obj:
        return self.registry.update(self.kind(obj), *_key(obj), obj, self.write, subresource)

    def patch(self, obj: Obj, patch: Any, kind: PatchKind = "merge", subresource: str = "") -> Obj:
        return self.registry.patch(self.kind(obj), *_key(obj), patch, kind, self.write, subresource)

    def apply(self, obj: Obj, subresource: str = "") -> Obj:
        return self.patch(obj, obj, "apply", subresource)

    def get(self, obj: Obj) -> Obj:
        return self.registry.get(self.kind(obj), *_key(obj))

    def find(self, obj: Obj) -> Obj | None:
        return self.registry.peek(self.kind(obj), *_key(obj))

    def delete(self, obj: Obj, **options: Any) -> bool:
        """Whether it is gone at once."""
        return self.registry.delete(self.kind(obj), *_key(obj), DeleteOptions(**options)).gone

    def settle(self) -> None:
        self.registry.clock.settle()


def _key(obj: Obj) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def config_map(name: str = "a", **data: str) -> Obj:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": data}


def deployment(name: str = "web", replicas: int = 1, image: str = "web:1") -> Obj:
    """A Deployment."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def pod(name: str = "p", labels: dict[str, str] | None = None, **spec: Any) -> Obj:
    """A Pod."""
    metadata = {"name": name, "namespace": "shop", "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "app", "image": "web:1"}], **spec}}


def crd(plural: str = "things", *, status: bool = True, **version: Any) -> Obj:
    """The definition of a kind of objects."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    one = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}, **version}
    if status:
        one.setdefault("subresources", {"status": {}})
    names = {"plural": plural, "singular": plural[:-1], "kind": plural[:-1].title(), "listKind": f"{plural[:-1].title()}List"}
    spec = {"group": "example.org", "scope": "Namespaced", "names": names, "versions": [one]}
    metadata = {"name": f"{plural}.example.org"}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata, "spec": spec}


def thing(name: str = "t", **parts: Any) -> Obj:
    """An object of the kind that `crd` defines."""
    return {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": name, "namespace": "shop"}, **parts}


def refused(call: Callable[[], object]) -> StatusError:
    """The refusal of a call that has to fail."""
    with pytest.raises(StatusError) as caught:
        call()
    return caught.value


def changed(obj: Obj, **metadata: Any) -> Obj:
    """The object with other metadata."""
    return {**obj, "metadata": {**obj["metadata"], **metadata}}
