"""What people are asked just now, and how it stands with that: the driver's port for approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.gates import approvals, filed
from tidegate.gates.statements import statement
from tidegate.model.approval import place
from tidegate.model.ledger import Held
from tidegate.model.slots import desired
from tidegate.planner.bringing import brings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from tidegate.gates.verifying import Verifier
    from tidegate.model.approval import Approval, Before, Decision
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Told


@dataclass(frozen=True, slots=True)
class Subject:
    """What a yes or no is for: the release under way, or the one that would begin."""

    release: str
    """As `model.approval.place` has it."""
    brings: str
    services: Mapping[str, str]
    """Its versions."""
    began_by: str

    def statement(self, stack: str, before: Before, decision: Decision, reason: str, at: datetime, incident: str = "") -> str:
        """What is to be signed for it."""
        return statement(stack, self.brings, self.services, before, decision, reason, at, release=self.release, incident=incident)


def subject(told: Told, ledger: Ledger | None, actor: str) -> Subject:
    """What people are asked just now. `told` is what the release under way was staged with, or what is to be released by `actor`."""
    release = ledger.under_way if ledger is not None else None
    if ledger is not None and release is not None:
        slots = {name: ledger.services[name] for name in release.services}
        versions = {name: record.slots[record.candidate].version for name, record in slots.items()}
        return Subject(place(ledger), release.brings, versions, release.begun.by)
    names = _changed(told.intent, ledger)
    return Subject(place(ledger), brings(told.intent, names), {name: told.intent.services[name].version for name in names}, actor)


@dataclass(slots=True)
class People:
    """How approvals stand: those in the ledger, and those in the repository's file."""

    stack: str
    folder: Path
    """Of Pulumi.yaml."""
    actor: str
    """Who would begin a release."""
    verifier: Verifier | None = None
    """The real one, if none is given."""

    def standing(self, told: Told, ledger: Ledger, before: Before, asked: datetime, now: datetime) -> Held:
        """How it stands, as a step keeps it."""
        found = self.state(told, ledger, before, asked, now)
        return found.held[0] if found.held else Held(gate="approval", verdict="pass", text=found.text)

    def state(self, told: Told, ledger: Ledger | None, before: Before, asked: datetime, now: datetime) -> approvals.Standing:
        """How it stands, with all that was said; `asked`: since when the step is next."""
        of = subject(told, ledger, self.actor)
        gates = told.intent.gates
        said = [*(ledger.approvals if ledger is not None else ()), *filed.read(gates, self.folder)]
        return approvals.state(
            gates,
            said,
            of.brings,
            self.stack,
            before,
            of.began_by,
            now,
            self._verifying(),
            environment=told.intent.environment,
            release=of.release,
            since=asked,
        )

    def unheard(self, told: Told, approval: Approval, before: Before) -> str:
        """Why somebody's word would count for nothing; nothing, if it is heard."""
        return approvals.unheard(told.intent.gates, told.intent.environment, approval, before, self._verifying())

    def _verifying(self) -> Verifier:
        if self.verifier is None:
            # Cryptography and HTTP take their time to load, and where nobody is asked they aren't needed.
            from tidegate.gates.proofs import Proofs

            self.verifier = Proofs()
        return self.verifier


def _changed(intent: Intent, ledger: Ledger | None) -> list[str]:
    """The services that a release would bring something new of, as the planner stages them: one that is quite new is installed."""
    if ledger is None:
        return list(intent.services)

    live = {name: record.slots[record.live].spec for name, record in ledger.services.items()}
    return [name for name in intent.services if name in live and live[name] != desired(intent, name).hash]
