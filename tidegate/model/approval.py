"""A person's yes or no to a step of a release, as it is kept in the ledger: what was said, and what proves who said it.

Nothing of it counts because it is there: whoever counts it verifies the proof, and goes by the statement alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

from tidegate.model.base import Model, Name, Text

if TYPE_CHECKING:
    from tidegate.model.ledger import Ledger

Before = Literal["stage", "shift", "promote", "migrate"]
"""The step that waits for it."""
Decision = Literal["approve", "reject"]

NAMESPACE: Final = "tidegate-approval"
"""What SSH signatures of statements are for, and good for nothing else."""


class Statement(Model):
    """What is signed."""

    stack: Text
    release: Text
    """Where the stack's releases were when it was said, as `place` has it."""
    brings: Text
    """What the release brings, as `Release.brings` has it."""
    services: dict[Name, str]
    """The versions that are in that, for whoever reads it."""
    before: Before
    decision: Decision
    reason: str
    incident: str = ""
    """Of an approval: the incident for which the others are passed by."""
    at: str
    """UTC, as ISO 8601 has it."""

    @property
    def text(self) -> str:
        """The one way to write it down."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class Proof(Model):
    """What proves who said it: it can be verified by anybody, and is of no use for anything else."""

    kind: Literal["oidc", "ssh", "gpg"]
    text: Text
    """oidc: the token, whose audience names the statement. ssh, gpg: the armoured signature of the statement."""


class Approval(Model):
    """A yes or no."""

    decision: Decision
    by: Text
    """Who, as the proof says it."""
    statement: Text
    """What was signed, word by word: JSON with the stack, what is brought, the step, the decision, the reason, when."""
    proof: Proof


def place(ledger: Ledger | None) -> str:
    """Where a stack's releases are, for statements: what is said of a release holds for this one, not for another that brings the same."""
    release = ledger.release if ledger is not None else None
    if ledger is None or release is None:
        return "before the first release"
    return f"{'' if ledger.under_way is not None else 'after '}{release.id} ({release.begun.at})"
