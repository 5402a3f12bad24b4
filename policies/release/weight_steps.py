"""Traffic moves to a candidate by steps.

Looks at: the stack's output `ledger`: the weights of the steps that the release under way has taken.
Allowed: a step that raises the weight by at most `most` percent. Going back is always allowed, and so is a step for which a person has
passed a gate by.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from policies.judging import Finding, Given, Settings, Stack, Standard, Violation, of_stack
from policies.release.reading import ledger_of


class Steps(Settings):
    """How far a step may go."""

    most: Annotated[int, Field(ge=1, le=100)] = 50
    """By how many percent of the traffic one step may raise a candidate's weight."""


@of_stack(
    "Traffic moves to a candidate by steps.",
    severity="high",
    fix="Put a step between them into the service's `steps`.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "traffic"),
    settings=Steps,
)
def weight_steps(stack: Stack, given: Given[Steps]) -> Iterator[Finding]:
    """The last step that the release has taken; those before were judged when they were taken."""
    ledger = ledger_of(stack)
    release = ledger.release if ledger is not None else None
    if release is None or release.phase != "shifting" or len(release.taken) < 2:
        return
    before, last = release.taken[-2:]
    rise = last.weight - before.weight
    if last.kind == "shift" and rise > given.settings.most and not any(gate.overridden for gate in last.gates):
        at = stack.output("ledger").at("release", "taken", len(release.taken) - 1, "weight")
        reason = f"release {release.id} goes from {before.weight}% to {last.weight}% in one step, more than {given.settings.most} at once"
        yield Violation(at, reason)
