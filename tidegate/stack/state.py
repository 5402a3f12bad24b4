"""What a stack's state says, without running its program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tidegate.stack import command

if TYPE_CHECKING:
    from pathlib import Path

_ROOT: Final = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class State:
    """A stack as its last update left it. What is secret in it stays encrypted."""

    outputs: dict[str, Any]
    """Of the stack."""
    resources: dict[str, dict[str, Any]]
    """Outputs, by URN."""


def state(folder: Path, stack: str) -> State:
    """Read a stack's state."""
    deployment = json.loads(command.run(folder, "stack", "export", "--stack", stack))["deployment"] or {}
    there = [resource for resource in deployment.get("resources") or [] if not resource.get("delete")]
    outputs = {resource["urn"]: resource.get("outputs") or {} for resource in there}
    return State(next((outputs[resource["urn"]] for resource in there if resource["type"] == _ROOT), {}), outputs)
