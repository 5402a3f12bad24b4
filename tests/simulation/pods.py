"""Pods of simulated slots, and what they do by the version that they are of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tidegate.model.health import Pods

if TYPE_CHECKING:
    from tests.simulation.timeline import Timeline
    from tidegate.model.health import Trouble

Metrics = Literal["good", "bad", "absent", "sparse", "gone", "marginal", "blip", "patchy"]
"""gone: bad once it is live. blip: a bad look now and then, which is borne. patchy: too many of them."""


@dataclass(frozen=True)
class Manner:
    """How a version behaves."""

    ready_after: float | None = 4.0
    """Seconds; None: never."""
    metrics: Metrics = "good"
    bad_from: int = 0
    """The weight from which its metrics are bad, if they are."""
    dies_at: int | None = None
    """The weight from which its pods die."""
    dies_after: float = 5.0
    dies_of: Trouble = "health"
    recovers: float | None = None
    """How long they are dead; None: for good."""
    flaps: int = 0
    """How often one of its pods is away for a while, once it has users."""
    check: str | None = None
    """What an end-to-end check finds."""


GOOD = Manner()


@dataclass
class Deployment:
    """A slot's pods."""

    timeline: Timeline
    spec: str = ""
    version: str = ""
    proven: str = ""
    asked: int = 0
    ready: int = 0
    restarts: int = 0
    troubles: list[tuple[Trouble, str]] = field(default_factory=list)
    epoch: int = 0
    dead: bool = False
    """Whether they are down by a fault of their own."""
    fallen: float = -1e9
    """When they last went down by that."""
    risen: float = 0.0
    """When they last came up after that."""

    def apply(self, spec: str, version: str, proven: str, replicas: int, manner: Manner) -> None:
        """What an update makes of it."""
        if spec != self.spec:
            self.epoch += 1
            self.ready, self.restarts, self.troubles, self.dead = 0, 0, [], False
            self._start(replicas, manner)
        elif replicas > self.asked:
            self._start(replicas - self.asked, manner)
        else:
            self.ready = min(self.ready, replicas)
        if not replicas:
            self.epoch += 1
            self.troubles, self.dead = [], False
        self.spec, self.version, self.proven, self.asked = spec, version, proven, replicas

    def _start(self, number: int, manner: Manner) -> None:
        if not number or manner.ready_after is None or self.dead:
            return
        epoch = self.epoch

        def up() -> None:
            if self.epoch == epoch and not self.dead:
                self.ready = min(self.asked, self.ready + number)

        self.timeline.after(manner.ready_after, up)

    def down(self, trouble: Trouble, number: int | None = None) -> None:
        """Pods of it go down."""
        self.ready = 0 if number is None else max(0, self.ready - number)
        self.restarts += 1
        self.troubles = [(trouble, f"a pod is down: {trouble}")]
        self.dead, self.fallen = True, self.timeline.now

    def up(self) -> None:
        """They are up again."""
        self.dead, self.troubles, self.risen = False, [], self.timeline.now
        self.ready = self.asked

    @property
    def pods(self) -> Pods:
        """As they are seen."""
        return Pods(self.ready, self.asked, self.restarts, tuple(self.troubles))
