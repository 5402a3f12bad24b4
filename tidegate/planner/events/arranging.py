"""Services that are new, gone, or called something else: what the ledger's list of services comes to before anything is released."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tidegate.model.ledger import Ledger, Release
from tidegate.model.slots import desired
from tidegate.planner import moves, sizes
from tidegate.planner.bringing import hash_of
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Record, Stamp
    from tidegate.planner.situation import Situation

NAME_LABEL = "app.kubernetes.io/name"


def install(intent: Intent, stamp: Stamp) -> Ledger:
    """The first ledger: every service is in blue."""
    empty = Ledger()
    specs = {name: desired(intent, name) for name in intent.order}
    release = moves.release_id(empty, "install", {name: spec.hash for name, spec in specs.items()})
    return Ledger(
        releases=1,
        release=Release(
            id=release,
            kind="install",
            services=intent.order,
            phase="settled",
            step=0,
            weight=0,
            begun=stamp,
            changed=stamp,
            promoted=stamp,
            brings=hash_of(specs),
        ),
        services={n: moves.installed(spec, release, f"{release}.0", sizes.first(intent, n), stamp) for n, spec in specs.items()},
    )


def arranged(s: Situation) -> tuple[Situation, tuple[str, ...]]:
    """The situation with the ledger's services those of the intent, and what is to be said of it."""
    records, names = s.ledger.services, s.intent.services
    renamed = {n: str(old) for n, service in names.items() if n not in records and (old := service.renamed_from) in records}
    gone = [name for name in records if name not in names and name not in renamed.values()]
    added = [name for name in s.intent.order if name not in records and name not in renamed]
    if not (renamed or gone or added):
        return s, ()
    _refuse_members(s, [*gone, *renamed.values()])
    kept = {name: record for name, record in records.items() if name in names}
    kept |= {new: _renamed(s, old, new) for new, old in renamed.items()}
    count = s.ledger.releases
    if added:
        release = moves.release_id(s.ledger, "install", {name: s.hashes[name] for name in added})
        kept |= {n: _installed(s, n, release) for n in added}
        count += 1
    notes = [f"{name} is new: {s.wanted[name].version} is installed in blue" for name in added]
    notes += [f"{old} is called {new} from now on" for new, old in renamed.items()]
    notes += [f"{name} is no longer wanted: it is taken away, both slots" for name in gone]
    return replace(s, ledger=s.ledger.model_copy(update={"services": kept, "releases": count})), tuple(notes)


def _installed(s: Situation, name: str, release: str) -> Record:
    token = s.token(name, "blue", f"{release}.0")
    return moves.installed(s.wanted[name], release, token, sizes.first(s.intent, name), s.stamp)


def _refuse_members(s: Situation, names: list[str]) -> None:
    under_way = s.ledger.under_way
    members = [name for name in names if under_way is not None and name in under_way.services]
    if under_way is not None and members:
        raise Refusal(
            "release-under-way",
            f"{', '.join(members)} can't be removed or renamed while release {under_way.id} of it is under way: promote or abort it first",
        )


def _renamed(s: Situation, old: str, new: str) -> Record:
    """Everything of it is made again under the new name, so it must be the same: else nobody could say what there was to go back to."""
    record, wanted = s.ledger.services[old], s.wanted[new]
    live = record.slots[record.live]
    before = wanted.model_copy(update={"labels": {**wanted.labels, NAME_LABEL: old}})
    if before.hash != live.spec:
        raise Refusal(
            "renamed-and-changed",
            f"{new} was {old}, and is to run something else at once: rename it with {live.version} just as it is, then change it",
        )
    same = live.model_copy(update={"spec": wanted.hash, "config": wanted.config_hash, "secrets": wanted.secrets_hash})
    both = {record.live: same, record.candidate: same.model_copy(update={"replicas": 0})}
    return record.model_copy(update={"slots": both, "rejected": None})
