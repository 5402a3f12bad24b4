"""What happens to a release, as people and programs are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "started", "step", "look", "waiting", "paused", "resumed", "promoted", "rolled-back", "failed", "finished", "progress", "warning"
]
"""progress and look are for whoever watches; the others are worth a message to somebody."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened."""

    kind: Kind
    stack: str
    text: str
    """A sentence."""
    at: str
    """UTC, as ISO 8601 has it."""
    by: str = ""
    release: str | None = None
    services: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    """What programs may want besides: weight, until, verdict, reason; never a secret."""
