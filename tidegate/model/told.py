"""What a stack is told by an update, was told by those before, and would make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.model.comparing import Values
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent


@dataclass(frozen=True, slots=True)
class Told:
    """The configuration of an update, without an event, and the intent that it is."""

    values: Values
    """As the engine gives it to programs, secrets in the clear: never shown, never logged."""
    intent: Intent
    origin: str
    """Where it comes from: `Pulumi.production.yaml`, or `update 17`."""


@dataclass(frozen=True, slots=True)
class Past:
    """An update that was."""

    number: int
    kind: str
    """update, destroy, refresh and so on."""
    result: str
    """succeeded, failed or in-progress."""
    begun: str
    """UTC, as ISO 8601 has it."""
    ended: str | None
    message: str
    author: str | None
    told: Told | None
    """None where its configuration is none that this Tidegate can read."""
    event: Event | None
    """None for a plain update."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What a policy says against a resource."""

    pack: str
    policy: str
    level: str
    """mandatory or advisory."""
    resource: str
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an update would do."""

    changes: dict[str, int]
    """How many resources, by operation: create, update, delete, replace, same."""
    violations: tuple[Violation, ...] = ()
    errors: tuple[str, ...] = ()
    """Why it can't be done, if it can't."""
