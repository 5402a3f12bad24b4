"""How a stack's releases are carried out: what is borne, for how long, and when one is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tidegate.model.base import Duration, Finding, Model, Text, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable


class Patience(Model):
    """How long trouble is borne before a release is taken back, or the driver gives up and says so."""

    lock: Duration = "10m"
    """Another update has the stack's lock."""
    backend: Duration = "5m"
    """Where the state is kept doesn't answer."""
    cluster: Duration = "2m"
    """The cluster doesn't answer."""
    metrics: Duration = "5m"
    """There is no data, or none that says anything, at the end of a soak; no data is never a pass."""
    health: Duration = "1m"
    """Pods of a candidate aren't well, at one step, all times taken together. One that has users and no ready pod is taken back at once."""
    routes: Duration = "1m"
    """Traffic isn't where the last update has sent it."""


class Releases(Model):
    """How releases are carried out, and how they behave that others get in the way of."""

    supersede: Literal["refuse", "go-back"] = "refuse"
    """A new version while a release is under way: refused, or the release first goes back."""
    bake: Duration = "5m"
    """How long what was promoted is watched before the release is done; if it isn't well it is rolled back. 0s: not at all."""
    deadline: Duration = "24h"
    """How long a release may be under way, with all its waiting; then it is taken back."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 2
    """How often an update is tried that fails: after that, the release is taken back."""
    patience: Patience = Patience()
    """How long trouble is borne."""
    packs: tuple[Text, ...] = ()
    """Policy packs that every preview and update of a release obeys: Tidegate's own by name (security), others by their folders."""

    def findings(self) -> Iterable[Finding]:
        """Whether a release has time for anything."""
        if not seconds(self.deadline):
            yield Finding(("deadline",), "must be more than nothing: each release would be taken back at once")
