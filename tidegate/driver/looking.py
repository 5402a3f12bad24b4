"""Where a stack's releases are, in plain data: what the ledger says, and beside it what is seen."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from tidegate.driver import steps, wellness
from tidegate.driver.results import Asked, Gate, ServiceStatus, SlotStatus, Status, StepTaken
from tidegate.driver.whereabouts import torn
from tidegate.gates import freezes, statements
from tidegate.model.approval import place
from tidegate.model.base import SLOTS
from tidegate.model.errors import TidegateError
from tidegate.model.phrases import claimed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tidegate.driver.carrying import Carrier
    from tidegate.driver.ports import Approvals
    from tidegate.model.approval import Before
    from tidegate.model.base import Slot
    from tidegate.model.health import Health
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger, Record, Release, Taken
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading
    from tidegate.planner.standing import Seen

_TO_COME: Final[tuple[Before, ...]] = ("migrate", "shift", "promote")
"""The steps of a release that has begun."""


def looked(carrier: Carrier, reading: Reading, running: Callable[[], Told]) -> Status:
    """Where a stack's releases are, with all that can be asked; what isn't known is None. `running`: what is carried out."""
    ports, ledger, now = carrier.ports, reading.ledger, carrier.now()
    health = traffic = intent = None
    said: tuple[Asked, ...] = ()
    try:
        health, traffic = ports.cluster.health(reading), ports.cluster.traffic(reading)
    except TidegateError as error:
        carrier.tell("warning", str(error), ledger)
    try:
        told = running()
        intent = told.intent
        said = tuple(asked(ports.approvals, told, ledger, now)) if ledger is not None else ()
    except TidegateError as error:
        carrier.tell("warning", str(error), ledger)
    return status(ports.stack.name, reading, intent, health, traffic, now, said)


def status(
    stack: str,
    reading: Reading,
    intent: Intent | None,
    health: Mapping[str, Health] | None,
    traffic: Mapping[str, Seen] | None,
    now: datetime,
    approvals: tuple[Asked, ...] = (),
) -> Status:
    """All of it. Without health and traffic the cluster wasn't to be asked."""
    ledger = reading.ledger
    release = ledger.release if ledger is not None else None
    notes = list(_notes(reading, health, traffic))
    shut = freezes.standing_in(intent.gates, ledger.frozen, now) if intent is not None and ledger is not None else []
    return Status(
        stack=stack,
        phase=release.phase if release is not None else "none",
        release=release.id if release is not None else None,
        kind=release.kind if release is not None else None,
        services=tuple(_service(name, record, health, traffic) for name, record in (ledger.services if ledger is not None else {}).items()),
        weight=release.weight if release is not None else 0,
        paused=release.paused if release is not None else False,
        reason=release.reason if release is not None else None,
        begun=release.begun.at if release is not None else None,
        changed=release.changed.at if release is not None else None,
        by=release.changed.by if release is not None else None,
        steps=tuple(map(_taken, release.taken)) if release is not None else (),
        next=_next(ledger, release, intent),
        frozen="; ".join(one.text for one in shut) or None,
        notes=tuple(notes),
        approvals=approvals,
    )


def asked(approvals: Approvals, told: Told, ledger: Ledger, now: datetime) -> Iterator[Asked]:
    """How it stands with those who are asked."""
    release = ledger.under_way
    if release is None:
        yield from _said(ledger)
        return
    known = steps.steps(told.intent, release.services)
    following: Before = "shift" if steps.following(known, release.weight) is not None else "promote"
    for before in _TO_COME:
        if any(before in one.before for one in told.intent.gates.approvals.values()):
            # Nobody is late for what isn't next yet.
            since = datetime.fromisoformat(release.changed.at) if before == following else now
            held = approvals.standing(told, ledger, before, since, now)
            yield Asked(before, held.verdict, held.text)


def _said(ledger: Ledger) -> Iterator[Asked]:
    """What was said of a release that is yet to begin; whether it counts is told when it does."""
    for one in ledger.approvals:
        said = statements.read(one.statement)
        if said is not None and said.release == place(ledger):
            named = ", ".join(f"{name} {version}" for name, version in said.services.items())
            yield Asked(said.before, "no-data", f"{claimed(one.by)} says {said.decision} to {named}")


def _service(name: str, record: Record, health: Mapping[str, Health] | None, traffic: Mapping[str, Seen] | None) -> ServiceStatus:
    seen = traffic.get(name) if traffic is not None else None
    settled = seen if seen is not None and sum(seen.weights.values()) <= 100 else None
    return ServiceStatus(name, tuple(_slot(name, record, slot, health, settled) for slot in SLOTS), record.since.at, record.since.by)


def _slot(name: str, record: Record, slot: Slot, health: Mapping[str, Health] | None, seen: Seen | None) -> SlotStatus:
    occupant = record.slots[slot]
    pods = wellness.pods(health, name, slot) if health is not None else None
    return SlotStatus(
        slot=slot,
        version=occupant.version,
        image=occupant.image,
        live=slot == record.live,
        weight=record.weight_of(slot),
        observed=seen.weights.get(slot) if seen is not None else None,
        ready=pods.ready if pods is not None else None,
        wanted=pods.wanted if pods is not None else None,
        troubles=tuple(text for _, text in pods.troubles) if pods is not None else (),
    )


def _taken(taken: Taken) -> StepTaken:
    gates = tuple(Gate(one.gate, one.verdict, one.text, one.overridden) for one in taken.gates)
    return StepTaken(taken.step, taken.kind, taken.weight, taken.stamp.at, taken.stamp.by, taken.reason, gates)


def _notes(reading: Reading, health: Mapping[str, Health] | None, traffic: Mapping[str, Seen] | None) -> Iterator[str]:
    if health is None or traffic is None:
        yield "the cluster doesn't answer: pods and traffic aren't known"
    left_open = torn(reading)
    if left_open:
        yield f"an update failed while traffic of {', '.join(left_open)} moved: `tidegate resume` closes that"
    known = reading.ledger.services if reading.ledger is not None else {}
    for name, seen in reading.standing.services.items():
        other = [slot for slot, spec in seen.specs.items() if name in known and known[name].slots[slot].spec != spec]
        if other:
            yield f"an update that failed has left something else in {name}'s {' and '.join(other)} slot; the next one puts that right"


def _next(ledger: Ledger | None, release: Release | None, intent: Intent | None) -> str:
    """What comes next, in words."""
    if ledger is None or release is None:
        return "nothing was ever brought up: `tidegate release`, or `pulumi up`"
    if release.phase in {"staged", "shifting"}:
        if release.paused:
            return f"it is paused ({release.reason}): `tidegate resume` goes on, `tidegate abort` takes it back"
        following = steps.following(steps.steps(intent, release.services), release.weight) if intent is not None else None
        return f"{following.weight}% of the traffic" if following is not None else "it is promoted"
    if release.phase == "promoted" and release.kind == "release":
        return "the old slots are emptied when their time is up" if release.baked else "it is watched with all of the traffic"
    return "nothing"
