"""What can happen to a stack's releases. A plain update is `apply`; the driver writes the others into `tidegate:event`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from tidegate.model.approval import Approval
from tidegate.model.base import Count, Finding, Model, Name, Percent, shape
from tidegate.model.ledger import Held, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable


Moment = Annotated[
    str,
    shape(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[-+][0-9]{2}:[0-9]{2})$",
        "a moment with its zone: 2026-12-24T18:00:00Z",
        "2026-12-24T18:00:00Z",
    ),
]


class Seen(Model):
    """How many pods a slot was seen with."""

    ready: Annotated[int, Field(ge=0)] = 0
    wanted: Annotated[int, Field(ge=0)] = 0
    """How many the cluster wants there to be. A slot in trouble has fewer that are ready, and must not shrink to those."""

    @property
    def size(self) -> int:
        """How big it is, or is about to be."""
        return max(self.ready, self.wanted)


class Observed(Model):
    """How many pods a service was seen with."""

    live: Seen = Seen()
    candidate: Seen = Seen()


class _Event(Model):
    stamp: Stamp = Field(default_factory=Stamp.now)
    """When it happened, and who brought it about; whoever runs the update, if it isn't said."""
    observed: dict[Name, Observed] = {}
    """What the driver saw; sizes follow it where a service scales by itself."""
    reason: str = ""
    """Why."""
    expects: str | None = None
    """The release and step that it was decided for, as `Ledger.token` has them: refused (`moved-on`) if the stack is elsewhere by now."""
    gates: tuple[Held, ...] = ()
    """What was found to hold before it."""


class Apply(_Event):
    """The intent is to hold."""

    kind: Literal["apply"] = "apply"


class Stage(_Event):
    """Bring up the intent's versions beside the live ones, with no traffic."""

    kind: Literal["stage"] = "stage"


class Shift(_Event):
    """Give the candidates so much of the traffic."""

    kind: Literal["shift"] = "shift"
    weight: Percent


class Promote(_Event):
    """The candidates become live."""

    kind: Literal["promote"] = "promote"


class Pause(_Event):
    """Stay where it is."""

    kind: Literal["pause"] = "pause"
    reason: str


class Resume(_Event):
    """Go on."""

    kind: Literal["resume"] = "resume"


class Abort(_Event):
    """All traffic back to the live slots."""

    kind: Literal["abort"] = "abort"
    reason: str


class Rollback(_Event):
    """Back to what was live before, or to a version that a slot still has."""

    kind: Literal["rollback"] = "rollback"
    reason: str
    to: dict[Name, str] = {}
    """A version a service; without any, all services of the last release go back."""


class Cleanup(_Event):
    """Take away the pods that no traffic goes to."""

    kind: Literal["cleanup"] = "cleanup"


class Baked(_Event):
    """What was promoted has been watched for as long as it is to be, and is well."""

    kind: Literal["baked"] = "baked"


class Decide(_Event):
    """A person says yes or no to what is to come."""

    kind: Literal["decide"] = "decide"
    approval: Approval


class Freeze(_Event):
    """Nothing is released for a while, whatever the windows say."""

    kind: Literal["freeze"] = "freeze"
    reason: str
    until: Moment | None = None
    """UTC, as ISO 8601 has it; without it, until it is lifted."""

    def findings(self) -> Iterable[Finding]:
        """Whether there is such a moment."""
        try:
            datetime.fromisoformat(self.until or "2000-01-01")
        except ValueError as error:
            yield Finding(("until",), f"{self.until} is no moment: {error}")


class Thaw(_Event):
    """Releases may go on."""

    kind: Literal["thaw"] = "thaw"
    reason: str


class Scale(_Event):
    """So many replicas in the live slot, by hand; None: as the intent says again."""

    kind: Literal["scale"] = "scale"
    service: Name
    replicas: Count | None


Event = Annotated[
    Apply | Stage | Shift | Promote | Pause | Resume | Abort | Rollback | Cleanup | Scale | Baked | Decide | Freeze | Thaw,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))
