"""What the driver needs of the world: one protocol a port, and what goes over it.

Each has a real side (`tidegate.stack`, `.cluster`, `.analysis`, `.gates`, `.record`) and a simulated one on virtual time
(`tests/simulation`). Everything that the driver knows it has asked for over these; it keeps nothing of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from tidegate.model.analysis import Look
    from tidegate.model.approval import Approval, Before
    from tidegate.model.base import Slot
    from tidegate.model.events import Event
    from tidegate.model.happening import Happening
    from tidegate.model.health import Health
    from tidegate.model.intent.service import Check
    from tidegate.model.ledger import Held, Ledger
    from tidegate.model.told import Past, Preview, Told
    from tidegate.planner.reading import Reading
    from tidegate.planner.standing import Seen


class Stack(Protocol):
    """A Pulumi stack. Each method asks anew; what a method can't do is raised as one of `model.errors`."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def full(self) -> str:
        """The same with organization and project: what approvals are for."""

    def busy(self) -> str | None:
        """Who has its lock just now, in words; None if nobody has, or nobody tells."""

    def told(self, versions: Mapping[str, str], images: Mapping[str, str]) -> Told:
        """What its file says, with these versions and images (`ref@sha256:..`) of services in their place. The file isn't touched."""

    def keep(self, told: Told) -> None:
        """Write the versions and images that `told` was given into the stack's file: the intent is what a plain update would bring."""

    def read(self) -> Reading:
        """What its last update left."""

    def past(self) -> Sequence[Past]:
        """Its updates, the newest first."""

    def preview(self, told: Told, event: Event) -> Preview:
        """What an update would do, and what policy packs say of it. Nothing is changed."""

    def update(self, told: Told, event: Event, line: Callable[[str], None], look: Callable[[], None]) -> None:
        """One update, by what was told, not by what the file says; `line` hears how it goes on, `look` is called all the while.

        `BusyError`: another has the stack's lock. `UnreachableError`: the state can't be had. `UpdateFailedError`: it was begun, and how
        far it came only `read` says. `PolicyError`: a mandatory policy was violated. A `Refusal` of the planner is raised as such.
        """


class Cluster(Protocol):
    """The cluster that the stack's services run in."""

    def health(self, reading: Reading) -> Mapping[str, Health]:
        """How each service's slots are just now."""

    def traffic(self, reading: Reading) -> Mapping[str, Seen]:
        """Where users go just now: what the gateways have taken, not what they were told.

        While a gateway hasn't taken a route as it is, either slot may get anything: both have 100 then.
        """

    def lead(self, reading: Reading, weights: Mapping[str, int], *, force: bool = False) -> None:
        """Patch the routes at once, before the update that records it: so many percent for each service's candidate.

        The candidate is the one of the reading's ledger: what was promoted is taken back by giving it 100. It writes what that update will
        write, by the same field manager, so that the update finds it done. `DriftError`: somebody else has changed a route; `force` takes
        it from them.
        """

    def check(self, told: Told, service: str, slot: Slot, check: Check) -> str | None:
        """Run a check against a slot; what was wrong, if anything was."""

    def room(self, told: Told, reading: Reading) -> Sequence[str]:
        """What the namespace's quota lacks for the candidates, a sentence each."""

    def drift(self, reading: Reading) -> Sequence[str]:
        """What of the services' objects isn't as the last update left it, a sentence each."""

    def empty(self, reading: Reading, service: str) -> None:
        """Take a candidate's pods away at once, for an emergency. Refused (`GateRefusedError`) while users may still get there."""


class Judge(Protocol):
    """Whether a candidate is as good as what is live, by what is measured."""

    def look(self, told: Told, reading: Reading, service: str, since: datetime, at: datetime) -> Look:
        """One look at a service as it was at a moment: what was measured then, and what that says. `since`: when its weight was set."""


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """Now, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""


class Teller(Protocol):
    """Who is told what happens: the terminal, the log, the team."""

    def tell(self, happening: Happening) -> None:
        """Tell it. Nobody being there to hear it is no reason for a release to fail."""

    def incident(self, happening: Happening) -> str | None:
        """Open an incident: something is left that a person must see to. Where it is, if anybody took it."""


class Approvals(Protocol):
    """Whose word is needed before a step, and what was said."""

    def standing(self, told: Told, ledger: Ledger, before: Before, asked: datetime, now: datetime) -> Held:
        """How it stands with what is told, or with the release under way; `asked`: since when the step is next.

        pass: enough have said yes, or nobody is asked. fail: somebody has said no, or it took too long. no-data: some are missing.
        `overridden`: somebody who may has passed it by.
        """

    def unheard(self, told: Told, approval: Approval, before: Before) -> str:
        """Why somebody's word would count for nothing, whatever is released; nothing, if it is heard. `UnreachableError`: not known now."""


class Scans(Protocol):
    """What scanners have found in what is to be released."""

    def held(self, told: Told, names: Sequence[str], now: datetime) -> Sequence[Held]:
        """What is told of these services, held against what is borne; nothing where no reports are wanted (`gates.scans`).

        pass: no more is found than is borne. fail: more is, or a report is missing or broken.
        """


@dataclass(frozen=True, slots=True)
class Ports:
    """The driver's world."""

    stack: Stack
    cluster: Cluster
    judge: Judge
    approvals: Approvals
    scans: Scans
    clock: Clock
    teller: Teller
