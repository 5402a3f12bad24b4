"""The driver's ports, as one process of it has them: each call can be its last."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from tests.simulation.world import told_again
from tidegate.driver.ports import Ports
from tidegate.model.analysis import Look, Measured
from tidegate.model.errors import TidegateError, UnreachableError
from tidegate.model.health import Health
from tidegate.model.ledger import Held
from tidegate.model.told import Preview, Violation
from tidegate.planner.bringing import brings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import TypeVar

    from tests.simulation.world import World
    from tidegate.model.approval import Approval, Before
    from tidegate.model.base import Slot
    from tidegate.model.events import Event
    from tidegate.model.happening import Happening
    from tidegate.model.health import Pods
    from tidegate.model.intent.service import Check
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Past, Told
    from tidegate.planner.reading import Reading
    from tidegate.planner.standing import Seen

    T = TypeVar("T")


_LOOK: Final = 1.0
"""How often an update is looked after, in seconds."""


class Killed(BaseException):
    """The driver's process is no more."""


@dataclass
class Death:
    """When a process is killed."""

    call: int
    """The how-manieth of all its calls."""
    after: bool = False
    """Whether the call has had its effect."""
    within: int = 3
    """If the call is an update: after so many of its steps."""
    orphan: bool = False
    """Whether the update goes on by itself, then."""
    lock: float = 0.0
    """For how long the lock stays, of an update that is killed with it."""


class Process:
    """A driver's process: the ports, and its death."""

    def __init__(self, world: World, name: str, death: Death | None = None) -> None:
        self.world, self.name, self._death = world, name, death
        self.calls = 0
        self.busy = False

    @property
    def ports(self) -> Ports:
        """All of them."""
        return Ports(
            stack=Stack(self),
            cluster=Cluster(self),
            judge=Judge(self),
            approvals=Approvals(self),
            scans=Scans(self),
            clock=Clock(self),
            teller=Teller(self),
        )

    def call(self, act: Callable[[], T]) -> T:
        """One call."""
        self._counted()
        dies = self._death is not None and self._death.call == self.calls
        if dies and self._death is not None and not self._death.after:
            raise Killed
        found = act()
        if dies:
            raise Killed
        return found

    def _counted(self) -> None:
        self.calls += 1
        if self.name == "driver-1.0":
            self.world.first_calls = self.calls

    def update(self, told: Told, event: Event, look: Callable[[], None]) -> None:
        """An update; it may be its end, half way."""
        self._counted()
        if self.name == "driver-1.0":
            self.world.updating_calls.append(self.calls)
        death = self._death if self._death is not None and self._death.call == self.calls else None
        if death is not None and death.within == 0:
            raise Killed
        steps = self.world.updating(told, event, self.name)
        for done, wait in enumerate(steps, 1):
            self._waiting(wait, steps, look)
            if death is not None and not death.after and done == death.within:
                if death.orphan:
                    self.world.timeline.play(_quietly(steps))
                else:
                    steps.close()
                    if death.lock:
                        self.world.holder = "nobody"
                        self.world.timeline.after(death.lock, self._free)
                raise Killed
        if death is not None:
            raise Killed

    def _waiting(self, wait: float, steps: Generator[float], look: Callable[[], None]) -> None:
        """A step of an update, looked after all the while; should that be the process's end, the engine goes on by itself."""
        until = self.world.timeline.now + wait
        try:
            while (left := until - self.world.timeline.now) > 0:
                lasts = min(_LOOK, left)
                self.world.timeline.sleep(lasts)
                self.world.rules.served(lasts, blind=False)
                look()
        except Killed:
            self.world.timeline.play(_quietly(chain([max(0.0, until - self.world.timeline.now)], steps)))
            raise

    def _free(self) -> None:
        if self.world.holder == "nobody":
            self.world.holder = None


def _quietly(steps: Iterator[float]) -> Iterator[float]:
    """An update whose end nobody hears of."""
    try:
        yield from steps
    except TidegateError:
        return


class Part:
    """A port."""

    def __init__(self, process: Process) -> None:
        self._process, self._world = process, process.world


class Stack(Part):
    """The stack."""

    name = "test"
    full = "organization/test/test"

    def busy(self) -> str | None:
        return self._process.call(lambda: self._world.holder)

    def told(self, versions: Mapping[str, str], images: Mapping[str, str]) -> Told:
        assert not images
        return self._process.call(lambda: told_again(self._world.file, versions) if versions else self._world.file)

    def keep(self, told: Told) -> None:
        def act() -> None:
            self._world.file = told

        self._process.call(act)

    def read(self) -> Reading:
        return self._process.call(self._read)

    def _read(self) -> Reading:
        if self._world.out("backend"):
            raise UnreachableError("the state can't be had")
        return self._world.reading()

    def past(self) -> Sequence[Past]:
        def act() -> Sequence[Past]:
            if self._world.out("backend"):
                raise UnreachableError("the history can't be had")
            return self._world.history[::-1]

        return self._process.call(act)

    def preview(self, told: Told, event: Event) -> Preview:
        del told, event
        violations = tuple(Violation("pack", policy, "mandatory", "urn", "no") for policy in self._world.violations)
        return self._process.call(lambda: Preview({"same": 1}, violations))

    def update(self, told: Told, event: Event, line: Callable[[str], None], look: Callable[[], None]) -> None:
        del line
        self._process.update(told, event, look)


