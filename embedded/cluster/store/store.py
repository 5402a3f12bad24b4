"""The objects and the order of their changes: what etcd is to a real API server.

Storage keys are `group/plural` (`apps/deployments`, `/pods`). Objects are shared: nobody changes one in place.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from embedded.cluster.model.errors import StatusError, expired
from embedded.cluster.model.objects import name_of, namespace_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from embedded.cluster.model.objects import Obj

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
# How many changes a watch may resume from.
HISTORY: Final = 20_000
# What etcd takes when nobody has told it otherwise.
_LARGEST: Final = 1536 * 1024


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `old` is what was there before; a deleted object is `obj` as it was last, with the deletion's version."""

    type: ChangeType
    storage: str
    namespace: str
    name: str
    obj: Obj
    old: Obj | None
    version: int


def check_size(obj: Obj) -> None:
    """Refuse an object that is too large to be kept."""
    if len(msgspec.json.encode(obj)) > _LARGEST:
        raise StatusError(500, "", "etcdserver: request is too large")


class Store:
    """All objects, by storage key, namespace and name."""

    def __init__(self, history: int = HISTORY) -> None:
        self.version = 1
        self._objects: dict[str, dict[str, dict[str, Obj]]] = {}
        self._changes: deque[Change] = deque(maxlen=history)
        self._forgotten = 0
        self._listeners: list[Callable[[Change], None]] = []

    def get(self, storage: str, namespace: str, name: str) -> Obj | None:
        """The object, if there is one."""
        return self._objects.get(storage, {}).get(namespace, {}).get(name)

    def all(self, storage: str, namespace: str | None = None) -> Iterator[Obj]:
        """All of a kind, in the order of namespace and name; None: in all namespaces."""
        spaces = self._objects.get(storage, {})
        for space in sorted(spaces) if namespace is None else [namespace]:
            found = spaces.get(space, {})
            for name in sorted(found):
                yield found[name]

    def count(self, storage: str, namespace: str) -> int:
        """How many there are in a namespace."""
        return len(self._objects.get(storage, {}).get(namespace, {}))

    def storages(self) -> Iterable[str]:
        """The kinds that have had objects."""
        return sorted(self._objects)

    def put(self, storage: str, obj: Obj) -> Obj:
        """Store a new object or a new version of one; the object gets its resourceVersion here, and is the store's from now on."""
        namespace, name = namespace_of(obj), name_of(obj)
        space = self._objects.setdefault(storage, {}).setdefault(namespace, {})
        old = space.get(name)
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        space[name] = obj
        self._tell(Change("MODIFIED" if old else "ADDED", storage, namespace, name, obj, old, self.version))
        return obj

    def remove(self, storage: str, namespace: str, name: str) -> Obj | None:
        """Take an object out; returns its last state, with the version of its end."""
        old = self._objects.get(storage, {}).get(namespace, {}).pop(name, None)
        if old is None:
            return None
        self.version += 1
        last = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self.version)}}
        self._tell(Change("DELETED", storage, namespace, name, last, old, self.version))
        return last

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Hear of every change, while it is being made; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def changes_since(self, version: int, storage: str) -> list[Change]:
        """What happened to a kind after a version; 410 when that is too long ago."""
        if version < self._forgotten:
            raise expired(f"too old resource version: {version} ({self._forgotten})")
        recent = itertools.takewhile(lambda c: c.version > version, reversed(self._changes))
        return [c for c in recent if c.storage == storage][::-1]

    def _tell(self, change: Change) -> None:
        if len(self._changes) == self._changes.maxlen:
            self._forgotten = self._changes[0].version
        self._changes.append(change)
        for listener in tuple(self._listeners):
            listener(change)
