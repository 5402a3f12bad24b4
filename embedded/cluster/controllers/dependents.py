"""Who belongs to whom: indexes over owner references, kept with every change, so that nobody searches a namespace for its pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.model.objects import controller_of, meta_of, uid_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change, Store

Place = tuple[str, str, str]


class Dependents:
    """Objects by the uid of their owners, and the uids that exist."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._places: dict[str, Place] = {}
        self._dependents: dict[str, dict[Place, None]] = {}
        self._masterless: dict[tuple[str, str], dict[str, None]] = {}
        for storage in store.storages():
            for obj in store.all(storage):
                self._add((storage, meta_of(obj).get("namespace", ""), obj["metadata"]["name"]), obj)

    def note(self, change: Change) -> None:
        """Keep up with a change."""
        place = (change.storage, change.namespace, change.name)
        if change.old is not None:
            self._drop(place, change.old)
        if change.type != "DELETED":
            self._add(place, change.obj)

    def exists(self, uid: str) -> bool:
        """Whether there is an object with that uid."""
        return uid in self._places

    def place(self, uid: str) -> Place | None:
        """Where the object with that uid is kept."""
        return self._places.get(uid)

    def of(self, uid: str, storage: str | None = None) -> Iterator[tuple[Place, Obj]]:
        """What has it as an owner, in the order of names."""
        for place in sorted(self._dependents.get(uid, ())):
            if storage in {None, place[0]} and (obj := self._store.get(*place)) is not None:
                yield place, obj

    def masterless(self, storage: str, namespace: str) -> Iterator[Obj]:
        """The objects of a kind without a controller, in the order of names."""
        for name in sorted(self._masterless.get((storage, namespace), ())):
            if (obj := self._store.get(storage, namespace, name)) is not None:
                yield obj

    def _add(self, place: Place, obj: Obj) -> None:
        self._places[uid_of(obj)] = place
        for reference in meta_of(obj).get("ownerReferences") or ():
            self._dependents.setdefault(reference["uid"], {})[place] = None
        if controller_of(obj) is None:
            self._masterless.setdefault(place[:2], {})[place[2]] = None

    def _drop(self, place: Place, obj: Obj) -> None:
        self._masterless.get(place[:2], {}).pop(place[2], None)
        self._places.pop(uid_of(obj), None)
        for reference in meta_of(obj).get("ownerReferences") or ():
            others = self._dependents.get(reference["uid"], {})
            others.pop(place, None)
            if not others:
                self._dependents.pop(reference["uid"], None)
