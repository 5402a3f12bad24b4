"""The rules in force, what they have done, and which requests there were."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from embedded.cluster.faults.disruptions import KEPT, Disrupted
from embedded.cluster.faults.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.faults.disruptions import Disruption, World
    from embedded.cluster.faults.requests import Request
    from embedded.cluster.faults.rules import Action
    from embedded.cluster.model.objects import Obj

# How many requests are remembered.
_SEEN: Final = 20_000


@dataclass(slots=True)
class Ruling:
    """A rule at work: how many requests it has counted and struck, and which it has struck lately."""

    ident: str
    rule: Rule
    ends: float | None
    counted: int = 0
    struck: int = 0
    hits: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    def spent(self, now: float) -> bool:
        """Whether it will strike no more."""
        rule = self.rule
        return (
            (self.ends is not None and now >= self.ends)
            or (rule.count is not None and self.struck >= rule.count)
            or (rule.nth is not None and self.counted >= rule.nth)
        )


class Faults:
    """All faults that have been asked for."""

    def __init__(self, world: World) -> None:
        self._world, self._clock = world, world.clock
        self._rulings: dict[str, Ruling] = {}
        self._disrupted: dict[str, Disrupted] = {}
        self._numbers = 0
        self._cutters: dict[int, tuple[Request, Callable[[], None]]] = {}
        self.counted = 0
        self.seen: deque[Request] = deque(maxlen=_SEEN)

    def add(self, fault: Rule | Disruption) -> Ruling | Disrupted:
        """Put a fault in force."""
        self._numbers += 1
        ident = str(self._numbers)
        if isinstance(fault, Rule):
            ends = None if fault.lasts is None else self._clock.now() + fault.lasts
            ruling = self._rulings[ident] = Ruling(ident, fault, ends)
            self._cut(ruling)
            return ruling
        disrupted = self._disrupted[ident] = Disrupted(ident, fault, self._world)
        disrupted.start()
        return disrupted

    def all(self) -> list[Ruling | Disrupted]:
        """What was asked for and not removed, in that order."""
        found: list[Ruling | Disrupted] = [*self._rulings.values(), *self._disrupted.values()]
        return sorted(found, key=lambda entry: int(entry.ident))

    def remove(self, ident: str) -> bool:
        """End a fault; whether there was one of that number."""
        if ident in self._disrupted:
            self._disrupted.pop(ident).end()
            return True
        return self._rulings.pop(ident, None) is not None

    def clear(self) -> int:
        """End all; how many there were."""
        idents = [entry.ident for entry in self.all()]
        for ident in idents:
            self.remove(ident)
        return len(idents)

    def decide(self, request: Request) -> Action | None:
        """Count a request, and say what happens to it. Each rule counts all that it means, whichever rule strikes."""
        self.counted += 1
        self.seen.append(request)
        now, struck = self._clock.now(), None
        for ruling in self._rulings.values():
            if ruling.rule.matches(request) and self._strikes(ruling, request, now) and struck is None:
                struck = ruling
        return None if struck is None else self._strike(struck, request)

    def appeared(self, pod: Obj) -> None:
        """A pod has come to a node."""
        for disrupted in self._disrupted.values():
            disrupted.appeared(pod)

    def watching(self, request: Request, cut: Callable[[], None]) -> Callable[[], None]:
        """A watch is open, and `cut` breaks it; returns how to say that it has ended."""
        key = id(cut)
        self._cutters[key] = (request, cut)
        return lambda: self._cutters.pop(key, None) and None

    def _strikes(self, ruling: Ruling, request: Request, now: float) -> bool:
        rule, done = ruling.rule, ruling.spent(now)
        ruling.counted += 1
        if done:
            return False
        if rule.nth is not None:
            return ruling.counted == rule.nth
        if rule.every is not None:
            return ruling.counted % rule.every == 0
        if rule.probability is not None:
            key = ("fault", ruling.ident, *request.subject)
            return self._world.draws.fraction(*key, self._world.draws.count(*key)) < rule.probability
        return True

    def _strike(self, ruling: Ruling, request: Request) -> Action:
        ruling.struck += 1
        ruling.hits.append(str(request))
        self._world.journal.write("strike", fault=ruling.rule.kind, id=ruling.ident, target=str(request))
        return ruling.rule.action(request, ruling.ident)

    def _cut(self, ruling: Ruling) -> None:
        """Break the watches that are open already: whoever asks for dropped watches means those."""
        if ruling.rule.kind != "watch-drop":
            return
        for key, (request, cut) in list(self._cutters.items()):
            if ruling.rule.matches(request) and self._strikes(ruling, request, self._clock.now()):
                self._strike(ruling, request)
                del self._cutters[key]
                cut()
