"""Events that move no traffic: pause, resume, scale, and taking away the pods that nothing goes to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from tidegate.model.base import seconds
from tidegate.model.events import Cleanup, Pause, Resume, Scale
from tidegate.planner import moves, sizes
from tidegate.planner.events.unfinished import refuse_strangers
from tidegate.planner.refusals import Refusal
from tidegate.planner.situation import Outcome

if TYPE_CHECKING:
    from tidegate.model.ledger import Record
    from tidegate.planner.situation import Situation


def kept(s: Situation, event: Pause | Resume | Cleanup | Scale) -> Outcome:
    """What such an event comes to."""
    match event:
        case Pause():
            # The release stays where it is; only abort gets by.
            return _with_pause(s, paused=True, reason=event.reason)
        case Resume():
            return _with_pause(s, paused=False, reason=None)
        case Cleanup():
            return cleaned(s)
        case Scale():
            return scaled(s, event)
        case _:
            assert_never(event)


def _with_pause(s: Situation, *, paused: bool, reason: str | None) -> Outcome:
    under_way = s.ledger.under_way
    if under_way is None:
        raise Refusal("no-release", f"no release is under way: there is nothing to {'pause' if paused else 'resume'}")
    refuse_strangers(s)
    if under_way.paused == paused:
        return Outcome(s.ledger, (f"release {under_way.id} is {'paused already' if paused else 'not paused'}",))
    release = under_way.model_copy(update={"paused": paused, "reason": reason, "changed": s.stamp})
    return Outcome(s.ledger.model_copy(update={"release": release}))


def scaled(s: Situation, event: Scale) -> Outcome:
    """The live slot gets another size by hand, until it is taken back."""
    refuse_strangers(s)
    record = s.ledger.services.get(event.service)
    if record is None or event.service not in s.intent.services:
        raise Refusal("unknown-service", f"there is no {event.service} to scale; there are {', '.join(s.ledger.services)}")
    size = sizes.fixed(s.intent, event.service, event.replicas)
    # Where the cluster scales it the ledger doesn't know how big it is: without having looked it may have grown as far as it can.
    by_itself = sizes.fixed(s.intent, event.service, record.scale) is None
    now = s.size(event.service, record) if by_itself else record.slots[record.live].replicas
    under_way = s.ledger.under_way
    if under_way is not None and event.service in under_way.services and size is not None and size < now:
        raise Refusal(
            "live-keeps-size",
            f"{event.service} can't shrink from {now} to {size} pods while release {under_way.id} is under way: "
            "all of its traffic may have to come back. Promote or abort first",
        )
    return Outcome(moves.with_records(s.ledger, {event.service: record.model_copy(update={"scale": event.replicas})}))


def cleaned(s: Situation) -> Outcome:
    """Slots with no traffic are emptied when their time is up; what was taken back needs no time."""
    under_way = s.ledger.under_way
    if under_way is not None:
        raise Refusal("release-under-way", f"release {under_way.id} is under way: promote or abort it first")
    refuse_strangers(s)
    idle = {name: record for name, record in s.ledger.services.items() if record.slots[record.candidate].running}
    kept = {name: until for name, record in idle.items() if (until := _kept_until(s, name, record)) is not None}
    due = [name for name in idle if name not in kept]
    waiting = tuple(f"{name} keeps {idle[name].slots[idle[name].candidate].version} until {until}" for name, until in kept.items())
    if kept and not due:
        raise Refusal(
            "kept",
            f"the old slots are kept for going back: {'; '.join(waiting)}. "
            "Clean up after that, or bring a shorter services.*.keep by `pulumi up`",
        )
    records = {name: _emptied(idle[name]) for name in due}
    ledger = moves.with_records(s.ledger, records) if records else s.ledger
    release = ledger.release
    if release is not None and release.phase != "settled" and not kept:
        settled = release.model_copy(update={"phase": "settled", "changed": s.stamp})
        ledger = ledger.model_copy(update={"release": settled})
    return Outcome(ledger, waiting)


def _emptied(record: Record) -> Record:
    """What it was is remembered: it can be gone back to."""
    return moves.with_slot(record, record.candidate, record.slots[record.candidate].model_copy(update={"replicas": 0}))


def _kept_until(s: Situation, name: str, record: Record) -> str | None:
    """Until when the old slot stays; None if it may go."""
    release = s.ledger.release
    candidate = record.slots[record.candidate]
    aborted = release is not None and release.phase == "aborted" and name in release.services
    if aborted or candidate.spec == record.rejected or name not in s.intent.services:
        return None
    until = datetime.fromisoformat(record.since.at) + timedelta(seconds=seconds(s.service(name).keep))
    return until.isoformat() if datetime.fromisoformat(s.stamp.at) < until else None
