"""What the last update left: the ledger, what the slots run, and where the routes stand, all out of the stack's own state.

The ledger says what a whole update has done; one that failed half-way doesn't change it. Where traffic really goes is then in the
state of the routes themselves, so they are read too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.invoke import invoke_output


@dataclass(frozen=True, slots=True)
class Memory:
    """What the stack's state says, as it was before this update."""

    ledger: dict[str, Any] | None
    slots: str
    resources: dict[str, Any]
    """Each resource's outputs, by URN."""


def recall() -> pulumi.Output[Memory]:
    """Read the stack's own state. It is not a secret as a whole: what of it is, goes into Secrets only."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    outputs = pulumi.Output.unsecret(pulumi.StackReference(name).outputs)
    return outputs.apply(lambda found: _memory(name, found or {}))


def _memory(name: str, outputs: dict[str, Any]) -> pulumi.Output[Memory] | Memory:
    ledger, slots = outputs.get("ledger"), outputs.get("slots") or "{}"
    if ledger is None:
        # A stack that nothing is in yet has no resources to ask for, and says so with an error.
        return Memory(None, slots, {})
    found = pulumi.Output.unsecret(invoke_output("pulumi:pulumi:readStackResourceOutputs", {"stackName": name}))
    return found.apply(lambda answer: Memory(ledger, slots, {urn: r["outputs"] for urn, r in answer["outputs"].items()}))
