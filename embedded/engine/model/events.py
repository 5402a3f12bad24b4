"""What the engine says while it works. Displays, event logs and policies' reports are made from these alone.

`Step` is what resource events carry: a frozen picture of a step; `old` and `new` are the states at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Values

Op = Literal[
    "same",
    "create",
    "update",
    "delete",
    "replace",
    "create-replacement",
    "delete-replaced",
    "read",
    "read-replacement",
    "refresh",
    "discard",
    "discard-replaced",
    "remove-pending-replace",
    "import",
    "import-replacement",
]
Severity = Literal["debug", "info", "info#err", "warning", "error"]
DiffKind = Literal["add", "add-replace", "delete", "delete-replace", "update", "update-replace"]


@dataclass(frozen=True, slots=True)
class PropertyDiff:
    """One entry of a provider's detailed diff."""

    kind: DiffKind
    input_diff: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on one resource, as events tell it."""

    op: Op
    urn: str
    type: str
    old: Resource | None
    new: Resource | None
    provider: str = ""
    keys: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    detailed_diff: dict[str, PropertyDiff] | None = None
    logical: bool = True
    untargeted: bool = False


@dataclass(frozen=True, slots=True)
class Prelude:
    """The operation begins; secret configuration is masked."""

    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stdout:
    """Text that goes to standard output as it is."""

    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message of the engine, a provider, a policy or the program."""

    message: str
    severity: Severity
    urn: str = ""
    prefix: str = ""
    stream_id: int = 0
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class ResourcePre:
    """A step starts. Internal ones (of default providers, of `same` steps nobody asked for) go to no display."""

    step: Step
    planning: bool
    internal: bool = False


@dataclass(frozen=True, slots=True)
class ResourceOutputs:
    """A step has ended well."""

    step: Step
    planning: bool
    internal: bool = False


@dataclass(frozen=True, slots=True)
class ResourceFailed:
    """A step has failed. Status as the SDK's: 0 ok, 1 partial failure, 2 unknown."""

    step: Step
    status: int
    steps: int


@dataclass(frozen=True, slots=True)
class PolicyLoad:
    """Policy packs are being loaded."""


@dataclass(frozen=True, slots=True)
class PolicyViolation:
    """A policy was violated."""

    urn: str
    message: str
    policy: str
    pack: str
    pack_version: str
    enforcement: Literal["advisory", "mandatory", "remediate"]
    severity: str = ""


@dataclass(frozen=True, slots=True)
class PolicyRemediation:
    """A policy has changed a resource's inputs."""

    urn: str
    policy: str
    pack: str
    pack_version: str
    before: Values
    after: Values


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """Which policies of a pack passed and failed, for a resource (analyze, remediate) or the stack (analyze-stack)."""

    kind: Literal["analyze", "remediate", "analyze-stack"]
    pack: str
    pack_version: str
    urn: str = ""
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """The operation has ended. `changes` counts steps by operation; `packs` names policy packs and their versions."""

    is_preview: bool
    seconds: float
    changes: dict[Op, int]
    result: Literal["succeeded", "failed"]
    packs: dict[str, str] = field(default_factory=dict)
    maybe_corrupt: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nothing follows."""


Event = (
    Prelude
    | Stdout
    | Diagnostic
    | ResourcePre
    | ResourceOutputs
    | ResourceFailed
    | PolicyLoad
    | PolicyViolation
    | PolicyRemediation
    | PolicySummary
    | Summary
    | Cancel
)


class Sink(Protocol):
    """Takes the events of one operation, in order, from the engine's one thread."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        ...
