"""Carries one event out: what is tried again, what is waited for, and what isn't.

`BusyError`: the lock is waited for. `UnreachableError`: asked again, with growing waits. `UpdateFailedError`: how far it came only the
state says, so that is read, and the same event carried out again. A refusal and a policy's no are never tried again. After each wait the
stack is read anew: what somebody else has done in between counts, and each event names where the stack was when it was decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tidegate.driver.troubles import LONGEST, Troubles, kind_of
from tidegate.model.errors import BusyError, UnreachableError, UpdateFailedError
from tidegate.model.happening import Happening
from tidegate.model.ledger import Stamp
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tidegate.driver.ports import Ports
    from tidegate.model.events import Event
    from tidegate.model.happening import Kind
    from tidegate.model.intent.releases import Releases
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading

T = TypeVar("T")


class Carrier:
    """The ports, as one actor uses them."""

    def __init__(self, ports: Ports, actor: str) -> None:
        self.ports, self.actor = ports, actor

    def now(self) -> datetime:
        """The time."""
        return self.ports.clock.now()

    def stamp(self) -> Stamp:
        """Now, and who."""
        return Stamp(at=self.now().isoformat(), by=self.actor)

    def tell(self, kind: Kind, text: str, ledger: Ledger | None = None, **more: Any) -> Happening:
        """Tell whoever listens."""
        happening = self.happening(kind, text, ledger, **more)
        self.ports.teller.tell(happening)
        return happening

    def happening(self, kind: Kind, text: str, ledger: Ledger | None = None, **more: Any) -> Happening:
        """What there is to tell."""
        release = ledger.release if ledger is not None else None
        return Happening(
            kind=kind,
            stack=self.ports.stack.name,
            text=text,
            at=self.now().isoformat(),
            by=self.actor,
            release=release.id if release is not None else None,
            services=release.services if release is not None else (),
            more=more,
        )

    def read(self, troubles: Troubles) -> Reading:
        """What the stack's last update left."""
        return self.ask(self.ports.stack.read, troubles)

    def ask(self, question: Callable[[], T], troubles: Troubles) -> T:
        """Ask the stack, however often it must be asked."""
        while True:
            try:
                answer = question()
            except UnreachableError as error:
                self.bear(troubles, error)
            else:
                troubles.over("backend")
                return answer

    def bear(self, troubles: Troubles, error: BusyError | UnreachableError, most: float = LONGEST) -> None:
        """Wait a while, so many seconds at most; raise it when it has been borne for long enough."""
        kind = kind_of(error)
        wait = troubles.borne(kind, self.now()) if kind is not None else None
        if wait is None:
            raise error
        wait = min(wait, most)
        self.tell("progress", f"{error}; trying again in {wait:g} s")
        self.ports.clock.sleep(wait)

    def update(self, told: Told, event: Event, look: Callable[[], None] = lambda: None) -> None:
        """One update; `look` is called again and again while it goes on."""
        self.ports.stack.update(told, event, self._line, look)

    def carry(self, settings: Releases, make: Callable[[Reading], tuple[Told, Event] | None]) -> Reading:
        """Read, make an event of it, and carry that out; None: there is nothing to do (any more). What it came to is read."""
        troubles, failed, moved = Troubles(settings.patience), 0, 0
        while True:
            reading = self.read(troubles)
            made = make(reading)
            if made is None:
                return reading
            try:
                self.update(*made)
            except (BusyError, UnreachableError) as error:
                self.bear(troubles, error)
            except UpdateFailedError as error:
                failed += 1
                if failed >= settings.attempts:
                    raise
                self.tell("warning", f"{made[1].kind} failed, and is tried again: {error}", reading.ledger)
            except Refusal as refusal:
                moved += 1
                if refusal.rule != "moved-on" or moved > settings.attempts:
                    raise
            else:
                return self.read(troubles)

    def _line(self, line: str) -> None:
        self.ports.teller.tell(self.happening("progress", line))
