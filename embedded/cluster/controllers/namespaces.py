"""The end of a namespace: all that is in it goes first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import NAMESPACE, Kind
from embedded.cluster.model.objects import is_deleting, meta_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

_FINALIZER = "kubernetes"
_CHECKS = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    ("NamespaceDeletionContentFailure", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
)


class Namespaces(Controller):
    """Empties a namespace that is to go, and lets it go when it is empty."""

    kind = NAMESPACE

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on_any(self._content_changed)

    def _content_changed(self, change: Change) -> None:
        if change.type == "DELETED" and change.namespace:
            namespace = self.world.get(NAMESPACE, "", change.namespace)
            if namespace is not None and is_deleting(namespace):
                self.enqueue("", change.namespace)

    def reconcile(self, namespace: str, name: str) -> None:
        """Delete what is left; wait for what takes its time."""
        found = self.world.get(NAMESPACE, namespace, name)
        if found is None or not is_deleting(found) or _FINALIZER not in ((found.get("spec") or {}).get("finalizers") or ()):
            return
        for kind, obj in list(self._content(name)):
            if not is_deleting(obj):
                self.world.delete(kind, obj)
        left = list(self._content(name))
        if left:
            self._say(found, left)
            return

        def finalize(fresh: Obj) -> None:
            fresh["spec"]["finalizers"] = [f for f in fresh["spec"]["finalizers"] if f != _FINALIZER]

        self.world.change(NAMESPACE, found, finalize, subresource="finalize")

    def _content(self, namespace: str) -> Iterator[tuple[Kind, Obj]]:
        for storage in self.world.store.storages():
            if storage == NAMESPACE.storage:
                continue
            for obj in self.world.store.all(storage, namespace):
                yield Kind(obj["apiVersion"], obj["kind"], storage.rpartition("/")[2]), obj

    def _say(self, namespace: Obj, left: list[tuple[Kind, Obj]]) -> None:
        remaining = Counter(_qualified(kind) for kind, _ in left)
        finalizers = Counter(f for _, obj in left for f in meta_of(obj).get("finalizers") or ())
        said = [*((t, "False", reason, message) for t, reason, message in _CHECKS)]
        parts = ", ".join(f"{kind} has {count} resource instances" for kind, count in sorted(remaining.items()))
        said.append(("NamespaceContentRemaining", "True", "SomeResourcesRemain", f"Some resources are remaining: {parts}"))
        parts = ", ".join(f"{finalizer} in {count} resource instances" for finalizer, count in sorted(finalizers.items()))
        if finalizers:
            message = f"Some content in the namespace has finalizers remaining: {parts}"
            said.append(("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", message))
        else:
            said.append(("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished"))
        status = namespace.get("status") or {}
        found: list[Obj] = status.get("conditions") or []
        for type_, state, reason, message in said:
            found = conditions.put(found, {"type": type_, "status": state, "reason": reason, "message": message}, self.world.clock.stamp())
        self.world.set_status(NAMESPACE, namespace, status | {"phase": "Terminating", "conditions": found})


def _qualified(kind: Kind) -> str:
    return f"{kind.plural}.{kind.storage.partition('/')[0]}"
