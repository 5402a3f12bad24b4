"""Pods and nodes that fail because somebody asked for it.

- `Disruption("crash", "shop/web-*", period=30, probability=0.2)`: every half minute each of these pods crashes, with a chance of a fifth.
- `Disruption("unready", "shop/web-*", lasts=60)`: they, and those that join them, are unready for a minute.
- `Disruption("node-lost", "node-2")`: the node is gone until the rule is removed.

Two sorts: what happens in an instant (crash, oom, evict, node-back), and what holds until the rule ends (unready, node-lost).
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Protocol

from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import name_of, namespace_of, uid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from embedded.cluster.model.clock import Clock, Timer
    from embedded.cluster.model.draws import Draws
    from embedded.cluster.model.journal import Journal
    from embedded.cluster.model.objects import Obj

ON_PODS: Final = ("crash", "oom", "evict", "unready")
ON_NODES: Final = ("node-lost", "node-back")
KINDS: Final = (*ON_PODS, *ON_NODES)
# How many strikes of a fault are remembered one by one.
KEPT: Final = 1000
_HOLDING: Final = frozenset({"unready", "node-lost"})


class Objects(Protocol):
    """Where pods and nodes are found."""

    def all(self, storage: str) -> Iterable[Obj]:
        """All of a kind."""


class Actions(Protocol):
    """What can be done to pods and nodes; a StatusError says that it can't be done to this one."""

    def crash_pod(self, namespace: str, name: str) -> None:
        """Its container ends with an error."""

    def oom_pod(self, namespace: str, name: str) -> None:
        """Its container is killed for its memory."""

    def evict_pod(self, namespace: str, name: str) -> None:
        """It has to go."""

    def unready_pod(self, namespace: str, name: str) -> None:
        """Its readiness probe fails from now on."""

    def ready_pod(self, namespace: str, name: str) -> None:
        """It no longer does."""

    def lose_node(self, name: str) -> None:
        """It answers no more."""

    def restore_node(self, name: str) -> None:
        """It does again."""


@dataclass(frozen=True, slots=True)
class World:
    """What disruptions work with."""

    objects: Objects
    actions: Actions
    clock: Clock
    draws: Draws
    journal: Journal


@dataclass(frozen=True, slots=True)
class Disruption:
    """Pods or nodes that fail.

    `target` is a pattern: `namespace/pod`, `pod` for all namespaces, or a node's name. It begins `after` so many seconds of the cluster's
    time and `lasts` so many; what happens in an instant recurs with a `period`, to each target with a `probability`, `count` times at most.
    """

    kind: str
    target: str = "*"
    after: float = 0.0
    period: float | None = None
    probability: float = 1.0
    count: int | None = None
    lasts: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r} of pods or nodes; there are {', '.join(KINDS)}")
        if self.period is not None and self.kind in _HOLDING:
            raise ValueError(f"{self.kind} holds until it ends, so it has no period")
        if self.period is not None and self.period <= 0:
            raise ValueError(f"period is {self.period}; it must be more than 0")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability is {self.probability}; it goes from 0 to 1")
        if self.count is not None and self.count < 1:
            raise ValueError(f"count is {self.count}; it counts from 1")
        if self.after < 0 or (self.lasts is not None and self.lasts < 0):
            raise ValueError("after and lasts can't be negative")

    def matches(self, obj: Obj) -> bool:
        """Whether the pod or node is meant."""
        namespace, slash, name = self.target.rpartition("/")
        return fnmatchcase(name_of(obj), name) and (not slash or fnmatchcase(namespace_of(obj), namespace))


class Disrupted:
    """A disruption at work: how often it has struck, and what lately."""

    def __init__(self, ident: str, disruption: Disruption, world: World) -> None:
        self.ident, self.disruption = ident, disruption
        self.struck = 0
        self.hits: deque[str] = deque(maxlen=KEPT)
        self._world = world
        self._timers: list[Timer] = []
        self._held: list[Obj] = []
        self._turns = 0
        self._ended = False

    def start(self) -> None:
        """Strike now, or when it is time."""
        if self.disruption.after:
            self._later(self.disruption.after, self._strike)
        else:
            self._strike()
        if self.disruption.lasts is not None:
            self._later(self.disruption.after + self.disruption.lasts, self.end)

    def end(self) -> None:
        """Strike no more, and take back what holds."""
        self._ended = True
        for timer in self._timers:
            timer.cancel()
        for obj in self._held:
            self._undo(obj)
        self._held.clear()

    @property
    def spent(self) -> bool:
        """Whether it will do nothing more."""
        return self._ended or self._used_up or (self._turns > 0 and self.disruption.period is None and self.disruption.kind not in _HOLDING)

    def appeared(self, pod: Obj) -> None:
        """A pod has come to a node; what holds, holds for it too."""
        if self.disruption.kind == "unready" and self._turns and not self._ended and self.disruption.matches(pod):
            self._hit(pod)

    @property
    def _used_up(self) -> bool:
        return self.disruption.count is not None and self.struck >= self.disruption.count

    def _strike(self) -> None:
        self._turns += 1
        storage = "/nodes" if self.disruption.kind in ON_NODES else "/pods"
        meant = [obj for obj in self._world.objects.all(storage) if self.disruption.matches(obj)]
        if self.disruption.count is not None:  # not all of them: chance says which
            meant.sort(key=lambda obj: self._chance(obj, "order"))
        for obj in meant:
            self._hit(obj)
        if self.disruption.period is not None and not self.spent:
            self._later(self.disruption.period, self._strike)

    def _hit(self, obj: Obj) -> None:
        if self._used_up or self._chance(obj, self._turns) >= self.disruption.probability:
            return
        namespace, name = namespace_of(obj), name_of(obj)
        actions: dict[str, Callable[[], None]] = {
            "crash": lambda: self._world.actions.crash_pod(namespace, name),
            "oom": lambda: self._world.actions.oom_pod(namespace, name),
            "evict": lambda: self._world.actions.evict_pod(namespace, name),
            "unready": lambda: self._world.actions.unready_pod(namespace, name),
            "node-lost": lambda: self._world.actions.lose_node(name),
            "node-back": lambda: self._world.actions.restore_node(name),
        }
        target = "/".join(filter(None, (namespace, name)))
        try:
            actions[self.disruption.kind]()
        except StatusError:
            return  # it doesn't run, or is going: nothing can happen to it
        self.struck += 1
        self.hits.append(target)
        self._world.journal.write("strike", fault=self.disruption.kind, id=self.ident, target=target)
        if self.disruption.kind in _HOLDING:
            self._held.append(obj)

    def _undo(self, obj: Obj) -> None:
        with suppress(StatusError):  # it is gone
            if self.disruption.kind == "unready":
                self._world.actions.ready_pod(namespace_of(obj), name_of(obj))
            else:
                self._world.actions.restore_node(name_of(obj))

    def _chance(self, obj: Obj, turn: object) -> float:
        return self._world.draws.fraction("fault", self.ident, uid_of(obj), turn)

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self._timers.append(self._world.clock.later(seconds, what))
