"""A stack, its cluster and its users, on virtual time. Updates are made of steps; anything can go wrong between two of them.

The planner is the real one. What the program's resources do of a plan is done here in the order that their dependencies give: slots that
are to have users, then routes, then the rest, then the ledger.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.making import told as make
from tests.simulation.pods import GOOD, Deployment
from tests.simulation.rules import Rules
from tests.simulation.timeline import START
from tidegate.model.base import SLOTS, seconds
from tidegate.model.errors import BusyError, UnreachableError, UpdateFailedError
from tidegate.model.told import Past
from tidegate.planner.planning import next_ledger
from tidegate.planner.reading import Reading
from tidegate.planner.standing import Seen, Standing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from datetime import datetime

    from tests.simulation.pods import Manner
    from tests.simulation.timeline import Timeline
    from tidegate.model.analysis import Verdict
    from tidegate.model.base import Slot
    from tidegate.model.events import Event
    from tidegate.model.happening import Happening
    from tidegate.model.ledger import Ledger, Record
    from tidegate.model.told import Told


@dataclass(frozen=True)
class SimulatedReading(Reading):
    """What the simulated state says."""

    seen: Standing = field(default_factory=Standing)

    @property
    def standing(self) -> Standing:
        return self.seen


@dataclass
class Route:
    """Where a service's users are led."""

    weights: dict[Slot, int]
    """As the API server has it."""
    selected: Slot
    served: dict[Slot, int]
    """As the gateways have it."""
    version: int = 0
    log: list[tuple[float, dict[Slot, int], Slot]] = field(default_factory=list)
    """What it was, from when on."""


@dataclass
class Outage:
    """Something doesn't answer for a while."""

    since: float
    until: float


