"""Shift and Promote: a release under way goes on. All of its services take each step together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.planner import moves
from tidegate.planner.events.unfinished import refuse_strangers
from tidegate.planner.refusals import Refusal
from tidegate.planner.situation import Outcome
from tidegate.planner.words import by_hand

if TYPE_CHECKING:
    from tidegate.model.events import Shift
    from tidegate.model.ledger import Record, Release
    from tidegate.planner.situation import Situation


def shifted(s: Situation, event: Shift) -> Outcome:
    """The canaries of the release get so much of the traffic."""
    under_way = _going_on(s)
    canaries = _canaries(s, under_way)
    if not canaries:
        raise Refusal("no-weights", f"none of {', '.join(s.members(under_way))} takes traffic by weights: promote release {under_way.id}")
    if event.weight == under_way.weight and not s.unfinished:
        return Outcome(s.ledger, (f"{event.weight}% is on the candidates already",))
    refuse_strangers(s, [name for name in canaries if not _half_promoted(s, name)])
    _refuse_falling(s, under_way, event.weight)
    _refuse_unready(s, canaries)
    step = under_way.step + 1
    records = {name: _given(s, name, event.weight, f"{under_way.id}.{step}") for name in canaries}
    release = under_way.model_copy(update={"phase": "shifting", "step": step, "weight": event.weight, "changed": s.stamp})
    return Outcome(moves.with_records(s.ledger, records).model_copy(update={"release": release}))


def promoted(s: Situation) -> Outcome:
    """The candidates become live: those that shift by weights have all of the traffic by then, the others get it now."""
    last = s.ledger.release
    if last is not None and last.kind == "release" and last.phase == "promoted" and not s.unfinished and _nothing_new(s):
        # A pipeline that tries again what has succeeded is no failure.
        return Outcome(s.ledger, (f"release {last.id} is promoted already",))
    under_way = _going_on(s)
    members, canaries = s.members(under_way), _canaries(s, under_way)
    short = [name for name in canaries if s.ledger.services[name].weight < 100]
    if short:
        raise Refusal(
            "weight-below-100",
            f"{', '.join(short)} of release {under_way.id} has {under_way.weight}% of its traffic: shift to 100 before it is promoted",
        )
    _refuse_unready(s, members)
    step = under_way.step + 1
    given = {name: _given(s, name, 100, f"{under_way.id}.{step}") for name in members}
    records = {name: moves.flipped(record, s.stamp) for name, record in given.items()}
    release = under_way.model_copy(
        update={"phase": "promoted", "step": step, "weight": 0, "changed": s.stamp, "promoted": s.stamp},
    )
    return Outcome(moves.with_records(s.ledger, records).model_copy(update={"release": release}))


def _nothing_new(s: Situation) -> bool:
    """Whether the intent has nothing that isn't live."""
    return all(record.slots[record.live].spec == s.hashes.get(name) for name, record in s.ledger.services.items())


def _going_on(s: Situation) -> Release:
    under_way = s.ledger.under_way
    if under_way is None:
        raise Refusal("no-release", f"no release is under way: to stage one, {by_hand('stage')}")
    if under_way.paused:
        raise Refusal("paused", f"release {under_way.id} is paused ({under_way.reason}): abort it, or first {by_hand('resume')}")
    refuse_strangers(s, under_way.services)
    return under_way


def _canaries(s: Situation, release: Release) -> tuple[str, ...]:
    return tuple(name for name in s.members(release) if s.service(name).strategy == "canary")


def _half_promoted(s: Situation, name: str) -> bool:
    """Whether requests from inside go to the candidate already: only a promotion that failed has done that."""
    seen = s.seen(name)
    return seen is not None and seen.selected == s.ledger.services[name].candidate


def _refuse_falling(s: Situation, under_way: Release, weight: int) -> None:
    """Less traffic is what abort is for; and what an unfinished step has given is finished or aborted, not shrunk under its traffic."""
    given = [seen.weights.get(s.ledger.services[n].candidate, 0) for n in s.members(under_way) if (seen := s.seen(n)) is not None]
    most = max([under_way.weight, *(given if s.unfinished else [])])
    if weight < most:
        raise Refusal(
            "weight-falls",
            f"release {under_way.id} has {most}% already, and {weight}% is less: to take it back, {by_hand('abort', reason='why')}",
        )


def _refuse_unready(s: Situation, names: tuple[str, ...]) -> None:
    """No more traffic for a candidate that was seen with fewer ready pods than it was proven with."""
    for name in names:
        record, seen = s.ledger.services[name], s.observed.get(name)
        candidate = record.slots[record.candidate]
        if not candidate.running or (seen is not None and seen.candidate.ready < candidate.replicas):
            ready = seen.candidate.ready if seen is not None else 0
            raise Refusal(
                "not-ready",
                f"{name} {candidate.version} in {record.candidate} has {ready} of {candidate.replicas} pods ready: "
                "wait until all are, or abort",
            )


def _given(s: Situation, name: str, weight: int, token: str) -> Record:
    """A candidate with so much of the traffic: proven anew, and never smaller than it is."""
    record = s.ledger.services[name]
    size = max(s.size(name, record, s.share(name, weight)), record.slots[record.candidate].replicas, s.grown(name, record))
    return moves.proven(record, record.candidate, s.token(name, record.candidate, token), size).model_copy(update={"weight": weight})
