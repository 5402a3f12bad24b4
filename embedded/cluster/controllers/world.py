"""What all controllers share: the objects, the changes to them, time, and the events that they report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.dependents import Dependents
from embedded.cluster.controllers.recorder import Recorder
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import EVERYTHING, controller_of, is_deleting, labels_of, name_of, namespace_of, uid_of
from embedded.cluster.registry.requests import DeleteOptions, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedded.cluster.controllers.kinds import Kind
    from embedded.cluster.model.clock import Clock
    from embedded.cluster.model.draws import Draws
    from embedded.cluster.model.journal import Journal
    from embedded.cluster.model.objects import Obj, Selector
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.registry.requests import Propagation
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.store.store import Change

MANAGER: Final = "kube-controller-manager"


class World:
    """The cluster as controllers see it. Reads come straight from the store: nothing here is ever stale."""

    def __init__(self, registry: Registry, clock: Clock, draws: Draws, journal: Journal) -> None:
        self.registry: Final = registry
        self.store: Final = registry.store
        self.clock: Final = clock
        self.draws: Final = draws
        self.journal: Final = journal
        self.dependents: Final = Dependents(self.store)
        self.events: Final = Recorder(self)
        self._listeners: dict[str, list[Callable[[Change], None]]] = {}
        self._all_ears: list[Callable[[Change], None]] = []
        self._leave = self.store.subscribe(self._changed)

    def close(self) -> None:
        """Hear of nothing any more."""
        self._leave()

    def on(self, kind: Kind, listener: Callable[[Change], None]) -> None:
        """Tell of each change to objects of a kind."""
        self._listeners.setdefault(kind.storage, []).append(listener)

    def on_any(self, listener: Callable[[Change], None]) -> None:
        """Tell of each change to any object."""
        self._all_ears.append(listener)

    def get(self, kind: Kind, namespace: str, name: str) -> Obj | None:
        """The object, if there is one."""
        return self.store.get(kind.storage, namespace, name)

    def all(self, kind: Kind, namespace: str | None = None, selector: Selector = EVERYTHING) -> Iterator[Obj]:
        """The objects of a kind whose labels match; without a namespace, in all of them."""
        return (obj for obj in self.store.all(kind.storage, namespace) if selector.matches(labels_of(obj)))

    def controlled(self, kind: Kind, owner: Obj) -> list[Obj]:
        """The objects of a kind that have this controller."""
        found = (obj for _, obj in self.dependents.of(uid_of(owner), kind.storage))
        return [obj for obj in found if (controller := controller_of(obj)) is not None and controller["uid"] == uid_of(owner)]

    def resource(self, kind: Kind) -> Resource:
        """The kind as the API serves it."""
        return self.registry.resource(kind.api_version, kind.kind)

    def create(self, kind: Kind, obj: Obj, manager: str = MANAGER) -> Obj:
        """Make an object."""
        body = {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
        return self.registry.create(self.resource(kind), namespace_of(obj), body, Write(manager=manager, trusted=True))

    def change(self, kind: Kind, obj: Obj, change: Callable[[Obj], None], *, subresource: str = "", manager: str = MANAGER) -> Obj | None:
        """Change an object as it is now, if it still is the same one."""
        current = self.get(kind, namespace_of(obj), name_of(obj))
        if current is None or uid_of(current) != uid_of(obj):
            return None
        return self.registry.modify(self.resource(kind), namespace_of(obj), name_of(obj), change, manager, subresource)

    def set_status(self, kind: Kind, obj: Obj, status: Obj, manager: str = MANAGER) -> None:
        """Give an object a status, if it differs."""
        if obj.get("status") != status:
            self.change(kind, obj, lambda fresh: fresh.__setitem__("status", status), subresource="status", manager=manager)

    def delete(self, kind: Kind, obj: Obj, *, grace: int | None = None, propagation: Propagation | None = "Background") -> None:
        """Delete an object; no matter if it is gone already."""
        options = DeleteOptions(propagation=propagation, grace=grace, uid=uid_of(obj))
        try:
            self.registry.delete(self.resource(kind), namespace_of(obj), name_of(obj), options)
        except StatusError as error:
            if error.code not in {404, 409}:
                raise

    def is_ending(self, namespace: str) -> bool:
        """Whether a namespace takes no new objects."""
        found = self.store.get("/namespaces", "", namespace)
        return found is None or is_deleting(found)

    def _changed(self, change: Change) -> None:
        self.dependents.note(change)
        for listener in self._listeners.get(change.storage, ()):
            listener(change)
        for listener in self._all_ears:
            listener(change)
