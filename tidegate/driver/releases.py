"""Releases of a stack: what every verb of the command does, for whoever writes Python.

```python
from tidegate import Releases

ended = Releases.open("production", actor="release-bot").release({"web": "v1.4.2"}, reason="fixes #812")
```
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tidegate.driver import doctoring, finding, tidying, watching, wellness
from tidegate.driver.boxes import planned
from tidegate.driver.carrying import Carrier
from tidegate.driver.configuring import carried_with, running_with
from tidegate.driver.driving import Drive
from tidegate.driver.looking import looked
from tidegate.driver.preflight import preflight, refuse
from tidegate.driver.results import Ended
from tidegate.driver.returning import Return
from tidegate.driver.saying import asked_now, reasoned
from tidegate.driver.staging import Staging, token, under_way
from tidegate.driver.troubles import Troubles
from tidegate.gates import filed
from tidegate.gates.provers import signed
from tidegate.model.comparing import compare
from tidegate.model.errors import ConfigurationError, ExitCode, GateRefusedError, ResourceError, TidegateError, UnreachableError
from tidegate.model.events import Abort, Cleanup, Decide, Freeze, Pause, Promote, Thaw
from tidegate.model.intent.releases import Patience
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal
from tidegate.record.history import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from tidegate.driver.ports import Ports, Teller
    from tidegate.driver.results import Finding, Planned, Row, Status
    from tidegate.gates.asking import Subject
    from tidegate.gates.overriding import Override
    from tidegate.gates.provers import Prover
    from tidegate.model.approval import Approval, Before, Decision
    from tidegate.model.comparing import Comparison
    from tidegate.model.events import Event
    from tidegate.model.happening import Happening
    from tidegate.model.health import Health
    from tidegate.model.told import Past, Told
    from tidegate.planner.reading import Reading


class Releases:
    """The releases of a stack, as one actor drives them."""

    def __init__(self, ports: Ports, actor: str) -> None:
        """`actor` is who all of it is put down to: a person, or the pipeline that runs it."""
        self._ports, self._closing = ports, ExitStack()
        self._carrier = Carrier(ports, actor)

    @classmethod
    def open(cls, stack: str, folder: Path | None = None, actor: str | None = None, teller: Teller | None = None) -> Self:
        """Those of a stack of the project in a folder, here if none is given. To be closed, or used by `with`."""
        from tidegate.driver.opening import opened, whoever

        who = actor or whoever()
        with ExitStack() as closing:
            made = cls(opened(stack, folder or Path.cwd(), who, teller, closing), who)
            made._closing = closing.pop_all()
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, and let those hear the rest who are still being told."""
        self._closing.close()

    # Driving.

    def release(
        self,
        versions: Mapping[str, str] | None = None,
        images: Mapping[str, str] | None = None,
        reason: str = "",
        override: Override | None = None,
        *,
        wait: bool = True,
    ) -> Ended:
        """Release versions (by service; or images, `ref@sha256:..`), or what the stack's file says: to its end, whichever that is.

        `wait`: whether for people, too; else it ends where somebody is needed, and `resume` goes on from there.
        """
        told, named = self._ports.stack.told(versions or {}, images or {}), {*(versions or {}), *(images or {})}
        return self._released(told, reason, override, wait=wait, named=named)

    def resume(self, reason: str = "", *, wait: bool = True) -> Ended:
        """Go on with the release under way, from wherever it is; what is paused is so no longer. And tidy up what is due."""
        ended = Drive(self._carrier, wait=wait, resuming=reason or "resumed").run(self._troubles())
        return (self._tidied() if ended.code == ExitCode.OK else None) or ended

    def promote(self, reason: str = "", *, wait: bool = False) -> Ended:
        """Make the candidates live, now: canaries must have all of their traffic. Gates, checks and health hold; it is watched after it."""
        reading = self._read()
        told = self._told(reading)
        next_ledger(reading.ledger, told.intent, Promote(stamp=self._carrier.stamp()), reading.standing)
        return Drive(self._carrier, told, wait=wait, switching=reason or "promoted by hand").run(self._troubles())

    def switch(self, reason: str, override: Override | None = None, *, wait: bool = True) -> Ended:
        """Give a staged release all traffic and promote it, now. Gates, checks and health hold; soaks are skipped, and that is kept."""
        why, reading = reasoned(reason, "switch"), self._read()
        if reading.ledger is None or reading.ledger.under_way is None:
            raise Refusal(
                "no-release",
                "no release is under way that could be switched to: stage one (`tidegate release`). "
                "To switch back to what was live before: `tidegate rollback`",
            )
        return Drive(self._carrier, self._told(reading), wait=wait, switching=why, override=override).run(self._troubles())

    # Going back.

    def abort(self, reason: str, scope: str = "all", *, force: bool = False) -> Ended:
        """Take the release under way back. `scope`: all; a service, whose traffic goes first; candidate: their pods are taken away, too.

        `force` skips looking whether what users go back to is ready, and takes routes from others who have changed them.
        """
        why, reading = reasoned(reason, "abort"), self._read()
        ledger = reading.ledger
        if ledger is None or ledger.under_way is None:
            return self._closed(why)
        if scope not in {"all", "candidate", *ledger.under_way.services}:
            known = ", ".join(ledger.under_way.services)
            raise ConfigurationError(f"there is no {scope} to take back: say all, candidate, or one of the release's services: {known}")
        ended = self._back(reading, why, first=scope if scope in ledger.services else None, force=force)
        return self._emptied(ended, ledger.under_way.services) if scope == "candidate" and not ended.left else ended

    def rollback(
        self,
        reason: str,
        to: Mapping[str, str] | None = None,
        release: str | None = None,
        services: tuple[str, ...] = (),
        *,
        force: bool = False,
    ) -> Ended:
        """Go back to what was live before the last release; or to versions, or to what was live after a release (or update, by number).

        What slots still have is there at once. Anything older is released anew, with the configuration and secrets that it had then.
        `force` skips looking whether what users go back to is ready, and takes routes from others who have changed them.
        """
        why, reading = reasoned(reason, "rollback"), self._read()
        ledger = reading.ledger
        if ledger is None:
            raise Refusal("no-ledger", "nothing was ever brought up here, so there is nothing to go back to")
        if ledger.under_way is not None and not (to or release or services):
            return self._back(reading, why, force=force)
        if ledger.under_way is not None:
            raise Refusal("release-under-way", f"release {ledger.under_way.id} is under way: abort it, then go back to other versions")
        told = finding.older(self._ports.stack, ledger, to or {}, release, services)
        if told is None:
            ended = self._back(reading, why, to=finding.in_slots(ledger, to or {}, services), force=force)
            return replace(ended, code=int(ExitCode.OK)) if ended.code == ExitCode.ROLLED_BACK else ended
        if force:
            raise ConfigurationError("what no slot has any more is released anew, with its gates: there --force skips nothing")
        for change in finding.changes(self._told(reading), told):
            self._carrier.tell("progress", change, ledger)
        return self._released(told, why, None, wait=True)

    def difference(self, to: Mapping[str, str] | None = None, release: str | None = None, services: tuple[str, ...] = ()) -> Comparison:
        """What such a `rollback` would change of the configuration that runs; of secrets only that they do."""
        reading = self._read()
        ledger = reading.ledger
        if ledger is None:
            raise Refusal("no-ledger", "nothing was ever brought up here, so there is nothing to go back to")
        told = finding.older(self._ports.stack, ledger, to or {}, release, services)
        if told is None:
            told = finding.by_slots(self._ports.stack.past(), ledger, to or services or wellness.brought(ledger))
        return compare(self._told(reading).values, told.values)

    def cleanup(self, reason: str = "") -> Ended:
        """Empty the slots that no traffic goes to, if their time is up; a `Refusal` (`kept`) if it isn't."""
        why = reason.strip() or "tidied up by hand"
        after = self._once(lambda now: Cleanup(stamp=self._carrier.stamp(), reason=why, expects=token(now)))
        return self._ended(after, "the slots that nobody uses are empty")

    # What people say.

    def pause(self, reason: str) -> Ended:
        """Keep the release under way where it is."""
        why = reasoned(reason, "pause")
        after = self._once(lambda now: Pause(stamp=self._carrier.stamp(), reason=why, expects=token(now)))
        self._carrier.tell("paused", why, after.ledger)
        return self._ended(after, "it stays where it is: `tidegate resume` goes on")

    def approve(
        self,
        before: Before,
        reason: str,
        prover: Prover,
        incident: str = "",
        file_in: Path | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> Ended:
        """Say yes to a step of the release under way, or of the one that the stack's file would begin, with these versions in it.

        `file_in`: it goes into the file for approvals (`gates.approvals_file`) of the project there, not into the stack's state.
        """
        return self._decided(before, "approve", reason, prover, incident, file_in, versions or {})

    def reject(
        self, before: Before, reason: str, prover: Prover, file_in: Path | None = None, versions: Mapping[str, str] | None = None
    ) -> Ended:
        """Say no."""
        return self._decided(before, "reject", reasoned(reason, "reject"), prover, "", file_in, versions or {})

    def statement(
        self,
        before: Before,
        decision: Decision = "approve",
        reason: str = "",
        incident: str = "",
        versions: Mapping[str, str] | None = None,
    ) -> str:
        """What `approve` and `reject` have signed just now: for tokens that are made before they are used (`gates.provers.Token`)."""
        of = self._subject(versions or {})[1]
        return of.statement(self._ports.stack.full, before, decision, reason, self._carrier.now(), incident)

    def freeze(self, reason: str, until: str | None = None) -> Ended:
        """Let no release begin."""
        why = reasoned(reason, "freeze")
        after = self._once(lambda now: Freeze(stamp=self._carrier.stamp(), reason=why, until=until, expects=token(now)))
        return self._ended(after, f"no release begins {f'until {until}' if until else 'until `tidegate thaw`'}")

    def thaw(self, reason: str) -> Ended:
        """Let releases begin again."""
        after = self._once(lambda now: Thaw(stamp=self._carrier.stamp(), reason=reasoned(reason, "thaw"), expects=token(now)))
        return self._ended(after, "releases may begin again")

    # Looking.

    def status(self) -> Status:
        """Where the releases are; what isn't known is None."""
        reading = self._read()
        return looked(self._carrier, reading, lambda: self._told(reading))

    def plan(self, versions: Mapping[str, str] | None = None, images: Mapping[str, str] | None = None) -> Planned:
        """What a release would be, step by step, and every gate as it stands. Nothing is changed."""
        told, reading, now = self._ports.stack.told(versions or {}, images or {}), self._read(), self._carrier.now()
        found = preflight(self._ports, told, reading, self._carrier.stamp(), now, now, named={*(versions or {}), *(images or {})})
        return planned(told.intent, reading.ledger, found, refuse)

    def history(self, release: str | None = None) -> list[Row]:
        """The stack's updates, the newest first."""
        return rows(self._ports.stack.past(), self._read().ledger, release)

    def wait(self, phase: str | None = None, timeout: float = 3600.0) -> Ended:
        """Until the last release is over, or in a phase, whoever drives it. `TimedOutError` after so many seconds."""
        return watching.waited(self._carrier, phase, timeout)

    def watch(self) -> Iterator[Happening]:
        """What happens until the last release is over, whoever drives it."""
        return watching.watched(self._carrier)

    def doctor(self) -> list[Finding]:
        """What would keep a release from being driven here."""
        return list(doctoring.findings(self._ports))

    # How they do it.

    def _released(self, told: Told, reason: str, override: Override | None, *, wait: bool, named: Collection[str] | None = None) -> Ended:
        try:
            self._superseded(told)
            ended = Staging(self._carrier, told, reason, override, wait, self._carrier.now(), named).run()
        except TidegateError as error:
            self._carrier.tell("failed", str(error))
            raise
        return ended or Drive(self._carrier, told, wait=wait, override=override).run(Troubles(told.intent.releases.patience))

    def _superseded(self, told: Told) -> None:
        """What is under way and isn't this goes back first, if the intent says so."""
        reading = self._read()
        ledger = reading.ledger
        if ledger is None or ledger.under_way is None or told.intent.releases.supersede != "go-back" or under_way(ledger, told):
            return
        named = ", ".join(f"{n} {told.intent.services[n].version}" for n in ledger.under_way.services if n in told.intent.services)
        ended = self._back(reading, f"{named} is to be released instead")
        if ended.left:
            raise ResourceError(ended.text)

    def _back(
        self, reading: Reading, reason: str, *, first: str | None = None, force: bool = False, to: Mapping[str, str] | None = None
    ) -> Ended:
        """Take the last release back."""
        health: Mapping[str, Health] = {}
        try:
            health = self._ports.cluster.health(reading)
        except UnreachableError as error:
            self._carrier.tell("warning", str(error), reading.ledger)
        back = Return(self._carrier, self._told(reading), "person", reason, force=force, to=dict(to or {}), first=first)
        return back.run(reading, health)

    def _closed(self, reason: str) -> Ended:
        """With no release under way: what an update has left open goes back; else the planner says why there is nothing to abort."""
        after = self._once(lambda now: Abort(stamp=self._carrier.stamp(), reason=reason, expects=token(now)))
        return replace(self._ended(after, "nothing is under way"), code=int(ExitCode.ROLLED_BACK))

    def _emptied(self, ended: Ended, services: tuple[str, ...]) -> Ended:
        """Take the candidates' pods away at once, then record it."""
        reading = self._read()
        for name in services:
            self._ports.cluster.empty(reading, name)
        self._once(lambda now: Cleanup(stamp=self._carrier.stamp(), reason=ended.text, expects=token(now)))
        return replace(ended, text=f"{ended.text}; the candidates have no pods any more")

    def _subject(self, versions: Mapping[str, str]) -> tuple[Told, Subject]:
        """What people are asked just now; `versions` are those that the file doesn't have yet."""
        reading = self._read()
        return asked_now(self._carrier, reading.ledger, lambda: self._told(reading), versions)

    def _decided(
        self,
        before: Before,
        decision: Decision,
        reason: str,
        prover: Prover,
        incident: str,
        file_in: Path | None,
        versions: Mapping[str, str],
    ) -> Ended:
        told, of = self._subject(versions)
        approval = signed(of.statement(self._ports.stack.full, before, decision, reason, self._carrier.now(), incident), prover)
        self._heeded(told, approval, before)
        if file_in is not None:
            file = filed.add(told.intent.gates, file_in, approval)
            return self._ended(self._read(), f"{approval.by}: {decision} before {before}, in {file}: commit it")
        event = Decide(stamp=self._carrier.stamp(), reason=reason or f"{decision}d by {approval.by}", approval=approval)
        after = self._once(lambda _: event)
        return self._ended(after, f"{approval.by}: {decision} {', '.join(f'{n} {v}' for n, v in of.services.items())} before {before}")

    def _heeded(self, told: Told, approval: Approval, before: Before) -> None:
        """Whoever speaks learns at once if nobody will hear it, and nothing is kept of it."""
        try:
            unheard = self._ports.approvals.unheard(told, approval, before)
        except UnreachableError as error:
            self._carrier.tell("warning", f"whether it counts can't be told now, and will be when it is needed: {error}")
            return
        if unheard:
            raise GateRefusedError(f"this would count for nothing, so it isn't kept: {unheard}")

    def _once(self, make: Callable[[Reading], Event], done: Callable[[Reading], bool] = lambda _: False) -> Reading:
        """Carry one event out that brings nothing new, unless it is done already."""
        # Each try reads the state anew, and the history only where the state has changed meanwhile.
        place, history = "", self._carrier.ask(self._ports.stack.past, Troubles(Patience()))

        def made(reading: Reading) -> tuple[Told, Event] | None:
            if done(reading):
                return None
            nonlocal place, history
            if place not in {"", token(reading)}:
                history = self._ports.stack.past()
            place = token(reading)
            told, event = self._told(reading, history), make(reading)
            # What will be refused needs no update for that.
            next_ledger(reading.ledger, told.intent, event, reading.standing)
            return told, event

        return self._carrier.carry(running_with(self._ports.stack, history).intent.releases, made)

    def _tidied(self) -> Ended | None:
        """Empty the slots whose time is up, if there are any."""

        def due(reading: Reading) -> bool:
            return tidying.due(reading, lambda: self._told(reading), self._carrier.stamp())

        if not due(self._read()):
            return None
        after = self._once(
            lambda now: Cleanup(stamp=self._carrier.stamp(), reason=tidying.WHY, expects=token(now)), lambda now: not due(now)
        )
        if after.ledger is not None and after.ledger.under_way is not None:
            # Somebody has begun another release meanwhile, and needs the slots.
            return None
        return self._ended(after, "the old slots are empty")

    def _read(self) -> Reading:
        return self._carrier.read(Troubles(Patience()))

    def _told(self, reading: Reading, history: Sequence[Past] | None = None) -> Told:
        """What the next event of a stack is to be carried out with, when nothing new is wanted."""
        ledger, stack = reading.ledger, self._ports.stack

        def find() -> Told:
            past = history if history is not None else stack.past()
            found = carried_with(stack, ledger, past) if ledger is not None and ledger.under_way is not None else None
            return found or running_with(stack, past)

        return self._carrier.ask(find, Troubles(Patience()))

    def _troubles(self) -> Troubles:
        running = self._carrier.ask(lambda: running_with(self._ports.stack), Troubles(Patience()))
        return Troubles(running.intent.releases.patience)

    @staticmethod
    def _ended(reading: Reading, text: str) -> Ended:
        release = reading.ledger.release if reading.ledger is not None else None
        return Ended(release.phase if release is not None else "none", release.id if release is not None else None, text)
