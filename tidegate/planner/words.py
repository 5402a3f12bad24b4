"""What a plan will do, in words: for the notes of a preview, and as rows for a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.model.phrases import claimed, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.approval import Approval
    from tidegate.model.base import Slot
    from tidegate.model.ledger import Ledger, Occupant, Record


def by_hand(kind: str, **more: object) -> str:
    """What to type to make something happen: the verb of Tidegate's own that does, and the event for those who do all by themselves."""
    verb = {"stage": "release NAME=VERSION", "shift": "resume"}.get(kind, kind)
    reason = " --reason TEXT" if "reason" in more else ""
    return (
        f"`tidegate {verb}{reason}`, or by hand `pulumi config set tidegate:event '{json.dumps({'kind': kind, **more})}'` and `pulumi up`"
    )


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one service."""

    service: str
    version: str
    """What is live before, and after if that is something else."""
    candidate: str
    """What is in the other slot afterwards."""
    weight: str
    """Of the traffic, on the candidate."""
    happens: tuple[str, ...]
    """In the order in which it happens."""

    def __str__(self) -> str:
        return f"{self.service}: {'; '.join(self.happens)}"


def words(before: Ledger | None, after: Ledger, order: Sequence[str] = ()) -> list[str]:
    """A sentence a service that something happens to, and one of the release."""
    lines = [*said(before, after), *(str(row) for row in rows(before, after, order) if row.happens)]
    begun = release(before, after)
    return [*([begun] if begun else []), *(lines or ([] if begun else ["nothing is released, and no traffic moves"]))]


def rows(before: Ledger | None, after: Ledger, order: Sequence[str] = ()) -> list[Row]:
    """Every service: those that move first, in order; then the rest; then those that go away."""
    old = before.services if before is not None else {}
    moving = dict.fromkeys(name for name in order if name in after.services)
    names = (*moving, *(name for name in after.services if name not in moving))
    gone = [name for name in old if name not in after.services]
    return [
        *(_row(name, old.get(name), after.services[name]) for name in names),
        *(Row(name, old[name].slots[old[name].live].version, "", "", ("it is taken away, both slots",)) for name in gone),
    ]


def said(before: Ledger | None, after: Ledger) -> list[str]:
    """What people say of releases."""
    if before is None:
        return []
    lines = [
        f"{claimed(one.by)} says {'yes' if one.decision == 'approve' else 'no'} to {_planned(one)}"
        for one in after.approvals
        if one not in before.approvals
    ]
    if after.frozen == before.frozen:
        return lines
    if after.frozen is None:
        return [*lines, "releases may begin again"]
    return [*lines, f"no release begins until {plain(after.frozen.until or 'that is lifted')}: {plain(after.frozen.reason)}"]


def _planned(approval: Approval) -> str:
    """What an approval is for, as far as its statement says it. Nothing of that is proven here."""
    try:
        found = json.loads(approval.statement)
    except ValueError:
        found = None
    services = found.get("services") if isinstance(found, dict) else None
    if not (isinstance(services, dict) and services):
        return "a release"
    return plain(", ".join(f"{name} {version}" for name, version in services.items()))


def release(before: Ledger | None, after: Ledger) -> str | None:
    """What becomes of the release, if anything."""
    old, new = before.release if before is not None else None, after.release
    if new is None or old == new:
        return None
    if old is None or old.id != new.id:
        return {
            "install": f"first installation of {len(new.services)} services",
            "release": f"release {new.id} of {', '.join(new.services)} begins",
            "rollback": f"release {new.id} takes {', '.join(new.services)} back",
        }[new.kind]
    if new.paused != old.paused:
        return f"release {new.id} is paused: {plain(new.reason or '')}" if new.paused else f"release {new.id} goes on"
    if new.baked and not old.baked:
        return f"release {new.id} has been watched for as long as it is to be, and is well"
    weight = f", {new.weight}% of the traffic on the candidates" if new.phase == "shifting" else ""
    return f"release {new.id}: {new.phase}{weight}"


def _row(name: str, old: Record | None, new: Record) -> Row:
    live, candidate = new.slots[new.live], new.slots[new.candidate]
    was = old.slots[old.live].version if old is not None else None
    weight = f"{old.weight}% -> {new.weight}%" if old is not None and old.weight != new.weight else f"{new.weight}%"
    return Row(
        service=name,
        version=live.version if was in {None, live.version} else f"{was} -> {live.version}",
        candidate=f"{candidate.version}, {_pods(candidate.replicas)}" if candidate.running else f"{candidate.version}, not running",
        weight=weight,
        happens=_happens(old, new),
    )


def _happens(old: Record | None, new: Record) -> tuple[str, ...]:
    live = new.slots[new.live]
    if old is None:
        return (f"{live.version} is installed in {new.live} with {_pods(live.replicas)}",)
    if old == new:
        return ()
    grows = [slot for slot in old.slots if new.weight_of(slot) > old.weight_of(slot)]
    first: list[Slot] = [*grows, *(slot for slot in old.slots if slot not in grows and new.weight_of(slot))]
    last: list[Slot] = [slot for slot in old.slots if slot not in first]
    parts = [text for slot in first if (text := _slot(slot, old, new))]
    parts += _traffic(old, new)
    parts += [text for slot in last if (text := _slot(slot, old, new))]
    if new.rejected is not None and new.rejected != old.rejected:
        parts.append("a plain update won't bring that again")
    return tuple(parts)


def _traffic(old: Record, new: Record) -> list[str]:
    if old.live != new.live:
        live, left = new.slots[new.live], new.slots[old.live]
        moved = "" if old.weight == 100 else f"all traffic goes from {old.live} to {new.live}: "
        return [f"{moved}{live.version} is live", f"{old.live} keeps {left.version} with {_pods(left.replicas)}, to go back to"]
    if old.weight != new.weight:
        return [f"traffic on {new.candidate} ({new.slots[new.candidate].version}) goes from {old.weight}% to {new.weight}%"]
    return []


def _slot(slot: Slot, before: Record, after: Record) -> str | None:
    """What happens to the pods of a slot."""
    old, new = before.slots[slot], after.slots[slot]
    if old.spec != new.spec or (new.running and not old.running):
        again = "again " if old.spec == new.spec else ""
        if not new.running:
            return f"{slot} is emptied, and would be {new.version}"
        return f"{slot} comes up {again}with {_what(before.slots[before.live], new)} and {_pods(new.replicas)}, and is proven ready"
    if old.running and not new.running:
        return f"{slot} ({new.version}) is emptied: it can still be gone back to"
    sized = f" goes from {old.replicas} to {_pods(new.replicas)}" if old.replicas != new.replicas else ""
    if old.proven != new.proven:
        return f"{slot}{sized}{' and' if sized else ''} is proven ready anew"
    return f"{slot}{sized}" if sized else None


def _what(live: Occupant, new: Occupant) -> str:
    """What is new of it, beside what is live."""
    if live.version != new.version or live.spec == new.spec:
        return new.version
    parts = {"configuration": live.config != new.config, "secrets": live.secrets != new.secrets, "image": live.image != new.image}
    named = [f"other {part}" for part, differs in parts.items() if differs]
    return f"{new.version} ({', '.join(named) or 'other settings'})"


def _pods(number: int) -> str:
    return f"{number} pod" if number == 1 else f"{number} pods"
