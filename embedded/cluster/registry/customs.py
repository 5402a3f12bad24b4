"""Custom resource definitions: applied, their kinds are served; deleted, their objects go first, and then the kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.model.objects import is_deleting, meta_of, name_of, namespace_of

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.store.store import Change

DEFINITIONS: Final = "apiextensions.k8s.io/customresourcedefinitions"
CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
_KIND: Final = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


def follow(registry: Registry) -> None:
    """Keep the kinds that are served in step with the definitions."""
    registry.store.subscribe(lambda change: _changed(registry, change))


def finalizers(registry: Registry, resource: Resource, obj: Obj) -> list[str]:
    """What a definition that is being deleted waits for: its objects."""
    return [CLEANUP] if resource.storage == DEFINITIONS and _objects(registry, obj) else []


def _objects(registry: Registry, definition: Obj) -> list[Obj]:
    return list(registry.store.all(_storage(definition)))


def _storage(definition: Obj) -> str:
    spec = definition["spec"]
    return f"{spec['group']}/{spec['names']['plural']}"


def _changed(registry: Registry, change: Change) -> None:
    if change.storage != DEFINITIONS:
        if change.type == "DELETED" and registry.store.count(DEFINITIONS, ""):
            _gone(registry, change.storage)
    elif change.type == "DELETED":
        registry.catalogue.remove_crd(change.name)
    elif change.old is None or change.old["spec"] != change.obj["spec"]:
        # A status alone changes nothing that is served.
        registry.catalogue.add_crd(change.obj)
    elif is_deleting(change.obj) and not is_deleting(change.old):
        registry.clock.soon(lambda: _clear(registry, change.obj))


def _clear(registry: Registry, definition: Obj) -> None:
    """Delete all objects of a definition that is being deleted."""
    for obj in _objects(registry, definition):
        resource = registry.resource(obj["apiVersion"], obj["kind"])
        registry.delete(resource, namespace_of(obj), name_of(obj))


def _gone(registry: Registry, storage: str) -> None:
    """An object is gone; if it was the last, its definition need wait no longer."""
    found = next((d for d in registry.store.all(DEFINITIONS) if is_deleting(d) and _storage(d) == storage), None)
    if found is not None and not _objects(registry, found):
        registry.clock.soon(lambda: _release(registry, name_of(found)))


def _release(registry: Registry, name: str) -> None:
    def released(definition: Obj) -> None:
        metadata = meta_of(definition)
        metadata["finalizers"] = [f for f in metadata.get("finalizers") or [] if f != CLEANUP]

    registry.modify(registry.resource(*_KIND), "", name, released, "kube-apiserver")
