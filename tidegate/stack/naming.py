"""What a stack is called in full, however it was typed: approvals of `shop` are approvals of `organization/team/shop`."""

from __future__ import annotations

from typing import Final

from embedded.engine.backend.naming import ORGANIZATION

_PARTS: Final = 3


def full_name(stack: str, project: str, backend: str) -> str:
    """A stack's name with organization and project. Which organization is one's own in Pulumi Cloud, only that knows."""
    parts = stack.split("/")
    if len(parts) >= _PARTS:
        return stack
    if backend.startswith(("http://", "https://")):
        return "/".join([*parts[:-1], project, parts[-1]])
    return f"{ORGANIZATION}/{project}/{parts[-1]}"
