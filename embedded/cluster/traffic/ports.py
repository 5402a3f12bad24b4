"""What traffic needs to know of the cluster: the objects, and that they have changed. The store is one that can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from embedded.cluster.model.objects import Obj


class Changed(Protocol):
    """A change of an object."""

    @property
    def storage(self) -> str:
        """Which kind, as `group/plural`."""
        ...


class Objects(Protocol):
    """The cluster's objects. Nobody changes what it hands out."""

    def get(self, storage: str, namespace: str, name: str) -> Obj | None:
        """The object, if there is one."""
        ...

    def all(self, storage: str, namespace: str | None = None) -> Iterable[Obj]:
        """All of a kind, in the order of namespace and name."""
        ...

    def subscribe(self, listener: Callable[[Changed], None]) -> Callable[[], None]:
        """Hear of every change; returns how to stop."""
        ...
