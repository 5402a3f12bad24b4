"""What the driver's verbs come to: plain data, JSON by `dataclasses.asdict`, keys that stay."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.model.errors import ExitCode
from tidegate.record.history import Gate, Row

__all__ = ["Asked", "Box", "Ended", "Finding", "Gate", "Planned", "Row", "ServiceStatus", "SlotStatus", "Status", "StepTaken"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a verb ended."""

    phase: str
    """The release's; `none` if there never was one."""
    release: str | None
    text: str
    code: int = int(ExitCode.OK)
    left: tuple[str, ...] = ()
    """What a person must see to."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step of a release that is planned."""

    step: str
    """preflight, stage, shift, promote, bake, keep or cleanup."""
    services: tuple[str, ...]
    weight: int
    lasts: float
    """Seconds that it is watched, at least."""
    gates: tuple[str, ...] = ()
    """What must hold before it."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a release would be."""

    brings: dict[str, str]
    """Versions, by service."""
    begins: bool
    """Whether there is anything to release."""
    gates: tuple[Gate, ...]
    boxes: tuple[Box, ...]
    lasts: float
    """Seconds, at least, until it is promoted and watched."""
    changes: dict[str, int]
    """How many resources the first update changes, by operation."""
    notes: tuple[str, ...] = ()
    code: int = int(ExitCode.OK)


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """A slot."""

    slot: str
    version: str
    image: str
    live: bool
    weight: int
    """Percent of the traffic, as the ledger says."""
    observed: int | None
    """The same, as the gateways have it; None where nobody was asked, or it can't be told."""
    ready: int | None
    wanted: int | None
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A service."""

    service: str
    slots: tuple[SlotStatus, ...]
    since: str
    by: str


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step that was taken."""

    step: int
    kind: str
    weight: int
    at: str
    by: str
    reason: str
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """How it stands with those who are asked before a step."""

    before: str
    verdict: str
    """pass: enough have said yes. fail: somebody has said no, or it took too long. no-data: some are missing."""
    text: str
    """Who has said what, and who is missing, in words."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a stack's releases are."""

    stack: str
    phase: str
    release: str | None
    kind: str | None
    services: tuple[ServiceStatus, ...]
    weight: int
    paused: bool
    reason: str | None
    begun: str | None
    changed: str | None
    by: str | None
    steps: tuple[StepTaken, ...]
    next: str
    """What comes next, in words."""
    frozen: str | None
    notes: tuple[str, ...] = ()
    approvals: tuple[Asked, ...] = ()
    """Of the steps to come of the release under way; with none, what was said of the next one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at."""

    what: str
    well: bool
    text: str
