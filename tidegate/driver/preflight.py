"""Preflight: every gate before a release begins, each with its verdict, all of them at once. Nothing is changed.

The configuration itself is no gate here: what can't be read, or lacks a secret, never gets this far.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tidegate.driver import wellness
from tidegate.gates import freezes
from tidegate.gates.overriding import passed_by
from tidegate.model.base import seconds
from tidegate.model.errors import GateRefusedError, PolicyError, TidegateError, WaitingForApprovalError
from tidegate.model.events import Stage
from tidegate.model.ledger import Held, Ledger
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from tidegate.driver.ports import Ports
    from tidegate.gates.overriding import Override
    from tidegate.model.health import Health
    from tidegate.model.ledger import Stamp
    from tidegate.model.told import Preview, Told
    from tidegate.planner.planning import Next
    from tidegate.planner.reading import Reading


_ALL: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What preflight has found."""

    gates: tuple[Held, ...]
    plan: Next | None
    """Where the first update leads; None if the planner refuses it."""
    preview: Preview | None
    refusal: Refusal | None = None
    busy: str | None = None
    """Who else is at work on the stack: then nothing else was looked at, for all of it is changing."""

    @property
    def shut(self) -> tuple[Held, ...]:
        """The gates that nothing gets by."""
        return tuple(one for one in self.gates if one.verdict != "pass" and not one.overridden)


def preflight(
    ports: Ports,
    told: Told,
    reading: Reading,
    stamp: Stamp,
    now: datetime,
    asked: datetime,
    override: Override | None = None,
    named: Collection[str] | None = None,
) -> Found:
    """Every gate before a release of what is told. `named`: the services that were asked for by name; None if all of it was."""
    busy = ports.stack.busy()
    if busy is not None:
        text = f"another update of the stack is under way, {busy}; if nobody is at work there, `pulumi cancel` frees the stack"
        return Found((Held(gate="update", verdict="fail", text=text),), None, None, busy=text)
    # A freeze is a gate of its own, and may be passed by: what is tried is what would come after it.
    event = Stage(stamp=stamp, gates=(Held(gate="freeze", verdict="inconclusive", text="not looked at yet", overridden=True),))
    ledger = reading.ledger
    held = [Held(gate="configuration", verdict="pass", text=f"{told.origin} is right, and its secrets are complete")]
    plan, refusal = _planned(reading, told, event)
    held.append(
        Held(gate="planner", verdict="pass", text="it can be staged")
        if refusal is None
        else Held(gate="planner", verdict="fail", text=str(refusal)),
    )
    found = freezes.standing_in(told.intent.gates, ledger.frozen if ledger is not None else None, now)
    held += found or [Held(gate="freeze", verdict="pass", text="nothing is frozen")]
    preview = None
    if refusal is None:
        preview = ports.stack.preview(told, event)
        held += _policies(preview)
    if plan is not None:
        held += ports.scans.held(told, _brought(told, ledger, plan.ledger), now)
    if ledger is not None and plan is not None:
        held += _again(told, ledger, plan, named)
        held += _cluster(ports, told, reading, plan)
        held += _metrics(ports, told, reading, plan, now)
        held.append(ports.approvals.standing(told, ledger, "stage", asked, now))
    return Found(passed_by(held, override, stamp.by, told.intent.gates), plan, preview, refusal)


def _planned(reading: Reading, told: Told, event: Stage) -> tuple[Next | None, Refusal | None]:
    try:
        return next_ledger(reading.ledger, told.intent, event, reading.standing), None
    except Refusal as refusal:
        return None, refusal


def _brought(told: Told, before: Ledger | None, after: Ledger) -> tuple[str, ...]:
    """The services that something is released of: those of a release that would begin, and those that are quite new."""
    release, old = after.release, before.release if before is not None else None
    known = before.services if before is not None else {}
    services = told.intent.services
    new = [name for name in after.services if name not in known and services[name].renamed_from not in known]
    begun = release.services if release is not None and (old is None or release.id != old.id) else ()
    return tuple(name for name in told.intent.order if name in {*new, *begun})


def _again(told: Told, ledger: Ledger, plan: Next, named: Collection[str] | None) -> list[Held]:
    """What was taken back before comes again only if somebody asks for it: the stack's file may have it still."""
    release = plan.ledger.release
    if named is None or release is None or ledger.under_way is not None:
        return []
    records, after = ledger.services, plan.ledger.services
    again = [
        name
        for name in release.services
        if name in records and name not in named and records[name].rejected == after[name].slots[after[name].candidate].spec
    ]
    return [Held(gate="taken-back", verdict="fail", text=_taken_back(told, ledger, name)) for name in again]


