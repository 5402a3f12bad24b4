"""What a new cluster has before anybody has asked for anything, and what every namespace has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.model.objects import is_deleting
from embedded.cluster.registry.admission import DEFAULT_CLASS
from embedded.cluster.registry.requests import Write

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.store.store import Change

_NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_ACCOUNT: Final = "default"
_ROOT_CA: Final = "kube-root-ca.crt"
_CLASSES: Final = (
    ("system-cluster-critical", 2_000_000_000, "For pods without which the cluster doesn't work. They may be moved to another node."),
    ("system-node-critical", 2_000_001_000, "For pods without which their node doesn't work. They are never moved."),
)
_SERVER: Final = Write(manager="kube-apiserver", trusted=True)
_CONTROLLER: Final = Write(manager="kube-controller-manager", trusted=True)


def populate(registry: Registry) -> None:
    """Make what a new cluster has, and furnish namespaces from now on."""
    registry.store.subscribe(lambda change: _changed(registry, change))
    for name in _NAMESPACES:
        _create(registry, "v1", "Namespace", "", {"metadata": {"name": name}})
    for name, value, description in _CLASSES:
        body = {"metadata": {"name": name}, "value": value, "description": description}
        _create(registry, "scheduling.k8s.io/v1", "PriorityClass", "", body)
    storage = {"provisioner": "rancher.io/local-path", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}
    body = {"metadata": {"name": "standard", "annotations": {DEFAULT_CLASS: "true"}}, **storage}
    _create(registry, "storage.k8s.io/v1", "StorageClass", "", body)
    service = {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}
    labels = {"component": "apiserver", "provider": "kubernetes"}
    _create(registry, "v1", "Service", "default", {"metadata": {"name": "kubernetes", "labels": labels}, "spec": service})


def _create(registry: Registry, api_version: str, kind: str, namespace: str, body: Obj, write: Write = _SERVER) -> None:
    resource = registry.resource(api_version, kind)
    if registry.peek(resource, namespace, body["metadata"]["name"]) is None:
        registry.create(resource, namespace, body, write)


def _changed(registry: Registry, change: Change) -> None:
    """A namespace has a service account and the cluster's certificates, and gets them again when somebody deletes them."""
    if change.storage == "/namespaces" and change.type == "ADDED":
        _furnish(registry, change.name)
    elif change.type == "DELETED" and (change.storage, change.name) in {("/serviceaccounts", _ACCOUNT), ("/configmaps", _ROOT_CA)}:
        registry.clock.soon(lambda: _furnish(registry, change.namespace))


def _furnish(registry: Registry, namespace: str) -> None:
    found = registry.store.get("/namespaces", "", namespace)
    if found is None or is_deleting(found):
        return
    _create(registry, "v1", "ServiceAccount", namespace, {"metadata": {"name": _ACCOUNT}}, _CONTROLLER)
    body = {"metadata": {"name": _ROOT_CA}, "data": {"ca.crt": ""}}
    _create(registry, "v1", "ConfigMap", namespace, body, _CONTROLLER)
