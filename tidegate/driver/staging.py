"""Begins a release: every gate, then the first event. What is under way already is gone on with, and what is in its way goes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.driver import wellness
from tidegate.driver.configuring import gives
from tidegate.driver.deciding import PULSE
from tidegate.driver.preflight import preflight, refuse
from tidegate.driver.results import Ended
from tidegate.driver.troubles import Troubles
from tidegate.model.errors import BusyError, UnreachableError, UpdateFailedError, WaitingForApprovalError
from tidegate.model.events import Stage
from tidegate.planner.words import words

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from tidegate.driver.carrying import Carrier
    from tidegate.driver.preflight import Found
    from tidegate.gates.overriding import Override
    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading


@dataclass(slots=True)
class Staging:
    """A release that is to begin."""

    carrier: Carrier
    told: Told
    reason: str
    override: Override | None
    wait: bool
    asked: datetime
    named: Collection[str] | None = None
    """The services that were asked for by name; None if all of it was."""
    kept: bool = False

    def run(self) -> Ended | None:
        """Stage it; how it ended, if there was nothing to stage."""
        try:
            reading = self.carrier.carry(self.told.intent.releases, self._made)
        except UpdateFailedError as error:
            raise UpdateFailedError(
                "it can't be staged: users are served as before, and the candidates stay for you to look at. Release a better version, "
                f"or the older one. {error}"
            ) from error
        ledger = reading.ledger
        release = ledger.release if ledger is not None else None
        if ledger is None or release is None:
            return Ended("none", None, "there is nothing to release")
        if release.kind == "install" and self.kept:
            services = self.told.intent.services
            named = ", ".join(f"{name} {services[name].version}" for name in release.services if name in services)
            return Ended(release.phase, release.id, f"{named}: installed, and live")
        if release.kind != "release" or not gives(self.told.intent, brought(ledger)):
            return Ended(release.phase, release.id, f"{release.kind} {release.id} is {release.phase}: there is nothing else to release")
        return None

    def _made(self, reading: Reading) -> tuple[Told, Event] | None:
        if under_way(reading.ledger, self.told):
            return None
        found, now = self._let(reading)
        if found.plan is None or same(now.ledger, found.plan.ledger):
            return None
        if not self.kept:
            self.carrier.ports.stack.keep(self.told)
            self.carrier.tell("started", "; ".join(words(now.ledger, found.plan.ledger, found.plan.order)), found.plan.ledger)
            self.kept = True
        stamp = self.carrier.stamp()
        reason = self.reason or f"released by {stamp.by}"
        return self.told, Stage(stamp=stamp, reason=reason, expects=token(now), gates=found.gates)

    def _let(self, reading: Reading) -> tuple[Found, Reading]:
        """All gates before it, waiting for people if that is wanted; and the reading that they were asked for."""
        said, troubles = "", Troubles(self.told.intent.releases.patience)
        while True:
            try:
                found = preflight(
                    self.carrier.ports, self.told, reading, self.carrier.stamp(), self.carrier.now(), self.asked, self.override, self.named
                )
                if found.busy is not None:
                    raise BusyError(found.busy)  # noqa: TRY301 - it is waited for as if the update had met it
                refuse(found)
            except (BusyError, UnreachableError) as error:
                self.carrier.bear(troubles, error)
            except WaitingForApprovalError as error:
                if not self.wait:
                    raise
                if str(error) != said:
                    said = str(error)
                    self.carrier.tell("waiting", said, reading.ledger)
                self.carrier.ports.clock.sleep(PULSE)
            else:
                return found, reading
            reading = self.carrier.read(troubles)


def under_way(ledger: Ledger | None, told: Told) -> bool:
    """Whether a release of just this is under way: begun by somebody else, or by us before we were interrupted."""
    return ledger is not None and ledger.under_way is not None and gives(told.intent, brought(ledger))


def brought(ledger: Ledger) -> dict[str, str]:
    """The specs that the last release brings."""
    return {name: ledger.services[name].slots[slot].spec for name, slot in wellness.brought(ledger).items()}


def same(before: Ledger | None, after: Ledger) -> bool:
    """Whether nothing would change."""
    if before is None or (before.releases, before.services) != (after.releases, after.services):
        return False
    return (before.release and before.release.phase) == (after.release and after.release.phase)


def token(reading: Reading) -> str:
    """Where a stack is, as events name it."""
    return reading.ledger.token if reading.ledger is not None else "none"
