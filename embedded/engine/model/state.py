"""Resource states and snapshots as the engine holds them. How they are written is `backend/codec.py`'s."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from embedded.engine.model.values import Value, Values


_set = object.__setattr__


@dataclass(slots=True, frozen=True)
class Timeouts:
    """Custom timeouts in seconds; 0 is the provider's own."""

    create: float = 0
    update: float = 0
    delete: float = 0
    read: float = 0


NO_TIMEOUTS: Final = Timeouts()


@dataclass(slots=True, eq=False)
class Resource:
    """One resource's state. Mutated only by the step that owns it; its lists and dicts are replaced, never edited.

    `fragment` is the state's encoded form (backend/checkpoint.py keeps it there); any assignment to a field drops it.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Values = field(default_factory=dict)
    outputs: Values = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool = False
    external: bool = False
    delete: bool = False
    pending_replacement: bool = False
    retain_on_delete: bool = False
    taint: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: Timeouts = NO_TIMEOUTS
    import_id: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hide_diff: list[Any] = field(default_factory=list)
    replacement_trigger: Value = None
    refresh_before_update: bool = False
    created: str = ""
    modified: str = ""
    source_position: str = ""
    stack_trace: list[dict[str, str]] = field(default_factory=list)
    # Keys of a state file that this engine only carries through (views, hooks, snippets of newer CLIs).
    extra: dict[str, Any] = field(default_factory=dict)
    fragment: bytes | None = field(default=None, repr=False)

    def __setattr__(self, name: str, value: Any) -> None:
        _set(self, name, value)
        if name != "fragment":
            _set(self, "fragment", None)


@dataclass(slots=True, frozen=True)
class PendingOperation:
    """An operation that was started and whose end was not seen: creating, updating, deleting, reading, importing."""

    resource: Resource
    type: str


@dataclass(slots=True)
class Snapshot:
    """A stack's whole state at one moment."""

    resources: list[Resource] = field(default_factory=list)
    pending: list[PendingOperation] = field(default_factory=list)
    # Of the checkpoint's `secrets_providers`: its type and state, carried through.
    secrets_provider: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    time: str = ""
    version: str = ""
