"""Looks after users while an update is under way: who drives waits for it, and a candidate may go down meanwhile.

Routes go back at once then, as often as that is needed, for the update may still lead users forward. Once it is over the release is taken
back, also if the candidate has come up again: its users have felt it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate.driver import wellness
from tidegate.driver.deciding import PULSE
from tidegate.driver.facts import Back
from tidegate.driver.returning import Return
from tidegate.model.errors import TidegateError

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.driver.carrying import Carrier
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading


@dataclass(slots=True)
class Guard:
    """Over one update."""

    carrier: Carrier
    told: Told
    reading: Reading
    """Of before the update."""
    back: Back | None = None
    """Why the release is to be taken back, if it is."""
    _next: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._next = self._later()

    def look(self) -> None:
        """Called again and again while the update goes on."""
        if self.carrier.now() < self._next:
            return
        # Where the cluster doesn't answer, what has come of it all is looked at after the update, which needs the cluster as well.
        with suppress(TidegateError):
            self._look()
        self._next = self._later()

    def _look(self) -> None:
        ledger, cluster = self.reading.ledger, self.carrier.ports.cluster
        if ledger is None or ledger.under_way is None:
            # What was promoted goes back to slots that only an update can prove anew.
            return
        health = cluster.health(self.reading)
        ills = [wellness.ill(ledger, health, name, slot) for name, slot in wellness.brought(ledger).items()]
        down = next((one for one in ills if one is not None and one.down), None)
        if down is None:
            return
        led = Return(self.carrier, self.told, down.trigger, down.text)
        led.lead(self.reading, health)
        if led.led and self.back is None:
            text = f"{down.text}, while an update was under way"
            self.back = Back(down.trigger, text)
            self.carrier.tell("warning", f"{text}: users go back at once, and the release once it is over", ledger)

    def _later(self) -> datetime:
        return self.carrier.now() + timedelta(seconds=PULSE)
