"""A controller: told of changes, it brings one object at a time to where its specification says it should be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final

from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import controller_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.kinds import Kind
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.clock import Timer
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

Key = tuple[str, str]
_FIRST_RETRY: Final = 0.1
_LAST_RETRY: Final = 60.0
# Up to so many parts each change is followed at once; beyond, a turn waits so many seconds for each part: a turn looks at all of them.
_FEW: Final = 20
_PATIENCE: Final = 0.0005


class Controller(ABC):
    """One turn at a time for each (namespace, name), however often asked for; what the API refuses is tried again, ever more slowly."""

    kind: ClassVar[Kind]

    def __init__(self, world: World) -> None:
        self.world: Final = world
        self._waiting: set[Key] = set()
        self._timers: dict[Key, Timer] = {}
        self._failures: dict[Key, int] = {}
        # How many parts an object has, for those that tell.
        self.sizes: Final[dict[Key, int]] = {}
        world.on(self.kind, self.changed)

    @abstractmethod
    def reconcile(self, namespace: str, name: str) -> None:
        """Bring the object to where it should be; it may be gone."""

    def changed(self, change: Change) -> None:
        """An object of the controller's own kind changed."""
        self.enqueue(change.namespace, change.name)

    def enqueue(self, namespace: str, name: str) -> None:
        """Give the object a turn at this instant."""
        key = (namespace, name)
        if key not in self._waiting:
            self._waiting.add(key)
            self.world.clock.soon(lambda: self._turn(key))

    def enqueue_all(self, namespace: str | None = None) -> None:
        """Give all objects of the kind a turn."""
        for obj in self.world.all(self.kind, namespace):
            self.enqueue(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])

    def enqueue_after(self, seconds: float, namespace: str, name: str) -> None:
        """Give the object a turn later; of several such wishes the earliest counts."""
        key = (namespace, name)
        due = self.world.clock.now() + seconds
        timer = self._timers.get(key)
        if timer is not None:
            if timer.due <= due:
                return
            timer.cancel()
        self._timers[key] = self.world.clock.later(seconds, lambda: self._later(key))

    def enqueue_gently(self, namespace: str, name: str) -> None:
        """Give the object a turn: at this instant if it has few parts, else soon, together with what happens to its other parts by then."""
        size = self.sizes.get((namespace, name), 0)
        if size <= _FEW:
            self.enqueue(namespace, name)
        else:
            self.enqueue_after(size * _PATIENCE, namespace, name)

    def enqueue_owner(self, obj: Obj) -> None:
        """Give the object's controller a turn, if it is of this kind."""
        owner = controller_of(obj)
        if owner is not None and owner["kind"] == self.kind.kind and owner["apiVersion"] == self.kind.api_version:
            self.enqueue_gently(obj["metadata"].get("namespace", ""), owner["name"])

    def dependent_changed(self, change: Change) -> None:
        """A listener for kinds that this one owns."""
        self.enqueue_owner(change.obj)
        if change.old is not None and controller_of(change.old) != controller_of(change.obj):
            self.enqueue_owner(change.old)

    def _later(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.enqueue(*key)

    def _turn(self, key: Key) -> None:
        self._waiting.discard(key)
        try:
            self.reconcile(*key)
        except StatusError as error:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            self.world.journal.write("retry", of=self.kind.kind, namespace=key[0], name=key[1], why=error.message)
            self.enqueue_after(min(_FIRST_RETRY * 2 ** min(failures - 1, 20), _LAST_RETRY), *key)
        else:
            self._failures.pop(key, None)
