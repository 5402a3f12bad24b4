"""What must hold at every moment, whatever happens: seen by the world itself, from what it knows and the driver doesn't tell it."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.simulation.timeline import START
from tidegate.model.base import SLOTS, seconds
from tidegate.model.ledger import other

if TYPE_CHECKING:
    from tests.simulation.pods import Deployment
    from tests.simulation.world import Route, World
    from tidegate.model.analysis import Verdict
    from tidegate.model.base import Slot
    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger, Occupant, Record
    from tidegate.model.told import Told

BOUND = 16.0
"""How long users may be led to a candidate without ready pods while a driver looks on, in seconds: three looks."""


class Broken(AssertionError):  # noqa: N818 - what a rule is
    """A rule doesn't hold."""


class Rules:
    """All of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.looks: dict[str, dict[datetime, Verdict]] = {}
        """What was measured, by service, whoever asked."""
        self.staged = world.file
        """What the last release was staged with."""
        self.borne: dict[str, float] = {}
        """For how long a driver has looked on while users are led to nobody, by service."""
        self.unrecorded: dict[str, float] = {}
        """For how long a driver has looked on while a candidate has more users than any update has recorded, by service."""

    def broken(self, text: str) -> Broken:
        """A rule doesn't hold."""
        return Broken(f"at {self.world.timeline.now:.1f} s: {text}")

    def led(self, name: str, route: Route, weights: dict[Slot, int], selected: Slot) -> None:
        """Nobody is led to a slot without a ready pod, unless there is no slot that has one."""
        if sum(weights.values()) != 100:
            raise self.broken(f"{name} has {sum(weights.values())}% of its traffic")
        slots = self.world.slots
        for slot, weight in weights.items():
            more = weight > route.weights.get(slot, 0) or (slot == selected != route.selected)
            # What dies between its proof and its route nobody can have known.
            known = self.world.timeline.now > slots[name, slot].fallen + 2
            if more and known and not slots[name, slot].ready and slots[name, other(slot)].ready:
                raise self.broken(f"{name} gets {weight}% of its traffic on {slot}, which has no ready pod, and {other(slot)} has")

    def replaced(self, name: str, slot: Slot, found: Deployment, occupant: Occupant) -> None:
        """Pods that users are on aren't exchanged or taken away, whoever's update it is."""
        route = self.world.routes[name]
        users = max(route.weights.get(slot, 0), route.served.get(slot, 0), 100 if route.selected == slot else 0)
        if users and (found.spec != occupant.spec or not occupant.replicas):
            raise self.broken(f"{name}'s {slot} slot has {users}% of the users, and is exchanged or emptied")
        record = self.world.ledger.services[name] if self.world.ledger is not None else None
        if record is not None and slot == record.live and occupant.replicas < found.asked:
            raise self.broken(f"{name}'s live slot shrinks from {found.asked} to {occupant.replicas}")

    def begun(self, before: Ledger | None, told: Told) -> None:
        """An update has succeeded; it may have begun a release."""
        ids = [ledger.release.id if ledger is not None and ledger.release is not None else "" for ledger in (before, self.world.ledger)]
        if ids[0] != ids[1]:
            self.staged = told

    def watched(self, lasts: float) -> None:
        """A driver looks on for so long: users that are led to nobody must be led back."""
        world = self.world
        blind = world.out("cluster") or world.out("backend") or world.holder is not None
        self._recorded(lasts, blind=blind or world.out("lock"))
        self.served(lasts, blind=blind)

    def served(self, lasts: float, *, blind: bool) -> None:
        """For so long a driver looks on, or after its own update: users of a candidate that is down are led back meanwhile."""
        world = self.world
        blind = blind or world.out("cluster")
        for name, route in world.routes.items():
            here = [slot for slot, weight in route.served.items() if weight and not world.slots[name, slot].ready]
            away = any(world.slots[name, other(slot)].ready for slot in here)
            if not here or not away or blind or (world.ledger is not None and here == [world.ledger.services[name].live]):
                self.borne[name] = 0.0
                continue
            self.borne[name] = self.borne.get(name, 0.0) + lasts
            if self.borne[name] > BOUND:
                raise self.broken(f"{name} has had users on {here[0]}, without a ready pod, for {self.borne[name]:.0f} s")

    def _recorded(self, lasts: float, *, blind: bool) -> None:
        """No more users are on a candidate for long than some update has recorded."""
        ledger = self.world.ledger
        under_way = ledger.under_way if ledger is not None else None
        for name, route in self.world.routes.items():
            known = ledger is not None and under_way is not None and name in under_way.services and name in self.world.standing
            record = ledger.services[name] if ledger is not None and known else None
            if blind or record is None:
                self.unrecorded[name] = 0.0
                continue
            most = max(record.weight, self.world.standing[name].weights.get(record.candidate, 0))
            early = route.weights == route.served and route.weights.get(record.candidate, 0) > most
            self.unrecorded[name] = self.unrecorded.get(name, 0.0) + lasts if early else 0.0
            if self.unrecorded[name] > BOUND:
                raise self.broken(f"{name} has {route.weights} for {self.unrecorded[name]:.0f} s, and {most}% are recorded")

    def allowed(self, event: Event, told: Told, after: Ledger, who: str) -> None:
        """Each step has an actor and a reason; and a driver's gives no more weight than what was judged, and approved."""
        if not event.stamp.by or (not event.reason and event.kind != "apply"):
            raise self.broken(f"{event.kind} has no actor, or no reason")
        if not who.startswith("driver"):
            return
        if event.kind in {"abort", "rollback"}:
            self._led_first(event)
        if event.kind == "stage":
            self._scanned(event, told, after)
        if event.kind not in {"shift", "promote", "baked"}:
            return
        if event.kind != "baked" and told.intent != self.staged.intent:
            raise self.broken(f"{event.kind} is carried out with {told.origin}, and it was staged with {self.staged.origin}")
        ledger = self.world.ledger
        assert ledger is not None
        release = ledger.release
        assert release is not None
        if event.expects is None:
            raise self.broken(f"{event.kind} doesn't say where it was decided")
        self._arrived(event, ledger)
        self._approved(event, told, release.brings)
        if any(one.gate == "soak" and one.overridden for one in event.gates):
            return
        if event.kind == "shift" and release.weight >= after.services[release.services[-1]].weight > 0:
            raise self.broken("a shift gives no more than there was")
        self._judged(told, ledger, bake=event.kind == "baked")

    def _scanned(self, event: Event, told: Told, after: Ledger) -> None:
        """What scanners have found too much in doesn't begin, unless somebody says so."""
        assert after.release is not None
        brought = {(name, told.intent.services[name].version) for name in after.release.services}
        bad = brought & (self.world.scanned or frozenset())
        if bad and not any(one.gate == "scans" and one.overridden for one in event.gates):
            raise self.broken(f"{bad} is staged, and its reports are bad")

    def _approved(self, event: Event, told: Told, brings: str) -> None:
        approval = next(iter(told.intent.gates.approvals.values()), None)
        if approval is None or event.kind not in approval.before:
            return
        said = self.world.said_by(brings, event.kind)
        if list(said.values()).count("approve") < approval.count or "reject" in said.values():
            raise self.broken(f"{event.kind} isn't approved: {said}")

    def _led_first(self, event: Event) -> None:
        """Before the update that takes something back, its routes are back, if there is somebody ready."""
        world = self.world
        ledger = world.ledger
        assert ledger is not None
        assert ledger.release is not None
        if any(one.since - 1 <= world.timeline.now <= one.until + 20 for one in world.outages.get("cluster", ())):
            return
        for name in getattr(event, "to", None) or ledger.release.services:
            record, route = ledger.services[name], world.routes[name]
            away = record.candidate if event.kind == "abort" else record.live
            back = world.slots[name, other(away)]
            ready = back.ready == back.asked > 0 and not back.dead and world.timeline.now > back.risen + 2
            if route.weights.get(away) and ready and back.spec == record.slots[other(away)].spec:
                raise self.broken(f"the {event.kind} begins, and {name} has {route.weights[away]}% of its traffic on {away} still")

    def _arrived(self, event: Event, ledger: Ledger) -> None:
        """No step is taken before users are where the last one has sent them."""
        assert ledger.release is not None
        for name in ledger.release.services:
            route = self.world.routes[name]
            if self.world.timeline.now - (route.log[-1][0] if route.log else 0) > 1.5 and route.served != route.weights:
                raise self.broken(f"the {event.kind} begins, and users of {name} are still at {route.served}, not {route.weights}")

    def _judged(self, told: Told, ledger: Ledger, *, bake: bool) -> None:
        """By what was looked at since the routes were last changed, whoever looked."""
        release, _world = ledger.release, self.world
        assert release is not None
        for name in release.services:
            record, service = ledger.services[name], told.intent.services[name]
            if not bake and not record.weight:
                continue
            soak = seconds(told.intent.releases.bake) if bake else self._soak(told, release.services, release.weight)
            spans = self._spans(name, record)
            # While it is watched in the end somebody's update may move routes, and the driver moves them back.
            if sum(until - since for since, until in spans) < soak - (15.0 if bake else 1e-6):
                raise self.broken(f"{name} was watched for {spans} at {record.weight}%, and not for {soak:.0f} s")
            if service.analysis is None:
                continue
            # A look that falls into such a moment isn't made up for.
            needed = math.ceil(soak / seconds(service.analysis.interval)) - (len(spans) - 1 if bake else 0)
            looks = {(at - START).total_seconds(): verdict for at, verdict in self.looks.get(name, {}).items()}
            seen = {at: verdict for at, verdict in looks.items() if any(since < at <= until for since, until in spans)}
            said = [verdict for verdict in seen.values() if verdict in {"pass", "marginal", "fail"}]
            if len(said) < needed:
                raise self.broken(f"{name} was judged by {len(said)} looks at {record.weight}%, and not by {needed}")
            changed = (datetime.fromisoformat(release.changed.at) - START).total_seconds()
            failed = sum(verdict == "fail" for at, verdict in seen.items() if bake or at > changed)
            if failed > service.analysis.failures:
                raise self.broken(f"{name} goes on at {record.weight}% with {failed} failed looks")
            if seen and seen[max(seen)] == "fail":
                raise self.broken(f"{name} goes on at {record.weight}% although the last look failed")

    def _spans(self, name: str, record: Record) -> list[tuple[float, float]]:
        """From when to when the routes of a service were as the ledger has them, since the release began."""
        route, now, ledger = self.world.routes[name], self.world.timeline.now, self.world.ledger
        assert ledger is not None
        assert ledger.release is not None
        begun = (datetime.fromisoformat(ledger.release.begun.at) - START).total_seconds()
        log = [*route.log, (now, route.weights, route.selected)]
        wanted = ({slot: record.weight_of(slot) for slot in SLOTS}, record.live)
        pairs = [(max(begun, a[0]), b[0]) for a, b in pairwise(log) if (a[1], a[2]) == wanted]
        return [(since, until) for since, until in pairs if until > since]

    @staticmethod
    def _soak(told: Told, services: tuple[str, ...], weight: int) -> float:
        steps = [step for name in services for step in told.intent.services[name].steps]
        exact = [seconds(step.soak) for step in steps if step.weight == weight]
        return max(exact, default=0.0)