def _taken_back(told: Told, ledger: Ledger, name: str) -> str:
    record, version = ledger.services[name], told.intent.services[name].version
    return (
        f"{told.origin} still has {name} {version}, which was taken back before: to bring it again, name it ({name}={version}); "
        f"to leave it, name what is live ({name}={record.slots[record.live].version})"
    )


def _metrics(ports: Ports, told: Told, reading: Reading, plan: Next, now: datetime) -> list[Held]:
    """Whether what a release is judged by answers at all: without it, it would be taken back after its first step."""
    ledger, services = reading.ledger, told.intent.services
    for name in plan.order:
        analysis = services[name].analysis if name in services else None
        if analysis is None or ledger is None or name not in ledger.services:
            continue
        try:
            ports.judge.look(told, reading, name, now - timedelta(seconds=seconds(analysis.window)), now)
        except TidegateError as error:
            return [Held(gate="metrics", verdict="fail", text=f"{name} can't be judged: {error}")]
        return [Held(gate="metrics", verdict="pass", text="metrics answer")]
    return []


def _policies(preview: Preview) -> list[Held]:
    mandatory = [one for one in preview.violations if one.level == "mandatory"]
    held = [Held(gate="policy", verdict="fail", text=f"{one.pack}: {one.policy}: {one.resource}: {one.message}") for one in mandatory]
    held += [Held(gate="preview", verdict="fail", text=error) for error in preview.errors if not mandatory]
    advisory = len(preview.violations) - len(mandatory)
    told = f"no mandatory policy is violated{f', {advisory} advisory ones are' if advisory else ''}"
    return held or [Held(gate="policy", verdict="pass", text=told)]


def _cluster(ports: Ports, told: Told, reading: Reading, plan: Next) -> list[Held]:
    """Drift, room, and how what is live is just now."""
    drift, room = ports.cluster.drift(reading), ports.cluster.room(told, reading)
    held = [Held(gate="drift", verdict="fail", text=text) for text in drift] or [Held(gate="drift", verdict="pass", text="none")]
    held += [Held(gate="quota", verdict="fail", text=text) for text in room] or [
        Held(gate="quota", verdict="pass", text="there is room for the candidates")
    ]
    ledger = reading.ledger or Ledger()
    return [*held, *_live(ledger, ports.cluster.health(reading), plan.order), _traffic(ports, reading, ledger, plan.order)]


def _traffic(ports: Ports, reading: Reading, ledger: Ledger, names: Iterable[str]) -> Held:
    """Whether users are where the ledger says: a slot that it takes for a free one may have been led to."""
    seen = ports.cluster.traffic(reading)
    known = [name for name in names if name in ledger.services and name in seen]
    # A gateway that hasn't taken its route yet says so by more than there is.
    astray = [n for n in known if not seen[n].agrees(ledger.services[n]) and sum(seen[n].weights.values()) <= _ALL]
    if astray:
        text = f"users of {', '.join(astray)} aren't where the ledger says: `tidegate resume` puts that right"
        return Held(gate="traffic", verdict="fail", text=text)
    return Held(gate="traffic", verdict="pass", text="users are where the ledger says")


def _live(ledger: Ledger, health: Mapping[str, Health], names: Iterable[str]) -> list[Held]:
    """The live slots of what is to be released: all may have to go back to them."""
    known = [name for name in names if name in ledger.services]
    ills = [one for name in known if (one := wellness.ill(ledger, health, name, ledger.services[name].live)) is not None]
    held = [Held(gate="health", verdict="fail", text=f"live: {one.text}") for one in ills]
    return held or [Held(gate="health", verdict="pass", text="what is live is well")]


def refuse(found: Found) -> None:
    """Raise what the shut gates come to, if any is; all of them are named."""
    shut = found.shut
    if not shut:
        return
    text = "; ".join(f"{one.gate}: {one.text}" for one in shut)
    gates = {one.gate for one in shut}
    if gates == {"approval"} and all(one.verdict == "no-data" for one in shut):
        raise WaitingForApprovalError(text)
    if gates <= {"policy", "preview"} and "policy" in gates:
        raise PolicyError(text)
    if gates == {"planner"} and found.refusal is not None:
        raise found.refusal
    raise GateRefusedError(f"it isn't begun, and nothing was changed for it. {text}")
