"""Going back: from a release under way, from one that was promoted, and from a move that a failed update left half done.

The live slot was kept at its full size for this. If it has no traffic at all it is proven anew before traffic returns. If it has some,
its traffic is all the proof there is time for: a pod that isn't ready must not keep users on a candidate that is known to be bad.
What is left by the traffic stays as it is, for the time being.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.ledger import Release
from tidegate.planner import moves, sizes
from tidegate.planner.events.unfinished import half_rolled_back, refuse_half_rolled_back, refuse_strangers
from tidegate.planner.refusals import Refusal
from tidegate.planner.situation import Outcome
from tidegate.planner.words import by_hand

if TYPE_CHECKING:
    from tidegate.model.events import Abort, Rollback
    from tidegate.model.ledger import Record
    from tidegate.planner.situation import Situation


def taken_back(s: Situation, reason: str, *, reject: bool = True) -> Outcome:
    """The release under way is over: all traffic is on the live slots again."""
    under_way = s.ledger.under_way
    assert under_way is not None  # noqa: S101 - the callers have asked
    members = s.members(under_way)
    token = f"{under_way.id}.{under_way.step + 1}"
    records = {name: _on_live(s, name, token, reject=reject) for name in members}
    release = under_way.model_copy(
        update={
            "phase": "aborted",
            "step": under_way.step + 1,
            "weight": 0,
            "paused": False,
            "reason": reason,
            "changed": s.stamp,
        },
    )
    ledger = moves.with_records(s.ledger, records).model_copy(update={"release": release})
    return Outcome(ledger, (f"release {under_way.id} is taken back: {reason}",), down=True)


def _on_live(s: Situation, name: str, token: str, *, reject: bool) -> Record:
    record = _live_again(s, name, token)
    rejected = record.slots[record.candidate].spec if reject else record.rejected
    return record.model_copy(update={"weight": 0, "rejected": rejected})


def _live_again(s: Situation, name: str, token: str | None = None) -> Record:
    """The live slot gets its traffic back: proven anew, at its full size, if it has none."""
    record, seen = s.ledger.services[name], s.seen(name)
    torn = seen is not None and not seen.agrees(record)
    left = seen.traffic(record.live) if seen is not None and torn else record.weight_of(record.live)
    under_way = s.ledger.under_way
    held = under_way is not None and name in under_way.services
    if left and (held or sizes.fixed(s.intent, name, record.scale) is not None):
        # Where the cluster scales a slot that nothing holds, it may have shrunk with its traffic.
        return record
    live = record.slots[record.live]
    size = max(s.size(name, record), live.replicas)
    return moves.proven(record, record.live, s.token(name, record.live, token or live.proven), size)


def recovered(s: Situation) -> Outcome:
    """Nothing new is wanted: traffic that a failed update has moved goes to where the ledger has it.

    While a release is under way a plain update gives a candidate no more than both the ledger and the routes say: whether the update
    that failed was to give it more, or to take all of it away, it has no more than before.
    """
    torn = s.unfinished
    if not torn:
        return Outcome(s.ledger)
    refuse_half_rolled_back(s)
    under_way = s.ledger.under_way
    records = {name: _live_again(s, name) for name in torn if name in s.intent.services}
    release = under_way
    if under_way is not None:
        weight = min([under_way.weight, *(_weight_seen(s, name) for name in torn if s.ledger.services[name].weight)])
        for name in s.members(under_way):
            record = records.get(name, s.ledger.services[name])
            records[name] = _no_more_than(s, name, record, weight)
        release = under_way.model_copy(update={"weight": weight, "phase": under_way.phase if weight else "staged"})
        if release != under_way:
            release = release.model_copy(update={"changed": s.stamp})
    ledger = moves.with_records(s.ledger, records)
    ledger = ledger.model_copy(update={"release": release}) if under_way is not None else ledger
    return Outcome(ledger, (f"an update failed while traffic of {', '.join(torn)} moved: it goes back to where it was",), down=True)


def _weight_seen(s: Situation, name: str) -> int:
    seen, record = s.seen(name), s.ledger.services[name]
    return seen.weights.get(record.candidate, record.weight) if seen is not None else record.weight


def _no_more_than(s: Situation, name: str, record: Record, weight: int) -> Record:
    """A candidate with at most this weight, not smaller than what it has at this moment needs."""
    if record.weight > weight and name not in s.unfinished:
        record = _live_again(s, name)
    seen, candidate = s.seen(name), record.slots[record.candidate]
    most = seen.traffic(record.candidate) if seen is not None else 0
    if name in s.unfinished and most:
        least = s.size(name, record, most)
        record = moves.with_slot(record, record.candidate, candidate.model_copy(update={"replicas": max(candidate.replicas, least)}))
    return record.model_copy(update={"weight": min(record.weight, weight)})


def aborted(s: Situation, event: Abort) -> Outcome:
    """All traffic back to the live slots."""
    if s.ledger.under_way is not None:
        return taken_back(s, event.reason)
    if s.unfinished:
        return _given_up(s)
    release = s.ledger.release
    if release is not None and release.phase == "aborted":
        return Outcome(s.ledger, (f"release {release.id} has been aborted already",))
    if release is not None and release.phase == "promoted":
        raise Refusal(
            "already-promoted",
            f"release {release.id} is promoted: its versions are live. To take it back, {by_hand('rollback', reason='why')}",
        )
    raise Refusal("no-release", "no release is under way: there is nothing to abort")


def _given_up(s: Situation) -> Outcome:
    """A straight release failed while its traffic moved: back, and it doesn't come again by itself."""
    outcome = recovered(s)
    records = dict(outcome.ledger.services)
    for name, seen in s.standing.services.items():
        before = s.ledger.services.get(name)
        spec = seen.specs.get(before.candidate) if before is not None else None
        staged = before is not None and spec not in {None, before.slots[before.live].spec}
        if before is not None and staged and (name in s.unfinished or spec != before.slots[before.candidate].spec):
            # Brought up by the update that failed, whether its traffic had moved yet or not.
            records[name] = records[name].model_copy(update={"rejected": spec})
    return Outcome(moves.with_records(outcome.ledger, records), outcome.notes, down=True)


