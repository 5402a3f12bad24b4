"""A person's yes or no to a step of a release, as it is kept in the ledger: what was said, and what proves who said it."""

from __future__ import annotations

from typing import Literal

from tidegate.model.base import Model, Text

Before = Literal["stage", "shift", "promote", "migrate"]
"""The step that waits for it."""


class Proof(Model):
    """What proves who said it: it can be verified by anybody, and is of no use for anything else."""

    kind: Literal["oidc", "ssh", "gpg"]
    text: Text
    """oidc: the token, whose audience names the statement. ssh, gpg: the armoured signature of the statement."""


class Approval(Model):
    """A yes or no."""

    decision: Literal["approve", "reject"]
    by: Text
    """Who, as the proof says it."""
    statement: Text
    """What was signed, word by word: JSON with the stack, what is brought, the step, the decision, the reason, when."""
    proof: Proof
