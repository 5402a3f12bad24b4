"""A world to plan for: an intent that can be turned, and a cluster that carries plans out step by step, or half of one.

The world knows nothing of the planner's rules. It does what the program's ordering makes of a plan: a slot that is to have traffic
comes before all routes that move, routes go in the plan's order, and a slot that is to have none waits for its service's routes. At each
step it checks what users would feel: traffic on pods that aren't there, weren't proven, are too few, or are taken away under it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from tidegate.model.approval import Approval, Proof
from tidegate.model.base import SLOTS
from tidegate.model.events import Observed
from tidegate.model.events import Seen as Counted
from tidegate.model.intent.intent import Intent
from tidegate.model.ledger import Stamp
from tidegate.planner.freezing import freeze
from tidegate.planner.layout import layout, led
from tidegate.planner.planning import next_ledger
from tidegate.planner.standing import Seen, Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.base import Slot
    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger
    from tidegate.model.slots import Slots
    from tidegate.planner.layout import Layout, SlotLayout
    from tidegate.planner.planning import Next

ENVIRONMENT: dict[str, Any] = {
    "name": "test",
    "tier": "local",
    "domain": "example.org",
    "registry": "registry.example.org",
    "namespace": "test",
    "team": "team",
    "cost_centre": "none",
    "gateway": {"name": "gateway", "namespace": "gateway"},
}
CANARY: dict[str, Any] = {"strategy": "canary", "traffic": {"kind": "gateway"}, "steps": [{"weight": 25}, {"weight": 50}, {"weight": 100}]}
SCALED: dict[str, Any] = {"autoscaling": {"min": 2, "max": 10}}


@cache
def _intent(text: str) -> Intent:
    return Intent.model_validate_json(text)


def intended(services: dict[str, dict[str, Any]], **more: Any) -> Intent:
    """An intent with these services; whatever isn't said is like in any other."""
    whole: dict[str, dict[str, Any]] = {name: {"image": name, "version": "v1", **said} for name, said in services.items()}
    for name, service in whole.items():
        if "traffic" in service:
            service["traffic"] = {"host": name, **service["traffic"]}
    raw = {"environment": ENVIRONMENT, "services": whole, "monitoring": {"kind": "none"}, **more}
    return _intent(json.dumps(raw))


def stamp(hours: int = 0, by: str = "tester") -> Stamp:
    """So many hours after the beginning of the test."""
    return Stamp(at=f"2026-01-{1 + hours // 24:02}T{hours % 24:02}:00:00+00:00", by=by)


def approval(statement: str = "", *, by: str = "ann", decision: Literal["approve", "reject"] = "approve", **said: Any) -> Approval:
    """Somebody's word; what proves it is not the planner's to look at."""
    text = statement or json.dumps({"services": {"web": "v2"}, **said})
    return Approval(decision=decision, by=by, statement=text, proof=Proof(kind="ssh", text=f"signed by {by}"))


@dataclass
class Pods:
    """A slot's Deployment, as the state and the cluster have it."""

    spec: str
    proven: str
    asked: int
    """The replicas of the last update."""
    running: int
    ready: bool = True


@dataclass
class Running:
    """A service."""

    slots: dict[Slot, Pods] = field(default_factory=dict)
    weights: dict[Slot, int] | None = None
    selected: Slot | None = None

    def traffic(self, slot: Slot) -> int:
        """The most that it has of any kind of requests."""
        return max((self.weights or {}).get(slot, 0), 100 if self.selected == slot else 0)

    def outside(self, slot: Slot) -> int:
        """Of the requests from outside: what its load comes from."""
        return self.traffic(slot) if self.weights is None else self.weights[slot]


@dataclass(frozen=True)
class Step:
    """A resource of an update, and what it waits for."""

    key: tuple[str, ...]
    after: frozenset[tuple[str, ...]]
    act: Callable[[bool], None]
    """Told whether it succeeds."""


class Broken(AssertionError):  # noqa: N818 - what the users say
    """Users would have felt it."""


