"""What a program wants of one resource, as the monitor understood its registration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from embedded.engine.model.state import NO_TIMEOUTS

if TYPE_CHECKING:
    from embedded.engine.model.ports import Alias
    from embedded.engine.model.state import Resource, Timeouts
    from embedded.engine.model.values import Value, Values


@dataclass(slots=True)
class Goal:
    """A registration. Three-valued options are None where the program did not say."""

    type: str
    name: str
    custom: bool
    properties: Values
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    replacement_trigger: Value = None
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    import_id: str = ""
    custom_timeouts: Timeouts = NO_TIMEOUTS
    source_position: str = ""
    stack_trace: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Read:
    """A ReadResource request: a resource that exists and is only looked at."""

    type: str
    name: str
    id: str
    parent: str
    provider: str
    properties: Values
    dependencies: list[str]
    additional_secret_outputs: list[str]
    source_position: str
    stack_trace: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Registered:
    """How a registration ended: «fail» and «skip» only with --continue-on-error."""

    state: Resource
    result: Literal["success", "fail", "skip"] = "success"
    # The resource was left out (an untargeted create): everything about it is unknown.
    unknown: bool = False


class AbortedError(Exception):
    """The deployment is ending: no more registrations are answered."""
