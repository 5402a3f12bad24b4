"""What happens to a stack's releases, for whoever drives nothing: seen by reading the stack again and again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tidegate.driver.deciding import PULSE
from tidegate.driver.results import Ended
from tidegate.driver.troubles import Troubles
from tidegate.model.errors import ExitCode, TimedOutError
from tidegate.model.intent.releases import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.driver.carrying import Carrier
    from tidegate.model.happening import Happening, Kind
    from tidegate.model.ledger import Release

_ORDER: Final = ("staged", "shifting", "promoted", "settled")


def over(release: Release | None) -> bool:
    """Whether nothing more is to come of a release by itself, but that old slots are emptied."""
    if release is None or release.phase in {"aborted", "settled"}:
        return True
    return release.phase == "promoted" and (release.baked or release.kind != "release")


def waited(carrier: Carrier, phase: str | None, timeout: float) -> Ended:
    """Until the last release is over, or in a phase or past it. `TimedOutError` when that takes too long."""
    until = carrier.now() + timedelta(seconds=timeout)
    while True:
        ledger = carrier.read(Troubles(Patience())).ledger
        release = ledger.release if ledger is not None else None
        ended = _there(release, phase)
        if ended is not None:
            return ended
        if carrier.now() >= until:
            text = f"{release.id} is {release.phase}, {release.weight}%" if release is not None else "nothing was ever released"
            raise TimedOutError(f"{text}, and the time is up")
        carrier.ports.clock.sleep(min(PULSE, max(0.1, (until - carrier.now()).total_seconds())))


def _there(release: Release | None, phase: str | None) -> Ended | None:
    if release is None:
        return Ended("none", None, "nothing was ever released here") if phase is None else None
    if release.phase == "aborted" or (release.phase == "settled" and release.kind == "release" and release.promoted is None):
        code = ExitCode.OK if phase == release.phase else ExitCode.ROLLED_BACK
        return Ended(release.phase, release.id, f"{release.id} was taken back by {release.changed.by}: {release.reason}", int(code))
    reached = phase in _ORDER and release.phase in _ORDER and _ORDER.index(release.phase) >= _ORDER.index(phase)
    if reached or (phase is None and over(release)):
        if release.kind == "rollback" and phase is None:
            return Ended(release.phase, release.id, f"{release.id} took back what was live: {release.reason}", int(ExitCode.ROLLED_BACK))
        return Ended(release.phase, release.id, f"{release.id} is {release.phase}")
    return None


def watched(carrier: Carrier) -> Iterator[Happening]:
    """What happens, until the last release is over."""
    before: Release | None = None
    while True:
        ledger = carrier.read(Troubles(Patience())).ledger
        release = ledger.release if ledger is not None else None
        if ledger is not None and release is not None and release != before:
            kind, text = _said(before, release)
            yield carrier.happening(kind, text, ledger, **_more(release))
            before = release
        if over(release):
            return
        carrier.ports.clock.sleep(PULSE)


def _more(release: Release) -> dict[str, object]:
    return {"weight": release.weight, "phase": release.phase, "by": release.changed.by, "reason": release.reason}


def _said(before: Release | None, release: Release) -> tuple[Kind, str]:
    who = release.changed.by
    if before is None or before.id != release.id:
        weight = f", {release.weight}%" if release.phase == "shifting" else ""
        return "started", f"{release.kind} {release.id} of {', '.join(release.services)} is {release.phase}{weight}"
    if release.paused != before.paused:
        return ("paused", f"{who} has paused it: {release.reason}") if release.paused else ("resumed", f"{who} lets it go on")
    if release.phase == "aborted":
        return "rolled-back", f"taken back by {who}: {release.reason}"
    if release.phase == "promoted" and before.phase != "promoted":
        return "promoted", f"what was released is live, by {who}"
    if release.phase == "settled" or release.baked != before.baked:
        return "finished", f"{release.id} is done"
    reason = release.taken[-1].reason if release.taken else ""
    return "step", f"{release.weight}% of the traffic is on the candidates{f': {reason}' if reason else ''}"