@dataclass
class World:
    """All of it."""

    timeline: Timeline
    file: Told
    manners: dict[tuple[str, str], Manner] = field(default_factory=dict)
    """By service and version."""
    lag: float = 1.0
    """How long gateways take to follow."""
    failures: dict[int, int] = field(default_factory=dict)
    """At which of their steps the how-manieth updates fail."""
    slow: dict[int, float] = field(default_factory=dict)
    """How long the how-manieth updates hang before they are through."""
    outages: dict[str, list[Outage]] = field(default_factory=lambda: defaultdict(list))
    """Of the backend, the cluster, metrics, locks."""

    ledger: Ledger | None = None
    holder: str | None = None
    """Who has the lock."""
    routes: dict[str, Route] = field(default_factory=dict)
    standing: dict[str, Seen] = field(default_factory=dict)
    """Routes and slots as the stack's state has them."""
    slots: dict[tuple[str, Slot], Deployment] = field(default_factory=dict)
    history: list[Past] = field(default_factory=list)
    told_of: list[Happening] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    updates: int = 0
    first_calls: int = 0
    """How many calls the first process of a driver has made."""
    updating_calls: list[int] = field(default_factory=list)
    """Which of them were updates."""
    said: list[tuple[str, str, str, str]] = field(default_factory=list)
    """What people have said: who, what, of what, before what."""
    violations: tuple[str, ...] = ()
    scanned: frozenset[tuple[str, str]] | None = None
    """Services and versions whose scanners' reports are bad; None: nobody wants reports."""
    emptied: list[str] = field(default_factory=list)
    """Services whose candidates' pods were taken away at once."""

    def __post_init__(self) -> None:
        self.rules = Rules(self)

    # What there is to see.

    def reading(self) -> SimulatedReading:
        """What the state says."""
        return SimulatedReading(self.ledger, seen=Standing(dict(self.standing)))

    def out(self, what: str) -> bool:
        """Whether something doesn't answer just now."""
        return any(one.since <= self.timeline.now < one.until for one in self.outages.get(what, ()))

    def note(self, text: str) -> None:
        """Write down what happens."""
        self.journal.append(f"{self.timeline.now:8.2f} {text}")

    def manner(self, service: str, version: str) -> Manner:
        """How a version of a service behaves."""
        return self.manners.get((service, version), GOOD)

    def traffic(self) -> dict[str, Seen]:
        """Where users go, as far as it can be told."""
        found = {}
        for name, route in self.routes.items():
            weights = route.weights if route.weights == route.served else dict.fromkeys(SLOTS, 100)
            found[name] = Seen(weights=weights, selected=route.selected)
        return found

    def verdict(self, service: str, at: datetime) -> Verdict:
        """What is measured of what the last release brings."""
        ledger = self.ledger
        assert ledger is not None
        assert ledger.release is not None
        record, release = ledger.services[service], ledger.release
        promoted = release.phase not in {"staged", "shifting"}
        manner = self.manner(service, record.slots[record.live if promoted else record.candidate].version)
        weight = 100 if promoted else record.weight
        match manner.metrics:
            case "bad":
                return "fail" if weight >= manner.bad_from else "pass"
            case "absent":
                return "no-data"
            case "gone":
                return "fail" if promoted else "pass"
            case "marginal":
                return "marginal" if zlib.crc32(f"{service}{at}".encode()) % 3 else "pass"
            case "sparse":
                return "no-data" if zlib.crc32(f"{service}{at}".encode()) % 4 == 0 else "pass"
            case "patchy":
                return "fail" if zlib.crc32(f"{service}{at}".encode()) % 5 < 2 else "pass"
            case "blip":
                return "fail" if (at - START).total_seconds() % 200 < 20 else "pass"
        return "pass"

    # Updates.

    def installed(self) -> None:
        """The first update, which is before everything."""
        from tidegate.model.events import Apply
        from tidegate.model.ledger import Stamp

        plan = next_ledger(None, self.file.intent, Apply(stamp=Stamp(at=self.timeline.moment.isoformat(), by="setup")), None)
        for name, record in plan.ledger.services.items():
            for slot in SLOTS:
                occupant = record.slots[slot]
                self.slots[name, slot] = Deployment(
                    self.timeline, occupant.spec, occupant.version, occupant.proven, occupant.replicas, occupant.replicas
                )
            weights: dict[Slot, int] = {record.live: 100, record.candidate: 0}
            self.routes[name] = Route(weights, record.live, weights)
            self._stand(name)
        self.ledger = plan.ledger
        self._remember(self.file, None, "succeeded")

    def updating(self, told: Told, event: Event, who: str) -> Generator[float]:
        """An update, step by step; it yields how long each takes."""
        if self.out("backend"):
            raise UnreachableError("the state can't be had")
        if self.holder is not None or self.out("lock"):
            raise BusyError(f"the stack is locked by {self.holder or 'nobody who lives'}")
        self.holder = who
        self.updates += 1
        number, result = self.updates, "failed"
        try:
            yield 1.0
            plan = next_ledger(self.ledger, told.intent, event, Standing(dict(self.standing)))
            self.note(f"{who}: {event.kind} {getattr(event, 'weight', '')} begins ({event.reason})")
            self.rules.allowed(event, told, plan.ledger, who)
            fails_at = self.failures.get(number)
            for step, wait in enumerate(self._steps(told, plan.ledger, plan.order, who)):
                self._fails(step == fails_at, f"{event.kind} failed at its step {step}, as it was to")
                if wait:
                    yield wait
            yield self.slow.get(number, 0.0)
            self._fails(self.out("state"), "the state couldn't be written")
            before, self.ledger, result = self.ledger, plan.ledger, "succeeded"
            self.rules.begun(before, told)
            release = plan.ledger.release
            self.note(f"{who}: {event.kind} is done: {plan.ledger.token} {release.weight if release else ''}")
        except UpdateFailedError as error:
            self.note(f"{who}: {event.kind} fails: {error}")
            # The engine lets what has begun come to its end.
            while any(route.served != route.weights for route in self.routes.values()):
                yield 0.5
            raise
        finally:
            if self.holder == who:
                self.holder = None
            self._remember(told, event, result)

    def _remember(self, told: Told, event: Event | None, result: str) -> None:
        number = len(self.history) + 1
        at = self.timeline.moment.isoformat()
        self.history.append(Past(number, "update", result, at, at, "", None, told, event))

    @staticmethod
    def _led(ledger: Ledger) -> tuple[list[tuple[str, Slot]], list[tuple[str, Slot]]]:
        """The slots that users or testers are to be led to, and the rest."""
        led: list[tuple[str, Slot]] = []
        rest: list[tuple[str, Slot]] = []
        under_way = ledger.under_way
        for name, record in ledger.services.items():
            trying = under_way is not None and name in under_way.services
            for slot in SLOTS:
                wanted = slot == record.live or record.weight_of(slot) or (trying and record.slots[slot].running)
                (led if wanted else rest).append((name, slot))
        return led, rest

    def _steps(self, told: Told, ledger: Ledger, order: tuple[str, ...], who: str) -> Iterator[float]:
        records = ledger.services
        led, rest = self._led(ledger)
        waiting = []
        for name, slot in led:
            if self._apply(name, slot, records[name]):
                waiting.append((name, slot))
            yield 0.0
        yield from self._ready(told, waiting)
        moving = [*order, *(name for name in records if name not in order)]
        for name in moving:
            record = records[name]
            weights: dict[Slot, int] = {slot: record.weight_of(slot) for slot in SLOTS}
            if name in order:
                self._answers()
            self.lead(name, weights, record.live, who)
            # The API server has it, and the state hasn't yet: an engine may end here, too.
            yield 0.1 if name in order else 0.0
            self._stand(name)
            yield 0.2 if name in order else 0.0
        for name in order:
            # The provider waits for the gateway's word on each route that it writes.
            while self.routes[name].served != self.routes[name].weights:
                yield 0.5
        for name, slot in rest:
            # What is left by the traffic waits for the gateway's word.
            while self._differs(name, slot, records[name]) and self.routes[name].served != self.routes[name].weights:
                yield 0.5
            self._apply(name, slot, records[name])
            yield 0.0

    def _apply(self, name: str, slot: Slot, record: Record) -> bool:
        """Bring a slot to what is wanted; whether that takes proof."""
        found, occupant = self.slots[name, slot], record.slots[slot]
        if not self._differs(name, slot, record):
            return False
        self._answers()
        self.rules.replaced(name, slot, found, occupant)
        found.apply(occupant.spec, occupant.version, occupant.proven, occupant.replicas, self.manner(name, occupant.version))
        self._stand(name, routed=False)
        return occupant.running

    def _differs(self, name: str, slot: Slot, record: Record) -> bool:
        found, occupant = self.slots[name, slot], record.slots[slot]
        return (found.spec, found.proven, found.asked) != (occupant.spec, occupant.proven, occupant.replicas)

    def _answers(self) -> None:
        self._fails(self.out("cluster"), "the API server answers 500")

    @staticmethod
    def _fails(if_so: bool, text: str) -> None:
        if if_so:
            raise UpdateFailedError(text)

    def _ready(self, told: Told, waiting: list[tuple[str, Slot]]) -> Iterator[float]:
        since = self.timeline.now
        for name, slot in waiting:
            found = self.slots[name, slot]
            while found.ready < found.asked:
                if self.timeline.now - since > seconds(told.intent.services[name].ready_within):
                    raise UpdateFailedError(f"{name}'s {slot} slot didn't get ready: {found.ready} of {found.asked} pods are")
                yield 1.0

    def _stand(self, name: str, *, routed: bool = True) -> None:
        """The state has what an update has done: to the slots, and to the routes if it was at those."""
        route, before = self.routes[name], self.standing.get(name)
        found: dict[Slot, Deployment] = {slot: self.slots[name, slot] for slot in SLOTS}
        self.standing[name] = Seen(
            weights=dict(route.weights) if routed or before is None else before.weights,
            specs={slot: one.spec for slot, one in found.items()},
            proven={slot: one.proven for slot, one in found.items()},
            selected=route.selected if routed or before is None else before.selected,
        )

    # Routes and pods.

    def lead(self, name: str, weights: dict[Slot, int], selected: Slot, who: str) -> None:
        """Tell the gateways."""
        route = self.routes[name]
        if (route.weights, route.selected) == (weights, selected):
            return
        if who.startswith("driver"):
            # What people do by hand is theirs.
            self.rules.led(name, route, weights, selected)
        self.note(f"{name}: {weights} {selected}")
        route.weights, route.selected = dict(weights), selected
        route.version += 1
        route.log.append((self.timeline.now, route.weights, selected))
        version = route.version

        def follow() -> None:
            if route.version == version:
                route.served = route.weights
                self._given(name)

        self.timeline.after(self.lag, follow)

    def _given(self, name: str) -> None:
        """What pods make of having users."""
        for slot, weight in self.routes[name].served.items():
            found = self.slots[name, slot]
            manner = self.manner(name, found.version)
            if manner.dies_at is not None and weight >= manner.dies_at and not found.dead:
                self.timeline.after(manner.dies_after, lambda found=found, manner=manner: self._die(found, manner))  # type: ignore[misc]
            if weight and manner.flaps:
                for k in range(manner.flaps):
                    self.timeline.after(7.0 + 13 * k, lambda found=found: self._flap(found))  # type: ignore[misc]

    def _die(self, found: Deployment, manner: Manner) -> None:
        epoch = found.epoch
        if found.ready and not found.dead:
            self.note(f"pods of {found.version} die")
            found.down(manner.dies_of)
            if manner.recovers is not None:
                self.timeline.after(manner.recovers, lambda: found.up() if found.epoch == epoch else None)

    def _flap(self, found: Deployment) -> None:
        epoch = found.epoch
        if found.ready and not found.dead and found.asked > 1:
            found.down("health", 1)
            self.timeline.after(9.0, lambda: found.up() if found.epoch == epoch else None)

    def said_by(self, brings: str, before: str) -> Mapping[str, str]:
        """What people have said of it."""
        return {who: what for who, what, of, step in self.said if (of, step) == (brings, before)}


def told_again(told: Told, versions: Mapping[str, str]) -> Told:
    """The same, with other versions."""
    shape = told.values.texts["shape"]
    known = {name: service.version for name, service in told.intent.services.items()}
    before = next((approval.before for approval in told.intent.gates.approvals.values()), ())
    return make(shape, tuple(sorted({**known, **versions}.items())), before, told.intent.releases.supersede)
