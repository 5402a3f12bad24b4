"""What the driver knows when it decides, and what it can decide on. Plain data: deciding itself is a pure function of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.gates.overriding import Override
    from tidegate.model.analysis import Look
    from tidegate.model.approval import Before
    from tidegate.model.base import Slot
    from tidegate.model.health import Health
    from tidegate.model.intent.service import Check
    from tidegate.model.ledger import Held
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading
    from tidegate.planner.standing import Seen

Trigger = Literal[
    "health", "resources", "configuration", "analysis", "check", "person", "approval", "deadline", "update", "traffic", "cluster"
]
"""What a release is taken back for. analysis: error rate, latency, or whatever else is measured."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision goes by."""

    now: datetime
    reading: Reading
    told: Told
    """What the release was staged with."""
    health: Mapping[str, Health]
    traffic: Mapping[str, Seen]
    since: datetime
    """Since when the release is where it is."""
    approvals: Mapping[Before, Held] = field(default_factory=dict)
    looks: Mapping[str, Mapping[datetime, Look]] = field(default_factory=dict)
    """Those made at this step, by service and moment."""
    checks: Mapping[str, str | None] = field(default_factory=dict)
    """What end-to-end checks of this step's slots have found wrong, by service."""
    back: str | None = None
    """Why it was to be taken back from here before, by an update that failed."""
    unwell: float = 0.0
    """For how many seconds of this step candidates have been seen not to be well."""
    astray: float = 0.0
    """For how many seconds traffic hasn't been where the ledger says."""
    alone: bool = False
    """Whether an update of ours has just had the stack's lock: nobody else's is under way that moves users."""
    attempts: int = 0
    """How often an update has failed at this step."""
    failure: str = ""
    """The last one's."""
    switching: Held | None = None
    """That soaks are skipped, by whose word."""
    resuming: str | None = None
    """Why what is paused is to go on, if somebody said so."""
    override: Override | None = None
    """Which gates are passed by."""
    actor: str = ""
    """By whom."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Make a look."""

    service: str
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """Run a check against a slot."""

    service: str
    slot: Slot
    check: Check


@dataclass(frozen=True, slots=True)
class Ask:
    """See whose word there is for a step."""

    before: Before
    since: datetime
    """Since when it is next."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Nothing can be done before then."""

    until: datetime
    why: str
    on: Literal["", "pause", "approval", "freeze"] = ""
    """What it waits for that may take long."""


@dataclass(frozen=True, slots=True)
class Act:
    """Take a step."""

    kind: Literal["shift", "promote", "baked", "apply", "resume"]
    weight: int
    reason: str
    gates: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Lead:
    """Lead users to where the ledger has them."""

    weights: Mapping[str, int]
    """Percent of each service's candidate."""
    reason: str


@dataclass(frozen=True, slots=True)
class Back:
    """Take the release back."""

    trigger: Trigger
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """There is nothing left to do."""

    text: str


Action = Measure | Try | Ask | Sleep | Act | Lead | Back | Done
