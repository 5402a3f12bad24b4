"""What a release would be, step by step, before anything of it is done: its boxes, with their gates and times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.driver import steps
from tidegate.driver.results import Box, Gate, Planned
from tidegate.model.base import seconds
from tidegate.model.errors import ExitCode, TidegateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.driver.preflight import Found
    from tidegate.model.approval import Before
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger


def planned(intent: Intent, before: Ledger | None, found: Found, refuse: Callable[[Found], None]) -> Planned:
    """A release that would begin now."""
    after = found.plan.ledger if found.plan is not None else None
    release = after.release if after is not None else None
    old = before.release if before is not None else None
    begins = release is not None and (old is None or release.id != old.id)
    services = release.services if release is not None and begins else ()
    boxes = tuple(_boxes(intent, services, first=before is None)) if begins else ()
    notes = found.plan.notes if found.plan is not None else ()
    return Planned(
        brings={name: intent.services[name].version for name in services},
        begins=begins,
        gates=tuple(Gate(one.gate, one.verdict, one.text, one.overridden) for one in found.gates),
        boxes=boxes,
        lasts=sum(box.lasts for box in boxes if box.step != "keep"),
        changes=dict(found.preview.changes) if found.preview is not None else {},
        notes=(*notes, *_later(intent)),
        code=_code(found, refuse),
    )


def _code(found: Found, refuse: Callable[[Found], None]) -> int:
    try:
        refuse(found)
    except TidegateError as error:
        return int(error.code)
    return int(ExitCode.OK)


def _boxes(intent: Intent, services: tuple[str, ...], *, first: bool) -> Iterator[Box]:
    """Each step, in order."""
    named = ", ".join(f"{name} {intent.services[name].version}" for name in services)
    come, are = ("comes", "is") if len(services) == 1 else ("come", "are")
    if first:
        yield Box("stage", services, 100, 0.0, ("configuration", "policy", *_scans(intent)), f"{named} {are} installed")
        return
    yield Box("preflight", services, 0, 0.0, _preflight(intent), "every gate, before anything is changed")
    smoke = [name for name in services if intent.services[name].checks.smoke is not None]
    checked = [name for name in services if intent.services[name].checks.end_to_end is not None]
    checks = (*(("smoke",) if smoke else ()), *(("end-to-end",) if checked else ()))
    yield Box("stage", services, 0, 0.0, ("ready", *checks), f"{named} {come} up with no traffic")
    measured = any(intent.services[name].analysis is not None for name in services)
    watched = ("health", "traffic", *(("analysis",) if measured else ()))
    moving = steps.canaries(intent, services)
    for step in steps.steps(intent, services):
        gates = _asked(intent, "shift")
        yield Box("shift", moving, step.weight, step.soak, (*gates, *watched), f"{step.weight}% of the traffic of {', '.join(moving)}")
    yield Box("promote", services, 100, 0.0, (*_asked(intent, "promote"), *watched), f"{named} {are} live")
    bake = seconds(intent.releases.bake)
    if bake:
        yield Box("bake", services, 100, bake, (*watched, *checks[-1:]), "watched with all of the traffic")
    keep = max(seconds(intent.services[name].keep) for name in services)
    yield Box("keep", services, 100, keep, (), "the old slots stay, to go back to; `tidegate resume` empties them after that")


def _preflight(intent: Intent) -> tuple[str, ...]:
    return ("configuration", "planner", "freeze", "policy", "drift", "quota", "health", *_scans(intent), *_approvals(intent, "stage"))


def _scans(intent: Intent) -> tuple[str, ...]:
    return ("scans",) if intent.gates.scans else ()


def _asked(intent: Intent, before: Before) -> tuple[str, ...]:
    gates = intent.gates
    stops = [*(one.stops for one in gates.freezes.values()), *(one.stops for one in gates.holidays.values())]
    shut = any(before in one for one in stops)
    return (*(("freeze",) if shut else ()), *_approvals(intent, before))


def _approvals(intent: Intent, before: Before) -> tuple[str, ...]:
    return ("approval",) if any(before in one.before for one in intent.gates.approvals.values()) else ()


def _later(intent: Intent) -> Iterator[str]:
    """What no release heeds yet, by name."""
    if intent.backup is not None and intent.backup.before_release:
        yield "backup.before_release: no release begins with a backup yet; make one first"
    for name, service in intent.services.items():
        if service.migrations is not None:
            yield f"services.{name}.migrations: no release runs migrations yet; run them first"
