"""What the server's admission plugins add to new objects and refuse of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import Cause, forbidden, not_found
from embedded.cluster.model.objects import annotations_of, is_deleting, name_of, namespace_of
from embedded.cluster.registry import limits

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.schema.resource import Resource

DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
# How long a pod stays on a node that has gone silent.
_PATIENCE: Final = 300


def check_namespace(registry: Registry, resource: Resource, obj: Obj) -> None:
    """New objects go into namespaces that are there to stay."""
    if not resource.namespaced:
        return
    namespace = namespace_of(obj)
    found = registry.store.get("/namespaces", "", namespace)
    if found is None:
        raise not_found("", "namespaces", namespace)
    if is_deleting(found):
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        cause = Cause("NamespaceTerminating", f"namespace {namespace} is being terminated", "metadata.namespace")
        raise forbidden(resource.group, resource.plural, name_of(obj), why, [cause])


def admit(registry: Registry, resource: Resource, obj: Obj) -> None:
    """Complete a new object, in place, or refuse it."""
    if resource.storage == "/pods":
        _service_account(registry, obj)
        _tolerate(obj)
        _prioritize(registry, obj)
        limits.admit(registry, obj)
    elif resource.storage == "/persistentvolumeclaims":
        _storage_class(registry, obj)


def _service_account(registry: Registry, pod: Obj) -> None:
    spec = pod["spec"]
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    namespace = namespace_of(pod)
    if registry.store.get("/serviceaccounts", namespace, name) is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden("", "pods", name_of(pod), why)
    spec["serviceAccountName"] = spec["serviceAccount"] = name


def _tolerate(pod: Obj) -> None:
    tolerations = pod["spec"].setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(t.get("key") in {key, None} and t.get("effect") in {"NoExecute", None} for t in tolerations):
            tolerations.append({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": _PATIENCE})


def _prioritize(registry: Registry, pod: Obj) -> None:
    spec = pod["spec"]
    name = spec.get("priorityClassName")
    found = registry.store.get("scheduling.k8s.io/priorityclasses", "", name) if name else None
    if name and found is None:
        raise forbidden("", "pods", name_of(pod), f"no PriorityClass with name {name} was found")
    classes = registry.store.all("scheduling.k8s.io/priorityclasses")
    chosen = found or next((c for c in classes if c.get("globalDefault")), None)
    if chosen and not name:
        spec["priorityClassName"] = name_of(chosen)
    spec["priority"] = chosen["value"] if chosen else 0
    spec.setdefault("preemptionPolicy", (chosen or {}).get("preemptionPolicy", "PreemptLowerPriority"))


def _storage_class(registry: Registry, claim: Obj) -> None:
    if "storageClassName" in claim["spec"]:
        return
    classes = registry.store.all("storage.k8s.io/storageclasses")
    usual = next((c for c in classes if annotations_of(c).get(DEFAULT_CLASS) == "true"), None)
    if usual is not None:
        claim["spec"]["storageClassName"] = name_of(usual)
