"""Faults without a cluster: a clock by hand, and a world that notes what is done to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from embedded.cluster.faults import disruptions
from embedded.cluster.faults.book import Faults
from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.errors import not_found
from embedded.cluster.model.journal import Journal

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj


def pod(name: str, namespace: str = "shop") -> Obj:
    """A pod as far as faults look at it."""
    return {"metadata": {"namespace": namespace, "name": name, "uid": f"uid-{namespace}-{name}"}}


def node(name: str) -> Obj:
    """A node as far as faults look at it."""
    return {"metadata": {"name": name, "uid": f"uid-{name}"}}


@dataclass
class World:
    """Notes what is done to its pods and nodes."""

    there: list[Obj] = field(default_factory=lambda: [pod("web-1"), pod("web-2"), pod("api-1"), pod("web-1", "other")])
    machines: list[Obj] = field(default_factory=lambda: [node("node-1"), node("node-2")])
    done: list[str] = field(default_factory=list)
    # Pods that nothing can be done to.
    out_of_reach: set[str] = field(default_factory=set)

    def all(self, storage: str) -> list[Obj]:
        return self.there if storage == "/pods" else self.machines

    def crash_pod(self, namespace: str, name: str) -> None:
        self._do("crash", namespace, name)

    def oom_pod(self, namespace: str, name: str) -> None:
        self._do("oom", namespace, name)

    def evict_pod(self, namespace: str, name: str) -> None:
        self._do("evict", namespace, name)

    def unready_pod(self, namespace: str, name: str) -> None:
        self._do("unready", namespace, name)

    def ready_pod(self, namespace: str, name: str) -> None:
        self._do("ready", namespace, name)

    def _do(self, what: str, namespace: str, name: str) -> None:
        if name in self.out_of_reach:
            raise not_found("", "pods", name)
        self.done.append(f"{what} {namespace}/{name}")

    def lose_node(self, name: str) -> None:
        self.done.append(f"lose {name}")

    def restore_node(self, name: str) -> None:
        self.done.append(f"restore {name}")


@dataclass(frozen=True)
class Rig:
    """Faults, and what they work with."""

    world: World
    clock: Clock
    journal: Journal
    faults: Faults


def make(seed: int = 0) -> Rig:
    """A rig of its own for each seed."""
    world, clock = World(), Clock()
    journal = Journal(clock)
    return Rig(world, clock, journal, Faults(disruptions.World(world, world, clock, Draws(seed), journal)))


@pytest.fixture
def rig() -> Rig:
    """Faults with nothing in force."""
    return make()
