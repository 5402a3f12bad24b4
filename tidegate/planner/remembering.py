"""What the ledger remembers of an event beside what it did: each step of the release, and whose word still counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tidegate.model.ledger import Taken
from tidegate.model.slots import desired
from tidegate.planner.bringing import hash_of

if TYPE_CHECKING:
    from tidegate.model.approval import Approval
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger, Release


def remembered(before: Ledger | None, after: Ledger, intent: Intent, event: Event) -> Ledger:
    """The ledger with the step that its release has taken, if it has; approvals of what no longer comes are dropped."""
    old, new = before.release if before is not None else None, after.release
    if new is None or _place(old) == _place(new):
        return after
    begun = old is None or old.id != new.id
    reason = event.reason or (new.reason or "" if old is None or new.reason != old.reason else "")
    taken = Taken(
        step=new.step,
        kind=event.kind,
        weight=100 if new.promoted is not None and new.phase in {"promoted", "settled"} else new.weight,
        stamp=event.stamp,
        reason=reason,
        gates=event.gates,
    )
    release = new.model_copy(update={"taken": (*new.taken, taken), "reason": new.reason or (event.reason or None if begun else None)})
    after = after.model_copy(update={"release": release})
    if not after.approvals or not (begun or release.phase in {"aborted", "settled"}):
        return after
    subjects = _subjects(after, release, intent)
    return after.model_copy(update={"approvals": tuple(one for one in after.approvals if subject(one) in subjects)})


def subject(approval: Approval) -> str | None:
    """What somebody said yes or no to, as `Release.brings` has it; None for a statement that names nothing."""
    try:
        said = json.loads(approval.statement)
    except ValueError:
        return None
    found = said.get("brings") if isinstance(said, dict) else None
    return found if isinstance(found, str) and found else None


def _place(release: Release | None) -> tuple[object, ...] | None:
    """Where a release is."""
    return (release.id, release.step, release.phase, release.weight, release.paused, release.baked) if release is not None else None


def _subjects(after: Ledger, release: Release, intent: Intent) -> set[str]:
    """What approvals may be for: the release, and what the intent would bring next. What was taken back needs another yes."""
    if release.phase in {"staged", "shifting", "promoted"}:
        return {release.brings} - {""}
    known = after.services
    specs = {name: desired(intent, name) for name in intent.services}
    planned = {n: spec for n, spec in specs.items() if n in known and known[n].slots[known[n].live].spec != spec.hash}
    return {hash_of(planned)} - {release.brings}
