"""Apply and Stage: the intent is to hold, or to be brought up beside what is live.

A plain update (Apply) of blue-green services is a whole release; with a canary among them the candidates come up with no traffic. It
never brings what was taken back before, and never changes a slot that has traffic: a release that is in the way is finished, gone back
from, or the update is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.ledger import Release
from tidegate.planner import moves, words
from tidegate.planner.bringing import hash_of
from tidegate.planner.events.returning import recovered, taken_back
from tidegate.planner.events.unfinished import refuse_strangers
from tidegate.planner.refusals import Refusal
from tidegate.planner.situation import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.model.ledger import Kind, Record
    from tidegate.planner.situation import Situation


def applied(s: Situation, *, by_hand: bool = False) -> Outcome:
    """The intent holds. By hand (Stage): it is brought up with no traffic whatever its strategy, even if it was taken back before."""
    under_way = s.ledger.under_way
    return _released(s, by_hand=by_hand) if under_way is None else _during(s, under_way, by_hand=by_hand)


def _changed(s: Situation) -> tuple[str, ...]:
    records = s.ledger.services
    return s.ordered(name for name, record in records.items() if s.hashes[name] != record.slots[record.live].spec)


def _released(s: Situation, *, by_hand: bool) -> Outcome:
    """With no release under way."""
    changed = _changed(s)
    rejected = set() if by_hand else _rejected(s, changed)
    names = tuple(name for name in changed if name not in rejected)
    notes = tuple(
        f"{name} {s.wanted[name].version} was taken back before: it stays away. To bring it all the same: {words.by_hand('stage')}"
        for name in changed
        if name in rejected
    )
    if not names:
        outcome = recovered(s)
        return Outcome(outcome.ledger, (*notes, *outcome.notes, *(("nothing to stage",) if by_hand and not notes else ())), outcome.down)
    if not by_hand:
        _refuse_watched(s, names)
    straight = not by_hand and all(s.service(name).strategy == "blue-green" for name in names)
    refuse_strangers(s, names if straight else ())
    for name in names:
        refuse_passed(s, name)
    outcome = _staged(s, names, straight=straight)
    return Outcome(outcome.ledger, (*notes, *outcome.notes), outcome.down)


def _rejected(s: Situation, changed: tuple[str, ...]) -> set[str]:
    """Those that were taken back, unless another that was taken back with them is now something new: then all of them try again."""
    rejected = {name for name in changed if s.ledger.services[name].rejected == s.hashes[name]}
    again = {_taken_back_with(s.ledger.services[name]) for name in changed if name not in rejected} - {None}
    return {name for name in rejected if _taken_back_with(s.ledger.services[name]) not in again}


def _taken_back_with(record: Record) -> str | None:
    candidate = record.slots[record.candidate]
    return candidate.release if candidate.spec == record.rejected else None


def _refuse_watched(s: Situation, names: Iterable[str]) -> None:
    """While a driver watches what it has promoted, the old slots are its way back, and it may have led users there already.

    It leads routes first, and records that then: should it be killed in between, nothing here knows where users are.
    """
    release = s.ledger.release
    if release is None or release.kind != "release" or release.phase != "promoted" or release.baked:
        return
    driven = any(taken.kind == "promote" and taken.gates for taken in release.taken)
    records = s.ledger.services
    third = [n for n in names if n in release.services and records[n].slots[records[n].candidate].spec != s.hashes[n]]
    if driven and third:
        raise Refusal(
            "being-watched",
            f"release {release.id} is live, and still watched: what was live before is kept for going back, and the intent has something "
            f"else for {', '.join(third)}. `tidegate resume` sees to the end of that; `tidegate release` brings the new versions",
        )


def refuse_passed(s: Situation, name: str) -> None:
    """Nothing runs on a schema that a contract migration has left behind."""
    spec, record = s.wanted[name], s.ledger.services[name]
    revision = spec.migration or ""
    if revision in record.passed:
        raise Refusal(
            "contract-migration",
            f"{name} {spec.version} needs schema revision {revision or '(none is named)'}, which a contract migration of a later version "
            f"has left behind: release a version that runs on {record.known[-1] or 'the schema as it is'}"
            + ("" if revision else ", and name its migrations.revision"),
        )


def _staged(s: Situation, names: tuple[str, ...], *, straight: bool) -> Outcome:
    """A new release: into the candidate slots, and on to live at once if it is straight."""
    down = all(_goes_down(s, name) for name in names)
    kind: Kind = "rollback" if down and straight else "release"
    # Its id says "release": going back by the intent is the user's wish for something, not the driver's to be rid of something.
    release = moves.release_id(s.ledger, "release", {name: s.hashes[name] for name in names})
    records = {name: _into_candidate(s, name, release, straight=straight, down=down) for name in names}
    if straight:
        records = {name: moves.flipped(record, s.stamp) for name, record in records.items()}
    ledger = moves.with_records(s.ledger, records).model_copy(
        update={
            "releases": s.ledger.releases + 1,
            "release": Release(
                id=release,
                kind=kind,
                services=tuple(reversed(names)) if down else names,
                phase="promoted" if straight else "staged",
                step=0,
                weight=0,
                begun=s.stamp,
                changed=s.stamp,
                promoted=s.stamp if straight else None,
                brings=hash_of({name: s.wanted[name] for name in names}),
            ),
        },
    )
    canaries = [name for name in names if s.service(name).strategy == "canary"]
    first = words.by_hand("shift", weight=s.service(canaries[0]).steps[0].weight) if canaries else words.by_hand("promote")
    note = f"release {release} will be up beside what is live, with no traffic. Next: {first}" if not straight else None
    return Outcome(ledger, (note,) if note is not None else (), down=down)


def _goes_down(s: Situation, name: str) -> bool:
    """Whether it goes back to what the other slot still has from before."""
    record = s.ledger.services[name]
    live, candidate = record.slots[record.live], record.slots[record.candidate]
    older = moves.number(candidate.release) < moves.number(live.release)
    return candidate.spec == s.hashes[name] and candidate.spec != record.rejected and older


def _into_candidate(s: Situation, name: str, release: str, *, straight: bool, down: bool) -> Record:
    """What runs already, and is what is wanted, isn't begun anew where it is gone back to."""
    record, spec = s.ledger.services[name], s.wanted[name]
    held = record.slots[record.candidate]
    size = s.size(name, record, 100 if straight else s.share(name, 0))
    token = s.token(name, record.candidate, f"{release}.0")
    same = held.spec == spec.hash and held.running
    brought = held.release if same and down else release
    new = moves.occupant(spec, brought, token, max(size, held.replicas) if same else size)
    return moves.with_slot(record, record.candidate, new).model_copy(update={"rejected": None})


def _during(s: Situation, under_way: Release, *, by_hand: bool) -> Outcome:
    """While a release is under way."""
    members = s.members(under_way)
    records = s.ledger.services
    same = all(records[n].slots[records[n].candidate].spec == s.hashes[n] for n in members)
    back = all(records[n].slots[records[n].live].spec == s.hashes[n] for n in members)
    others = [n for n in _changed(s) if n not in members and records[n].rejected != s.hashes[n]]
    if same and not others:
        return recovered(s)
    if back and not others and not by_hand:
        return taken_back(s, "the intent is what is live", reject=False)
    if s.intent.releases.supersede == "go-back":
        outcome = taken_back(s, "something newer is to be released", reject=False)
        return Outcome(outcome.ledger, (*outcome.notes, "run the update again: then the new versions are released"), down=True)
    third = others or [n for n in members if records[n].slots[records[n].candidate].spec != s.hashes[n]]
    raise Refusal(
        "release-under-way",
        f"release {under_way.id} of {', '.join(members)} is under way ({under_way.phase}, weight {under_way.weight}), "
        f"and the intent has something else for {', '.join(third)}: promote it or abort it first "
        "(or set tidegate:releases.supersede to go-back)",
    )
