"""The steps of a release: the weights that its canaries are taken through together, and how long each is watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.model.base import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.model.intent.intent import Intent


@dataclass(frozen=True, slots=True)
class Step:
    """So much of the traffic, for so long."""

    weight: int
    soak: float
    """Seconds."""


def canaries(intent: Intent, services: Iterable[str]) -> tuple[str, ...]:
    """Those of the services that take traffic by weights."""
    return tuple(name for name in services if name in intent.services and intent.services[name].strategy == "canary")


def steps(intent: Intent, services: Iterable[str]) -> tuple[Step, ...]:
    """All weights that any canary names, each watched for as long as the longest of those that name it. None if nothing is a canary."""
    soaks: dict[int, float] = {}
    for name in canaries(intent, services):
        for step in intent.services[name].steps:
            soaks[step.weight] = max(soaks.get(step.weight, 0.0), seconds(step.soak))
    return tuple(Step(weight, soaks[weight]) for weight in sorted(soaks))


def current(all_steps: Iterable[Step], weight: int) -> Step:
    """How long a weight is watched: one that nobody has named (a person's) like the named one below it, or else the first."""
    known = tuple(all_steps)
    below = [step for step in known if step.weight <= weight]
    soak = below[-1].soak if below else known[0].soak if known else 0.0
    return Step(weight, soak)


def following(all_steps: Iterable[Step], weight: int) -> Step | None:
    """The next step up; None after the last one."""
    return next((step for step in all_steps if step.weight > weight), None)
