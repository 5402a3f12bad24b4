"""Drives a release to its end: looks, decides, acts, and again. Whatever goes wrong, the next look begins from what the stack says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tidegate.driver import wellness
from tidegate.driver.configuring import begun_back, carried_with, gives, running_with, stood_since
from tidegate.driver.deciding import PULSE, decide
from tidegate.driver.facts import Act, Ask, Back, Done, Facts, Lead, Measure, Sleep, Try
from tidegate.driver.guarding import Guard
from tidegate.driver.results import Ended
from tidegate.driver.returning import Return, verified
from tidegate.driver.whereabouts import strayed, torn
from tidegate.model.errors import BusyError, ConfigurationError, ExitCode, TidegateError, UnreachableError, UpdateFailedError
from tidegate.model.events import Apply, Baked, Promote, Resume, Shift
from tidegate.model.ledger import Held
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.driver.carrying import Carrier
    from tidegate.driver.facts import Action
    from tidegate.driver.troubles import Troubles
    from tidegate.gates.overriding import Override
    from tidegate.model.analysis import Look
    from tidegate.model.approval import Before
    from tidegate.model.events import Event
    from tidegate.model.health import Health
    from tidegate.model.ledger import Ledger, Release
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading
    from tidegate.planner.standing import Seen

_PASSING = frozenset({"moved-on", "not-ready", "paused", "unfinished-move"})
"""Refusals that another look may do away with: somebody or something was faster."""


@dataclass(slots=True)
class Memory:
    """What was seen at one step. It is lost with the driver, and can be seen again: nothing is decided by it that can't."""

    place: tuple[object, ...] = ()
    since: datetime | None = None
    """Since when the release is there."""
    back: str | None = None
    """Why it was to be taken back from there, by an update that failed."""
    looks: dict[str, dict[datetime, Look]] = field(default_factory=dict)
    checks: dict[str, str | None] = field(default_factory=dict)
    approvals: dict[Before, Held] = field(default_factory=dict)
    unwell: float = 0.0
    astray: float = 0.0
    seen: datetime | None = None
    """When the world was last looked at."""
    alone: bool = False
    attempts: int = 0
    failure: TidegateError | None = None
    refusals: int = 0


