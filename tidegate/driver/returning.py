"""Takes a release back: the routes first, at once; then the update that records it; then it is seen to that users are where they were.

If anything can't be done, it stays as far back as it came, and a person is called. Nobody is ever led to a slot without a ready pod; only
a person may say otherwise (`force`), and that is kept with the step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from tidegate.driver import wellness
from tidegate.driver.deciding import PULSE
from tidegate.driver.results import Ended
from tidegate.driver.troubles import Troubles
from tidegate.model.base import seconds
from tidegate.model.errors import BusyError, DriftError, ExitCode, TidegateError, UnreachableError, UpdateFailedError
from tidegate.model.events import Abort, Rollback
from tidegate.model.ledger import Held
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tidegate.driver.carrying import Carrier
    from tidegate.driver.facts import Trigger
    from tidegate.model.health import Health
    from tidegate.model.intent.releases import Patience
    from tidegate.model.ledger import Ledger, Release
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading

_MORE: int = 2
"""How much oftener than another update one is tried that takes something back."""


@dataclass(slots=True)
class Tries:
    """How often it has been tried."""

    troubles: Troubles
    most: int
    since: datetime
    made: int = 0

    def another(self) -> bool:
        """One more was made; whether there may be another."""
        self.made += 1
        return self.made < self.most


@dataclass(slots=True)
class Return:
    """A release that is being taken back."""

    carrier: Carrier
    told: Told
    trigger: Trigger
    reason: str
    force: bool = False
    to: Mapping[str, str] = field(default_factory=dict)
    """After promotion: versions of single services to go back to."""
    first: str | None = None
    """The service whose routes go before all others'."""
    begun: bool = False
    """Whether an update was begun for it: the stack's history knows it then."""
    led: bool = False
    refused: str = ""
    """Why the routes couldn't be patched, if they couldn't."""
    called: bool = False
    """Whether a person was called because of that."""
    incident: str | None = None
    """Where that incident is."""

    def run(self, reading: Reading, health: Mapping[str, Health]) -> Ended:
        """Take it back. A `Refusal` is raised before anything was touched."""
        ledger, release = _there(reading)
        self._planned(reading)
        if self.force:
            self.carrier.tell("warning", self.skipped, ledger)
        self.carrier.tell("failed", f"{release.id} is taken back ({self.trigger}): {self.reason}", ledger, trigger=self.trigger)
        left = self._updated(reading, health, release)
        try:
            reading = self.carrier.read(self._troubles())
            left = left or verified(self.carrier, reading, self.told.intent.releases.patience, self.to)
        except TidegateError as error:
            left = left or (f"nobody knows where users go: {error}",)
        return self._ended(reading, left)

    def _troubles(self) -> Troubles:
        return Troubles(self.told.intent.releases.patience)

    def _event(self, reading: Reading) -> Abort | Rollback | None:
        """The event that records it; None if it has been recorded."""
        ledger, release = _there(reading)
        stamp, expects = self.carrier.stamp(), ledger.token
        gates = [Held(gate=self.trigger, verdict="fail", text=self.reason)]
        if self.force:
            gates.append(Held(gate="health", verdict="inconclusive", text=self.skipped, overridden=True))
        if release.phase in {"staged", "shifting"}:
            return Abort(stamp=stamp, expects=expects, reason=self.text, gates=tuple(gates))
        if release.kind == "release" and release.phase in {"promoted", "settled"}:
            return Rollback(stamp=stamp, expects=expects, reason=self.text, gates=tuple(gates), to=dict(self.to))
        return None

    @property
    def text(self) -> str:
        """Why."""
        return f"{self.trigger}: {self.reason}"

    @property
    def skipped(self) -> str:
        """What force passes by."""
        return (
            f"{self.carrier.actor} forces it: nobody sees to it that what users go back to has ready pods, or who else has changed routes"
        )

    def _planned(self, reading: Reading) -> None:
        """What the planner would refuse must not be begun with the routes."""
        event = self._event(reading) or Rollback(stamp=self.carrier.stamp(), reason=self.text, to=dict(self.to))
        next_ledger(reading.ledger, self.told.intent, event, reading.standing)

    def _updated(self, reading: Reading, health: Mapping[str, Health], begun: Release) -> tuple[str, ...]:
        """Routes and update, each tried until it is done or no longer borne; what is left then."""
        tries = Tries(self._troubles(), self.told.intent.releases.attempts + _MORE, self.carrier.now())
        while (event := self._event(reading)) is not None and _there(reading)[1].id == begun.id:
            health = health or self._health(reading)
            self.lead(reading, health)
            try:
                left = self._tried(event, self._nowhere(reading, health), tries)
                reading = self.carrier.read(tries.troubles)
            except TidegateError as error:
                left = f"the update that takes it back can't be done: {error}"
            if left is not None:
                return (left,)
            health = self._health(reading)
        return ()

    def _tried(self, event: Abort | Rollback, nowhere: str | None, tries: Tries) -> str | None:
        """One try; why there is no other one, if there is none."""
        if nowhere is not None:
            patience = timedelta(seconds=seconds(self.told.intent.releases.patience.health))
            if self.carrier.now() > tries.since + patience:
                return f"users stay where they are: {nowhere}"
            self.carrier.ports.clock.sleep(PULSE)
            return None
        try:
            self.carrier.update(self.told, event)
        except (BusyError, UnreachableError) as error:
            self.carrier.bear(tries.troubles, error, PULSE)
        except UpdateFailedError as error:
            self.begun = True
            # It may fail for what will be over soon; nobody is served better by giving up.
            patience = timedelta(seconds=seconds(self.told.intent.releases.patience.cluster))
            if not tries.another() and self.carrier.now() > tries.since + patience:
                return f"the update that takes it back fails: {error}"
            self.carrier.ports.clock.sleep(min(PULSE, 2.0 ** (tries.made - 1)))
        except Refusal as refusal:
            if refusal.rule != "moved-on" or not tries.another():
                return f"the update that takes it back is refused: {refusal}"
        else:
            # It may have been needed to close what another update had left open: then it wasn't this yet.
            return None if tries.another() else "updates succeed, and it isn't taken back"
        return None

    def _health(self, reading: Reading) -> Mapping[str, Health]:
        """How pods are just now; nothing where that can't be seen. The update needs the same API server, and proves what it can."""
        try:
            return self.carrier.ports.cluster.health(reading)
        except UnreachableError:
            return {}

    def lead(self, reading: Reading, health: Mapping[str, Health]) -> None:
        """The routes, at once, of all whose way back is open; again each time, for somebody's update may have led them elsewhere."""
        ledger, release = _there(reading)
        back = release.phase in {"promoted", "settled"}
        weights: dict[str, int] = {}
        tried = () if back else self._with_users(reading, ledger)
        for name, slot in wellness.left(ledger).items():
            if (self.to and name not in self.to) or (not back and name not in tried):
                continue
            record, seen = ledger.services[name], reading.standing.services.get(name)
            # After an update that failed a slot may run something else than the ledger says: only the next one knows what to do with it.
            same = seen is None or seen.specs.get(slot, record.slots[slot].spec) == record.slots[slot].spec
            if same and (self.force or wellness.pods(health, name, slot).ready):
                weights[name] = 100 if back else 0
        if not weights:
            return
        parts = [{name: weights.pop(name)} for name in (self.first,) if name is not None and name in weights]
        wrong: list[TidegateError] = []
        for part in (*parts, *([weights] if weights else [])):
            try:
                self.carrier.ports.cluster.lead(reading, part, force=self.force)
            except TidegateError as error:
                # The routes of one service hold up none of the others'.
                wrong.append(error)
        if not wrong:
            self.led, self.refused = True, ""
            return
        self.refused = "; ".join(map(str, wrong))
        self.carrier.tell("warning", f"the routes can't be patched at once, the update does it: {self.refused}", ledger)
        if any(isinstance(error, DriftError) for error in wrong):
            self._call(ledger, release)

    def _with_users(self, reading: Reading, ledger: Ledger) -> set[str]:
        """The services under way whose candidates have users: by the ledger, by the state, or only in the cluster yet."""
        known = {name for name, slot in wellness.brought(ledger).items() if wellness.users(reading, ledger, name, slot)}
        if known == {*wellness.brought(ledger)}:
            return known
        try:
            traffic = self.carrier.ports.cluster.traffic(reading)
        except UnreachableError:
            return known
        return known | {name for name, slot in wellness.brought(ledger).items() if name in traffic and traffic[name].weights.get(slot)}

    def _call(self, ledger: Ledger, release: Release) -> None:
        """Somebody else has the routes. The update may fail by that as well, and users are on what doesn't hold meanwhile."""
        if self.called:
            return
        self.called = True
        # What is promoted isn't aborted any more: the routes must be given back by whoever has them.
        under_way = release.phase in {"staged", "shifting"}
        ways = "`tidegate abort --force --reason TEXT` takes the routes anyway" if under_way else "undo what they have changed"
        text = f"{release.id} can't be led back at once, for somebody else has routes: {self.refused}. It goes on being tried; {ways}"
        self.incident = self.carrier.ports.teller.incident(self.carrier.tell("failed", text, ledger, trigger=self.trigger))

    def _nowhere(self, reading: Reading, health: Mapping[str, Health]) -> str | None:
        """Why users can't be led back just now: there is nobody ready, and where they are there is."""
        ledger, release = _there(reading)
        if self.force or release.phase not in {"staged", "shifting"}:
            # After promotion the old slot is proven anew by the update itself, before it moves anybody.
            return None
        for name, slot in wellness.brought(ledger).items():
            record = ledger.services[name]
            here, there = wellness.pods(health, name, slot), wellness.pods(health, name, record.live)
            if wellness.users(reading, ledger, name, slot) and here.ready and not there.ready:
                return f"what is live of {name} ({record.slots[record.live].version}) has no ready pod"
        return None

    def _ended(self, reading: Reading, left: tuple[str, ...]) -> Ended:
        ledger, release = _there(reading)
        if not left:
            text = f"{release.id}: taken back, users are served by what served them before ({self.text})"
            text += f". {self.skipped}" if self.force else ""
            text += "; the incident because of its routes can be closed" if self.called else ""
            self.carrier.tell("rolled-back", text, ledger, trigger=self.trigger)
            return Ended(release.phase, release.id, text, int(ExitCode.ROLLED_BACK))
        routes = "the routes were led back" if self.led else f"the routes are as they were{f' ({self.refused})' if self.refused else ''}"
        advice = "`tidegate resume` finishes it" if self.led or self.begun else "nothing could be begun: try again"
        text = f"{release.id} isn't wholly taken back ({self.text}): {'; '.join(left)}; {routes}. {advice}"
        happening = self.carrier.tell("failed", text, ledger, left=left)
        where = self.incident if self.called else self.carrier.ports.teller.incident(happening)
        return Ended(release.phase, release.id, f"{text}{f' ({where})' if where else ''}", int(ExitCode.ERROR), left)


