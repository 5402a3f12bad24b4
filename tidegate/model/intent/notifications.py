"""Who is told what happens."""

from __future__ import annotations

from typing import Literal

from tidegate.model.base import Model, Name


class Notification(Model):
    """Somebody who is told what happens."""

    kind: Literal["slack", "webhook", "email"]
    """How they are told."""
    secret: Name
    """The set of `tidegate:secrets` that has its `url`, or for email its `smtp-url` and `recipients`."""
    events: tuple[Literal["started", "step", "waiting", "promoted", "rolled-back", "failed"], ...] = (
        "started",
        "promoted",
        "rolled-back",
        "failed",
    )
    """What they are told of."""