def rolled_back(s: Situation, event: Rollback) -> Outcome:
    """What was live before is live again: version, configuration and secrets, as one."""
    if s.ledger.under_way is not None:
        if event.to:
            raise Refusal("release-under-way", f"release {s.ledger.under_way.id} is under way: abort it, then go back to other versions")
        return taken_back(s, event.reason)
    half = half_rolled_back(s)
    if s.unfinished and not event.to and not half:
        return _given_up(s)
    names = half if half and not event.to else _chosen(s, event)
    refuse_strangers(s, names)
    if not names:
        return Outcome(s.ledger, ("these versions are live already",))
    for name in names:
        _refuse_no_way_back(s, name, event.to.get(name), asked=bool(event.to or half))
    specs = {n: s.ledger.services[n].slots[s.ledger.services[n].candidate].spec for n in names}
    release = moves.release_id(s.ledger, "rollback", specs)
    records = {name: _back(s, name, release) for name in names}
    ledger = moves.with_records(s.ledger, records).model_copy(
        update={
            "releases": s.ledger.releases + 1,
            "release": Release(
                id=release,
                kind="rollback",
                services=tuple(reversed(names)),
                phase="promoted",
                step=0,
                weight=0,
                reason=event.reason,
                begun=s.stamp,
                changed=s.stamp,
                promoted=s.stamp,
            ),
        },
    )
    return Outcome(ledger, (f"{', '.join(names)} back: {event.reason}",), down=True)


def _chosen(s: Situation, event: Rollback) -> tuple[str, ...]:
    """The services that move, in dependency order."""
    if event.to:
        unknown = sorted(name for name in event.to if name not in s.ledger.services or name not in s.intent.services)
        if unknown:
            raise Refusal("unknown-service", f"there is no {', '.join(unknown)} to go back; there are {', '.join(s.ledger.services)}")
        return s.ordered(name for name, version in event.to.items() if _other_version(s.ledger.services[name], version))
    release = s.ledger.release
    if release is None or release.kind != "release" or release.promoted is None:
        why = {"install": "nothing was live before", "rollback": "it was gone back already"}.get(release.kind if release else "install")
        raise Refusal(
            "nothing-to-go-back-to",
            f"no release to go back from: {why or 'the last one was aborted'}. `--to` names a version that a slot still has",
        )
    return s.ordered(s.members(release))


def _other_version(record: Record, version: str) -> bool:
    """Whether going to this version is a move: the other slot has it, and it isn't what is live."""
    live, candidate = record.slots[record.live], record.slots[record.candidate]
    return live.version != version or (candidate.version == version and candidate.spec not in {record.rejected, live.spec})


def _refuse_no_way_back(s: Situation, name: str, version: str | None, *, asked: bool) -> None:
    record = s.ledger.services[name]
    live, candidate = record.slots[record.live], record.slots[record.candidate]
    if version is not None and candidate.version != version:
        raise Refusal(
            "nothing-to-go-back-to",
            f"{name} {version} is in no slot: {record.live} has {live.version}, {record.candidate} has {candidate.version}. "
            "Write it into the stack's configuration instead (`tidegate config versions` lists them)",
        )
    if candidate.spec == live.spec or (not asked and candidate.spec == record.rejected):
        raise Refusal("nothing-to-go-back-to", f"{name} has nothing but {live.version} to run, in both slots")
    revision = candidate.migration or ""
    if revision in record.passed:
        raise Refusal(
            "contract-migration",
            f"{name} can't go back to {candidate.version}: it needs schema revision {revision or '(none is named)'}, and the contract "
            f"migration of {live.version} has left that behind. Go forward: release a repaired version",
        )


def _back(s: Situation, name: str, release: str) -> Record:
    record = s.ledger.services[name]
    slot, bad = record.candidate, record.slots[record.live].spec
    target = record.slots[slot]
    size = max(s.size(name, record), target.replicas)
    if not target.running:
        record = moves.with_slot(record, slot, target.model_copy(update={"release": release}))
    record = moves.proven(record, slot, s.token(name, slot, f"{release}.0"), size)
    return moves.flipped(record, s.stamp).model_copy(update={"rejected": bad})