class Cluster(Part):
    """The cluster."""

    def _asked(self) -> None:
        if self._world.out("cluster"):
            raise UnreachableError("the API server answers 500")

    def health(self, reading: Reading) -> Mapping[str, Health]:
        del reading

        def act() -> Mapping[str, Health]:
            self._asked()
            slots: dict[str, dict[Slot, Pods]] = {}
            for (name, slot), found in self._world.slots.items():
                slots.setdefault(name, {})[slot] = found.pods
            return {name: Health(one) for name, one in slots.items()}

        return self._process.call(act)

    def traffic(self, reading: Reading) -> Mapping[str, Seen]:
        del reading

        def act() -> Mapping[str, Seen]:
            self._asked()
            return self._world.traffic()

        return self._process.call(act)

    def lead(self, reading: Reading, weights: Mapping[str, int], *, force: bool = False) -> None:
        del force

        def act() -> None:
            self._asked()
            assert reading.ledger is not None
            for name, weight in weights.items():
                record = reading.ledger.services[name]
                selected = record.candidate if weight == 100 else record.live
                self._world.lead(name, {record.candidate: weight, record.live: 100 - weight}, selected, self._process.name)

        self._process.call(act)

    def check(self, told: Told, service: str, slot: Slot, check: Check) -> str | None:
        del told, check

        def act() -> str | None:
            self._asked()
            self._world.timeline.sleep(2.0)
            return self._world.manner(service, self._world.slots[service, slot].version).check

        return self._process.call(act)

    def room(self, told: Told, reading: Reading) -> Sequence[str]:
        del told, reading
        return self._process.call(tuple)

    def drift(self, reading: Reading) -> Sequence[str]:
        del reading
        return self._process.call(tuple)

    def empty(self, reading: Reading, service: str) -> None:
        def act() -> None:
            self._asked()
            assert reading.ledger is not None
            self._world.emptied.append(service)
            self._world.slots[service, reading.ledger.services[service].candidate].ready = 0

        self._process.call(act)


class Judge(Part):
    """The judge."""

    def look(self, told: Told, reading: Reading, service: str, since: datetime, at: datetime) -> Look:
        del told, reading, since

        def act() -> Look:
            if self._world.out("metrics"):
                raise UnreachableError("Prometheus doesn't answer")
            assert at <= self._world.timeline.moment
            verdict = self._world.verdict(service, at)
            self._world.rules.looks.setdefault(service, {})[at] = verdict
            score = {"pass": 100, "marginal": 80}.get(verdict, 0)
            return Look(service, at.isoformat(), verdict, score, (Measured("errors", verdict, f"errors: {verdict}"),))

        return self._process.call(act)


class Approvals(Part):
    """What people have said."""

    def standing(self, told: Told, ledger: Ledger, before: Before, asked: datetime, now: datetime) -> Held:
        wanted = next((one for one in told.intent.gates.approvals.values() if before in one.before), None)
        if wanted is None:
            return Held(gate="approval", verdict="pass", text="nobody is asked")
        release = ledger.under_way
        names = [n for n, record in ledger.services.items() if told.intent.services[n].version != record.slots[record.live].version]
        of = release.brings if release is not None else brings(told.intent, names)
        said = self._process.call(lambda: self._world.said_by(of, before))
        yes = [who for who, what in said.items() if what == "approve"]
        if "reject" in said.values():
            return Held(gate="approval", verdict="fail", text="somebody said no")
        if len(yes) >= wanted.count:
            return Held(gate="approval", verdict="pass", text=f"{', '.join(yes)} said yes")
        late = (now - asked).total_seconds() >= 120
        return Held(gate="approval", verdict="fail" if late else "no-data", text=f"{before} waits for {wanted.count - len(yes)} more")

    def unheard(self, told: Told, approval: Approval, before: Before) -> str:
        del told, approval, before
        return ""


class Scans(Part):
    """Scanners' reports."""

    def held(self, told: Told, names: Sequence[str], now: datetime) -> Sequence[Held]:
        del now
        if self._world.scanned is None:
            return ()
        bad = self._process.call(lambda: self._world.scanned or frozenset())
        versions = [(name, told.intent.services[name].version) for name in names]
        return [
            Held(gate="scans", verdict="fail" if (name, version) in bad else "pass", text=f"images: {name} {version}")
            for name, version in versions
        ]


class Clock(Part):
    """Time."""

    def now(self) -> datetime:
        return self._world.timeline.moment

    def sleep(self, seconds: float) -> None:
        self._process.call(lambda: self._pass(seconds))

    def _pass(self, seconds: float) -> None:
        self._world.timeline.sleep(seconds)
        self._world.rules.watched(seconds)


class Teller(Part):
    """Who is told."""

    def tell(self, happening: Happening) -> None:
        self._world.told_of.append(happening)
        if happening.kind not in {"progress", "look"}:
            self._world.note(f"{self._process.name} tells: {happening.kind}: {happening.text}")

    def incident(self, happening: Happening) -> str | None:
        self._world.incidents.append(happening.text)
        return "incident 1"
