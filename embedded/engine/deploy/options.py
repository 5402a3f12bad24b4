"""What the user asked of an operation, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from embedded.engine.model.errors import EngineError
    from embedded.engine.model.events import Op
    from embedded.engine.model.state import Snapshot
    from embedded.engine.model.values import Values

Kind = Literal["preview", "update", "refresh", "destroy", "import"]


@dataclass(frozen=True, slots=True)
class ImportSpec:
    """One resource that `pulumi import` takes over. `parent` and `provider` are URNs, "" for the stack and the default provider."""

    type: str
    name: str
    id: str = ""
    parent: str = ""
    provider: str = ""
    version: str = ""
    protect: bool = True
    properties: tuple[str, ...] = ()
    component: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """The flags of an operation, except those that only a display needs."""

    dry_run: bool = False
    parallel: int = 16
    targets: tuple[str, ...] = ()
    target_dependents: bool = False
    excludes: tuple[str, ...] = ()
    exclude_dependents: bool = False
    replaces: tuple[str, ...] = ()
    refresh: bool = False
    continue_on_error: bool = False
    # Run every policy on the planned state before the first change, so that a mandatory violation changes nothing.
    plan_policies: bool = True
    # Of a refresh: forget creations that an earlier update did not see end, instead of keeping them.
    clear_pending_creates: bool = False
    imports: tuple[ImportSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended. `error` None: well. Of a dry run the snapshot is the one it began with."""

    snapshot: Snapshot
    changes: dict[Op, int] = field(default_factory=dict)
    error: EngineError | None = None
    outputs: Values = field(default_factory=dict)
