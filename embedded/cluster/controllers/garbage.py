"""Garbage: what has lost its owners goes; what is deleted in the foreground waits for its dependents; orphans are let go of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.claiming import release
from embedded.cluster.controllers.kinds import Kind
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import is_deleting, meta_of, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.dependents import Place
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.requests import Propagation
    from embedded.cluster.store.store import Change

FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"
_RETRY: Final = 1.0


class Garbage:
    """Follows owner references over all kinds."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: set[Place] = set()
        world.on_any(self._changed)

    def _changed(self, change: Change) -> None:
        place = (change.storage, change.namespace, change.name)
        if change.type == "DELETED":
            for dependent, _ in self._world.dependents.of(uid_of(change.obj)):
                self._look_at(dependent)
            for reference in meta_of(change.obj).get("ownerReferences") or ():
                self._look_at_uid(reference["uid"])
            return
        references = meta_of(change.obj).get("ownerReferences")
        if references and (change.old is None or meta_of(change.old).get("ownerReferences") != references):
            self._look_at(place)
        if is_deleting(change.obj) and meta_of(change.obj).get("finalizers"):
            self._look_at(place)
        for reference in (meta_of(change.old).get("ownerReferences") or ()) if change.old is not None else ():
            if reference not in (references or ()):
                self._look_at_uid(reference["uid"])

    def _look_at_uid(self, uid: str) -> None:
        place = self._world.dependents.place(uid)
        if place is not None:
            self._look_at(place)

    def _look_at(self, place: Place) -> None:
        if place not in self._waiting:
            self._waiting.add(place)
            self._world.clock.soon(lambda: self._turn(place))

    def _turn(self, place: Place) -> None:
        self._waiting.discard(place)
        obj = self._world.store.get(*place)
        if obj is None:
            return
        try:
            if is_deleting(obj):
                self._finish(place, obj)
            else:
                self._check_owners(place, obj)
        except StatusError:
            self._world.clock.later(_RETRY, lambda: self._look_at(place))

    def _finish(self, place: Place, obj: Obj) -> None:
        """Do what the garbage collector's own finalizers stand for."""
        world, kind = self._world, _kind(place, obj)
        finalizers = meta_of(obj).get("finalizers") or ()
        if ORPHAN in finalizers:
            for where, dependent in list(world.dependents.of(uid_of(obj))):
                world.change(_kind(where, dependent), dependent, lambda fresh: release(fresh, uid_of(obj)))
            world.change(kind, obj, lambda fresh: _drop(fresh, ORPHAN))
        elif FOREGROUND in finalizers:
            dependents = list(world.dependents.of(uid_of(obj)))
            for where, dependent in dependents:
                if not is_deleting(dependent) and self._is_orphan_without(dependent, uid_of(obj)):
                    world.delete(_kind(where, dependent), dependent, propagation="Foreground")
            if not any(_blocks(dependent, uid_of(obj)) for _, dependent in world.dependents.of(uid_of(obj))):
                world.change(kind, obj, lambda fresh: _drop(fresh, FOREGROUND))

    def _is_orphan_without(self, dependent: Obj, uid: str) -> bool:
        others = [r for r in meta_of(dependent).get("ownerReferences") or () if r["uid"] != uid]
        return not any(self._is_there(dependent, r) for r in others)

    def _check_owners(self, place: Place, obj: Obj) -> None:
        references = meta_of(obj).get("ownerReferences") or ()
        if not references or any(self._is_there(obj, r) for r in references):
            return
        waiting = {self._world.dependents.exists(r["uid"]) for r in references}
        propagation: Propagation = "Foreground" if True in waiting else "Background"
        self._world.delete(_kind(place, obj), obj, propagation=propagation)

    def _is_there(self, dependent: Obj, reference: Obj) -> bool:
        """Whether the owner exists and isn't waiting for its dependents' end; of kinds that nobody knows it is assumed."""
        place = self._world.dependents.place(reference["uid"])
        if place is None:
            return self._world.registry.catalogue.by_kind(reference["apiVersion"], reference["kind"]) is None
        if place[1] and place[1] != meta_of(dependent).get("namespace", ""):
            return False
        owner = self._world.store.get(*place)
        return owner is not None and not (is_deleting(owner) and FOREGROUND in (meta_of(owner).get("finalizers") or ()))


def _kind(place: Place, obj: Obj) -> Kind:
    return Kind(obj["apiVersion"], obj["kind"], place[0].rpartition("/")[2])


def _drop(obj: Obj, finalizer: str) -> None:
    left = [f for f in meta_of(obj).get("finalizers") or () if f != finalizer]
    if left:
        obj["metadata"]["finalizers"] = left
    else:
        obj["metadata"].pop("finalizers", None)


def _blocks(dependent: Obj, uid: str) -> bool:
    return any(r["uid"] == uid and r.get("blockOwnerDeletion") for r in meta_of(dependent).get("ownerReferences") or ())