@dataclass
class World:
    """A stack's state and cluster."""

    demand: dict[str, int] = field(default_factory=dict)
    """How many pods a service that scales by itself needs for all of its traffic."""
    ledger: Ledger | None = None
    stored: Slots = field(default_factory=dict)
    services: dict[str, Running] = field(default_factory=dict)
    bounds: Layout | None = None
    awaited: set[tuple[str, Slot]] = field(default_factory=set)
    """The slots that were waited for in this update."""
    sizes: dict[str, int] = field(default_factory=dict)
    """How many pods a service is to have for all of its traffic."""

    def standing(self) -> Standing:
        """What the state says."""
        return Standing({name: self._seen(running) for name, running in self.services.items()})

    @staticmethod
    def _seen(running: Running) -> Seen:
        weights = running.weights
        if weights is None and running.selected is not None:
            weights = {slot: 100 if slot == running.selected else 0 for slot in SLOTS}
        return Seen(
            weights=weights or {},
            specs={slot: pods.spec for slot, pods in running.slots.items()},
            proven={slot: pods.proven for slot, pods in running.slots.items()},
            selected=running.selected,
        )

    def observed(self) -> dict[str, Observed]:
        """What a driver sees."""
        found = {}
        for name, record in self.ledger.services.items() if self.ledger is not None else ():
            slots = self.services[name].slots
            if len(slots) == len(SLOTS):
                counts = {s: Counted(ready=pods.running if pods.ready else 0, wanted=pods.running) for s, pods in slots.items()}
                found[name] = Observed(live=counts[record.live], candidate=counts[record.candidate])
        return found

    def plan(self, intent: Intent, event: Event) -> Next:
        """What the planner says to it now."""
        return next_ledger(self.ledger, intent, event, self.standing() if self.ledger is not None else None)

    def update(self, intent: Intent, event: Event, *, fails_at: int | None = None, seed: int = 0) -> Next:
        """A whole update, or one that fails at some step; a refusal is raised before anything happens."""
        plan = self.plan(intent, event)
        slots = freeze(plan.ledger, intent, self.stored)
        wanted = layout(plan.ledger, intent, slots, plan.order)
        if self.ledger is not None:
            self._check_plan(plan, wanted)
        self.awaited = set()
        records = plan.ledger.services
        self.sizes = {n: r.scale or self.demand.get(n) or intent.services[n].replicas or 2 for n, r in records.items()}
        steps = _shuffled(self._steps(plan, intent, wanted), Random(seed))  # noqa: S311 - an order, not a key
        for number, step in enumerate(steps):
            if fails_at is not None and number == fails_at % (len(steps) + 1):
                if seed % 2:
                    step.act(False)
                self.scale()
                return plan
            step.act(True)
        self.services = {name: running for name, running in self.services.items() if name in plan.ledger.services}
        self.ledger, self.stored, self.bounds = plan.ledger, slots, wanted
        self.scale()
        return plan

    def _check_plan(self, plan: Next, wanted: Layout) -> None:
        """Never both slots changed in one step; what the hashes say is what is rendered."""
        assert self.ledger is not None
        for name, record in plan.ledger.services.items():
            old = self.ledger.services.get(name)
            both = old is not None and all(old.slots[slot].spec != record.slots[slot].spec for slot in SLOTS)
            if both:
                raise Broken(f"both slots of {name} change")
            for slot in SLOTS:
                occupant, rendered = record.slots[slot], wanted["services"][name]["slots"][slot]
                if occupant.running and occupant.spec != rendered["hash"]:
                    raise Broken(f"{name} {slot} is rendered as something else")

    def _steps(self, plan: Next, intent: Intent, wanted: Layout) -> list[Step]:
        steps: list[Step] = []
        known = self.ledger.services if self.ledger is not None else {}
        moving = [name for name in plan.order if name in known]
        laid_out = wanted["services"]
        proofs = {name: {("pods", name, slot) for slot in led(service)} for name, service in laid_out.items()}
        for name, service in laid_out.items():
            routes = _routes(intent, name)
            earlier = moving[: moving.index(name)] if name in moving else []
            barrier = set().union(proofs[name], *(proofs[other] for other in (moving if name in known else [])))
            before = barrier.union(*(_routes(intent, other) for other in earlier))
            steps += [Step(key, frozenset(before), self._route(key, name, service["slots"], service["live"])) for key in sorted(routes)]
            for slot in SLOTS:
                laid = service["slots"][slot]
                after = frozenset() if slot in led(service) else frozenset(routes)
                steps.append(Step(("pods", name, slot), after, self._pods(name, slot, laid, known=name in known)))
        return steps

    def _pods(self, name: str, slot: Slot, laid: SlotLayout, *, known: bool) -> Callable[[bool], None]:
        def act(succeeds: bool) -> None:
            running = self.services.setdefault(name, Running())
            old = running.slots.get(slot)
            inputs = (laid["hash"], laid["proven"], laid["replicas"])
            if old is not None and (old.spec, old.proven, old.asked) == inputs and old.ready:
                return
            traffic = running.traffic(slot) if known else 0
            changes = old is None or (old.spec, old.proven, old.asked) != inputs
            count = laid["replicas"] if changes or old is None else old.running
            if old is not None and traffic:
                self._check_pods(name, slot, old, laid, count, traffic)
            running.slots[slot] = Pods(laid["hash"], laid["proven"], laid["replicas"], count, ready=succeeds)
            if succeeds:
                self.awaited.add((name, slot))

        return act

    def _check_pods(self, name: str, slot: Slot, old: Pods, laid: SlotLayout, count: int, traffic: int) -> None:
        if old.spec != laid["hash"]:
            raise Broken(f"{name} {slot} has {traffic}% of the traffic, and its pods are exchanged")
        if count < old.running and count < self._need(name, traffic):
            raise Broken(f"{name} {slot} has {traffic}% of the traffic, and shrinks from {old.running} to {count}")

    def _need(self, name: str, traffic: int) -> int:
        return -(-self.sizes[name] * traffic // 100)

    def _route(self, key: tuple[str, ...], name: str, slots: dict[Slot, SlotLayout], live: Slot) -> Callable[[bool], None]:
        def act(succeeds: bool) -> None:
            if not succeeds:
                return
            running = self.services.setdefault(name, Running())
            before = {slot: running.traffic(slot) for slot in SLOTS}
            if key[0] == "service":
                old = {slot: 100 if slot == running.selected else 0 for slot in SLOTS}
                new = {slot: 100 if slot == live else 0 for slot in SLOTS}
                running.selected = live
            else:
                old = {slot: (running.weights or {}).get(slot, 0) for slot in SLOTS}
                new = running.weights = {slot: slots[slot]["weight"] for slot in SLOTS}
            for slot in SLOTS:
                if new[slot] > old[slot]:
                    self._check_grown(name, slot, before[slot], new[slot], trusted=slot == live)

        return act

    def _check_grown(self, name: str, slot: Slot, before: int, traffic: int, *, trusted: bool) -> None:
        pods = self.services[name].slots.get(slot)
        if pods is None or not pods.running:
            raise Broken(f"{name} {slot} gets {traffic}% of the traffic, and has no pods")
        if (name, slot) not in self.awaited and not (trusted and before):
            raise Broken(f"{name} {slot} gets {traffic}% of the traffic instead of {before}%, and isn't proven anew")
        known = self.ledger is not None and name in self.ledger.services
        if known and pods.running < self._need(name, traffic):
            raise Broken(f"{name} {slot} gets {traffic}% of the traffic with {pods.running} pods of {self._need(name, traffic)}")

    def scale(self) -> None:
        """What the autoscalers make of it, within the bounds of the last update that succeeded."""
        for name, service in self.bounds["services"].items() if self.bounds is not None else ():
            for slot in SLOTS:
                bounds, pods = service["slots"][slot]["scaling"], self.services.get(name, Running()).slots.get(slot)
                if bounds is None or pods is None or not pods.running:
                    continue
                load = -(-self.demand[name] * self.services[name].outside(slot) // 100)
                least = max(bounds["min"], pods.running if bounds["hold"] else 0)
                pods.running = min(bounds["max"], max(least, load))


def _routes(intent: Intent, name: str) -> set[tuple[str, ...]]:
    return {("service", name), ("route", name)} if intent.services[name].traffic.kind == "gateway" else {("service", name)}


def _shuffled(steps: list[Step], random: Random) -> list[Step]:
    """Some order that the waits allow."""
    left, done, order = list(steps), set[tuple[str, ...]](), []
    while left:
        free = [step for step in left if step.after <= done]
        chosen = random.choice(free)
        left.remove(chosen)
        done.add(chosen.key)
        order.append(chosen)
    return order


def copied(world: World) -> World:
    """A world to try something in."""
    services = {
        name: Running({slot: replace(pods) for slot, pods in r.slots.items()}, dict(r.weights) if r.weights else None, r.selected)
        for name, r in world.services.items()
    }
    return replace(world, services=services, stored=dict(world.stored), awaited=set())