def verified(carrier: Carrier, reading: Reading, patience: Patience, others: Iterable[str] = ()) -> tuple[str, ...]:
    """See to it that users are where the ledger says; what is left if they aren't, or nobody knows."""
    until = carrier.now() + timedelta(seconds=seconds(patience.routes))
    patient = carrier.now() + timedelta(seconds=seconds(patience.cluster))
    ledger, wait = reading.ledger, 0.25
    if ledger is None:
        return ()
    names = [name for name in ledger.services if name in {*wellness.brought(ledger), *others}]
    while True:
        try:
            traffic = carrier.ports.cluster.traffic(reading)
        except UnreachableError as error:
            if carrier.now() >= patient:
                return (f"nobody knows where users go: {error}",)
        else:
            wrong = [n for n in names if (seen := traffic.get(n)) is not None and not seen.agrees(ledger.services[n])]
            if not wrong:
                return ()
            if carrier.now() >= until:
                return (f"traffic of {', '.join(wrong)} isn't where the ledger says",)
        carrier.ports.clock.sleep(wait)
        wait = min(PULSE, wait * 2)


def _there(reading: Reading) -> tuple[Ledger, Release]:
    ledger = reading.ledger
    assert ledger is not None  # noqa: S101 - what is taken back has been released
    assert ledger.release is not None  # noqa: S101 - the same
    return ledger, ledger.release