class Drive:
    """A release that is being driven, by whoever began it."""

    def __init__(
        self,
        carrier: Carrier,
        told: Told | None = None,
        *,
        wait: bool = True,
        switching: str | None = None,
        resuming: str | None = None,
        override: Override | None = None,
    ) -> None:
        self.carrier, self.wait, self._override = carrier, wait, override
        self._told, self._resuming = told, resuming
        self._release: str | None = None
        self._brings: dict[str, str] = {}
        """The specs that it brings, by service."""
        self._memory = Memory()
        self._guarded: Back | None = None
        """Why users were led back while an update of this driver was under way, if they were."""
        self._said = ""
        self._switching = (
            Held(gate="soak", verdict="inconclusive", text=f"{carrier.actor} lets the soaks be skipped: {switching}", overridden=True)
            if switching is not None
            else None
        )

    def run(self, troubles: Troubles) -> Ended:
        """To its end."""
        while True:
            reading = self.carrier.read(troubles)
            ended = self._over(reading, troubles)
            if ended is not None:
                return ended
            told = self.carrier.ask(partial(self._placed, reading, troubles), troubles)
            troubles.patience = told.intent.releases.patience
            try:
                health = self.carrier.ports.cluster.health(reading)
                traffic = self.carrier.ports.cluster.traffic(reading)
            except UnreachableError as error:
                action: Action | None = self._blind(troubles, reading, error)
                if action is None:
                    continue
                health = {}
            else:
                troubles.over("cluster")
                self._watch(reading, health, traffic)
                action = self._decided(reading, told, health, traffic, troubles)
            ended = self._done(action, reading, told, health, troubles)
            if ended is not None:
                return ended

    def _over(self, reading: Reading, troubles: Troubles) -> Ended | None:
        """Whether the release is no longer there to be driven."""
        ledger = reading.ledger
        release = ledger.release if ledger is not None else None
        if ledger is None or release is None:
            return Ended("none", None, "nothing was ever released here")
        if self._release is None:
            self._release = release.id
        if not release.paused:
            # Whoever pauses it from now on means it.
            self._resuming = None
        if release.id != self._release:
            return self._seen_back(self._replaced(ledger, release), reading, troubles)
        self._brings = {name: ledger.services[name].slots[slot].spec for name, slot in wellness.brought(ledger).items()}
        back = release.phase == "aborted" or (release.phase == "settled" and release.kind == "release" and release.promoted is None)
        if back and not torn(reading):
            why = f"{release.id} was taken back by {release.changed.by}: {release.reason}"
            return self._seen_back(Ended(release.phase, release.id, why, int(ExitCode.ROLLED_BACK)), reading, troubles)
        return None

    def _seen_back(self, ended: Ended, reading: Reading, troubles: Troubles) -> Ended:
        """Somebody else has taken it back: whether users are there, too."""
        left = verified(self.carrier, reading, troubles.patience) if ended.code == ExitCode.ROLLED_BACK else ()
        if not left:
            return ended
        text = f"{ended.text}; {'; '.join(left)}"
        self.carrier.ports.teller.incident(self.carrier.tell("failed", text, reading.ledger, left=left))
        return replace(ended, text=text, code=int(ExitCode.ERROR), left=left)

    def _placed(self, reading: Reading, troubles: Troubles) -> Told:
        """What the release was staged with. What was seen at another step is forgotten."""
        ledger = reading.ledger
        assert ledger is not None  # noqa: S101 - `_over` has asked
        release = ledger.release
        assert release is not None  # noqa: S101 - the same
        place = (release.id, release.step, release.phase, release.changed.at, release.paused)
        if self._told is None or place != self._memory.place:
            self._told = self._configuration(ledger)
            troubles.over("lock")
            history = self.carrier.ports.stack.past()
            self._memory = Memory(place, stood_since(history, ledger), begun_back(history, ledger))
        return self._told

    def _configuration(self, ledger: Ledger) -> Told:
        if self._told is not None and gives(self._told.intent, self._brings):
            return self._told
        found = carried_with(self.carrier.ports.stack, ledger)
        if found is None and ledger.under_way is not None:
            raise ConfigurationError(
                f"release {ledger.under_way.id} is under way, and the configuration that it was staged with is neither in the stack's "
                "history nor in its file: abort it, or give the file what it had then",
            )
        return found or running_with(self.carrier.ports.stack)

    def _watch(self, reading: Reading, health: Mapping[str, Health], traffic: Mapping[str, Seen]) -> None:
        """How long it hasn't been well, and traffic not where it should be."""
        memory, now, ledger = self._memory, self.carrier.now(), reading.ledger
        since = (now - memory.seen).total_seconds() if memory.seen is not None else 0.0
        memory.seen = now
        if ledger is None:
            return
        if any(wellness.ill(ledger, health, name, slot) for name, slot in wellness.brought(ledger).items()):
            memory.unwell += since
        memory.astray = memory.astray + since if strayed(reading, traffic) else 0.0
        memory.approvals.clear()

    def _facts(self, reading: Reading, told: Told, health: Mapping[str, Health], traffic: Mapping[str, Seen]) -> Facts:
        memory = self._memory
        return Facts(
            now=self.carrier.now(),
            reading=reading,
            told=told,
            health=health,
            traffic=traffic,
            since=memory.since or self.carrier.now(),
            back=memory.back,
            approvals=memory.approvals,
            looks=memory.looks,
            checks=memory.checks,
            unwell=memory.unwell,
            astray=memory.astray,
            alone=memory.alone,
            attempts=memory.attempts,
            failure=str(memory.failure or ""),
            switching=self._switching,
            resuming=self._resuming,
            override=self._override,
            actor=self.carrier.actor,
        )

    def _decided(
        self, reading: Reading, told: Told, health: Mapping[str, Health], traffic: Mapping[str, Seen], troubles: Troubles
    ) -> Action | None:
        """The next action, once all has been looked at that it goes by; None: the world must be looked at again first."""
        release, begun = reading.ledger.release if reading.ledger is not None else None, self.carrier.now()
        if self._guarded is not None and release is not None and release.phase in {"staged", "shifting", "promoted"}:
            return self._guarded
        while True:
            action = decide(self._facts(reading, told, health, traffic))
            try:
                match action:
                    case Measure():
                        self._measure(action, reading, told)
                        troubles.over("metrics")
                    case Try():
                        wrong = self.carrier.ports.cluster.check(told, action.service, action.slot, action.check)
                        self._memory.checks[action.service] = wrong
                    case Ask():
                        assert reading.ledger is not None  # noqa: S101 - a step needs one
                        standing = self.carrier.ports.approvals.standing(
                            told, reading.ledger, action.before, action.since, self.carrier.now()
                        )
                        self._memory.approvals[action.before] = standing
                    case _:
                        return action
            except UnreachableError as error:
                wait = troubles.borne("metrics", self.carrier.now())
                if wait is None:
                    return (
                        Back("analysis", f"nobody can say how it is: {error}")
                        if isinstance(action, Measure)
                        else Back("cluster", str(error))
                    )
                self._say("waiting", f"{error}; asking again", reading.ledger)
                self.carrier.ports.clock.sleep(min(wait, PULSE))
                return None
            if (self.carrier.now() - begun).total_seconds() > PULSE:
                return None

    def _measure(self, action: Measure, reading: Reading, told: Told) -> None:
        look = self.carrier.ports.judge.look(told, reading, action.service, action.since, action.at)
        self._memory.looks.setdefault(action.service, {})[action.at] = look
        text = f"{action.service}: {look.verdict} ({look.text})"
        self.carrier.tell("look", text, reading.ledger, service=action.service, verdict=look.verdict, score=look.score)

    def _blind(self, troubles: Troubles, reading: Reading, error: UnreachableError) -> Action | None:
        """The cluster can't be seen. That is borne for a while; then what has users is taken back, as far as that can be done."""
        wait = troubles.borne("cluster", self.carrier.now())
        if wait is not None:
            self._say("waiting", f"{error}; asking again", reading.ledger)
            self.carrier.ports.clock.sleep(min(wait, PULSE))
            return None
        under_way = reading.ledger.under_way if reading.ledger is not None else None
        if under_way is None:
            raise error
        return Back("cluster", f"nobody can see how it is: {error}")

    def _done(self, action: Action | None, reading: Reading, told: Told, health: Mapping[str, Health], troubles: Troubles) -> Ended | None:
        """Carry out what was decided; how it ended, if it did."""
        ledger = reading.ledger
        release = ledger.release if ledger is not None else None
        if ledger is None or release is None:
            return None
        match action:
            case Done():
                return Ended(release.phase, release.id, action.text)
            case Back():
                return self._back(action, told, reading, health)
            case Act():
                self._act(action, reading, told, health, troubles)
            case Lead():
                self._lead(action, reading)
            case Sleep():
                if action.on and not self.wait:
                    code = ExitCode.WAITING_FOR_APPROVAL if action.on == "approval" else ExitCode.GATE_REFUSED
                    return Ended(release.phase, release.id, f"{release.id} stays at {release.weight}%: {action.why}", int(code))
                kind = "waiting" if action.on else "progress"
                self._say(kind, action.why, ledger, until=action.until.isoformat())
                self.carrier.ports.clock.sleep(max(0.05, min(PULSE, (action.until - self.carrier.now()).total_seconds())))
            case _:
                pass
        return None

    def _back(self, action: Back, told: Told, reading: Reading, health: Mapping[str, Health]) -> Ended:
        try:
            return Return(self.carrier, told, action.trigger, action.reason).run(reading, health)
        except Refusal as refusal:
            # Nothing was touched: there is no way back, such as past a contract migration, and somebody must find one forward.
            text = f"{self._release} doesn't hold ({action.trigger}: {action.reason}), and can't be taken back: {refusal}"
            self.carrier.ports.teller.incident(self.carrier.tell("failed", text, reading.ledger, trigger=action.trigger))
            release = reading.ledger.release if reading.ledger is not None else None
            return Ended(release.phase if release is not None else "none", self._release, text, int(ExitCode.ERROR), (str(refusal),))

    def _lead(self, action: Lead, reading: Reading) -> None:
        """Users go back at once. That it must be done is borne as often as that an update fails: somebody may move them again and again."""
        memory = self._memory
        memory.alone, memory.attempts, memory.failure = False, memory.attempts + 1, TidegateError(action.reason)
        try:
            self.carrier.ports.cluster.lead(reading, action.weights)
        except TidegateError as error:
            memory.failure = error
            self._say("warning", f"{action.reason}, and can't be led: {error}", reading.ledger)
            self.carrier.ports.clock.sleep(1.0)
        else:
            self.carrier.tell("warning", action.reason, reading.ledger)

    def _say(self, kind: Any, text: str, ledger: Ledger | None, **more: Any) -> None:
        """Once, not at each look."""
        if text != self._said:
            self._said = text
            self.carrier.tell(kind, text, ledger, **more)

    def _act(self, action: Act, reading: Reading, told: Told, health: Mapping[str, Health], troubles: Troubles) -> None:
        ledger = reading.ledger
        assert ledger is not None  # noqa: S101 - a step needs one
        memory, guard = self._memory, Guard(self.carrier, told, reading)
        try:
            self.carrier.update(told, self._event(action, ledger, health), guard.look)
        except (BusyError, UnreachableError) as error:
            self.carrier.bear(troubles, error)
        except UpdateFailedError as error:
            memory.attempts, memory.failure = memory.attempts + 1, error
            if ledger.under_way is None and memory.attempts >= told.intent.releases.attempts:
                raise
            self.carrier.tell("warning", f"{action.kind} failed, and is looked at: {error}", ledger)
            self.carrier.ports.clock.sleep(1.0)
        except Refusal as refusal:
            memory.refusals += 1
            if refusal.rule not in _PASSING or memory.refusals > told.intent.releases.attempts:
                raise
            self._say("progress", f"{refusal}; looking again", ledger)
            self.carrier.ports.clock.sleep(1.0)
        else:
            troubles.over("lock", "backend")
            memory.alone = action.kind == "apply"
            self._told_of(action, ledger)
        finally:
            self._guarded = self._guarded or guard.back

    def _told_of(self, action: Act, ledger: Ledger) -> None:
        match action.kind:
            case "shift":
                self.carrier.tell(
                    "step", f"{action.weight}% of the traffic is on the candidates: {action.reason}", ledger, weight=action.weight
                )
            case "promote":
                self.carrier.tell("promoted", f"what was released is live: {action.reason}", ledger)
            case "resume":
                self.carrier.tell("resumed", action.reason, ledger)
            case "baked":
                self.carrier.tell("finished", f"what was released is live, and well: {action.reason}", ledger)
            case _:
                self.carrier.tell("warning", action.reason, ledger)

    def _event(self, action: Act, ledger: Ledger, health: Mapping[str, Health]) -> Event:
        records = ledger.services
        observed = {name: found.observed(records[name].live, records[name].candidate) for name, found in health.items() if name in records}
        common: dict[str, Any] = {
            "stamp": self.carrier.stamp(),
            "observed": observed,
            "reason": action.reason,
            "expects": ledger.token,
            "gates": action.gates,
        }
        match action.kind:
            case "shift":
                return Shift(weight=action.weight, **common)
            case "promote":
                return Promote(**common)
            case "baked":
                return Baked(**common)
            case "apply":
                return Apply(**common)
            case "resume":
                return Resume(**common)

    def _replaced(self, ledger: Ledger, release: Release) -> Ended:
        """Another release is the last one now: what has become of ours is seen by what is live."""
        live = all(n in ledger.services and ledger.services[n].slots[ledger.services[n].live].spec == s for n, s in self._brings.items())
        verb = "rolled back" if release.kind == "rollback" else "superseded"
        text = f"{self._release} was {verb} by {release.begun.by} with {release.id}{f': {release.reason}' if release.reason else ''}"
        return Ended("promoted" if live else "aborted", self._release, text, int(ExitCode.OK if live else ExitCode.ROLLED_BACK))
