"""Who is told what happens, and who is called when a person must see to something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from tidegate.model.base import Finding, Model, Name, shape
from tidegate.model.intent.operations import Address

if TYPE_CHECKING:
    from collections.abc import Iterable


class Notification(Model):
    """Somebody who is told what happens."""

    kind: Literal["slack", "webhook", "email"]
    """How they are told."""
    secret: Name
    """The set of `tidegate:secrets` with its `url`, for a webhook maybe a `key` to sign with; for email its `smtp-url` and `recipients`."""
    events: tuple[
        Literal["started", "step", "waiting", "paused", "resumed", "promoted", "rolled-back", "failed", "finished", "warning"], ...
    ] = (
        "started",
        "promoted",
        "rolled-back",
        "failed",
    )
    """What they are told of."""


class Incident(Model):
    """Who is called when a release leaves something that a person must see to."""

    kind: Literal["webhook", "github", "pagerduty"]
    """How they are called."""
    secret: Name
    """The set of `tidegate:secrets` with its `url` and maybe a `key` to sign with (webhook), its `token` (github) or `pagerduty-key`."""
    repository: (
        Annotated[str, shape(r"^[-A-Za-z0-9]+/[-._A-Za-z0-9]+$", "owner and name of a repository: team/dashboard", "team/dashboard")] | None
    ) = None
    """Where github's issues are opened."""
    api: Address | None = None
    """Where github or pagerduty is, if not where it is for everybody: https://github.example/api/v3, https://events.eu.pagerduty.com."""

    def findings(self) -> Iterable[Finding]:
        """Whether it has what its kind needs."""
        if (self.kind == "github") != (self.repository is not None):
            said = "is missing: kind github opens issues in one" if self.kind == "github" else "is for kind github alone"
            yield Finding(("repository",), said, (("kind",),))
        if self.kind == "webhook" and self.api is not None:
            yield Finding(("api",), "a webhook's address is in its set of secrets", (("kind",),))


NOTIFIED: Final = {"slack": ("url",), "webhook": ("url",), "email": ("smtp-url", "recipients")}
CALLED: Final = {"webhook": ("url",), "github": ("token",), "pagerduty": ("pagerduty-key",)}
"""What must be in the set of secrets, by kind."""
