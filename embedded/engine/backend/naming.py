"""Stack names: `dev`, `organization/dev`, `organization/PROJECT/dev`. This layout's organization is always `organization`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from embedded.engine.model.errors import ConfigurationError

ORGANIZATION: Final = "organization"
_LONGEST: Final = 100
_ALLOWED: Final = re.compile(r"[A-Za-z0-9_.-]*", re.ASCII)
_PARTS: Final = 3


class StackNameError(ConfigurationError):
    """No stack can have that name. The CLI ends with 1 on it."""

    code = 1


@dataclass(frozen=True, slots=True, order=True)
class StackName:
    """A stack's project and name."""

    project: str
    name: str

    @property
    def full(self) -> str:
        """The name with organization and project, as checkpoints and locks have it."""
        return f"{ORGANIZATION}/{self.project}/{self.name}"

    def short(self, project: str | None) -> str:
        """The name as people see it: without the project, where that is the current one."""
        return self.name if self.project == project else self.full

    @classmethod
    def parse(cls, text: str, project: str | None) -> StackName:
        """The stack that the text names; `project` is the current one, if any. StackNameError if it names none."""
        if not text:
            _fail("stack name must not be empty")
        parts = text.split("/")
        if len(parts) > _PARTS:
            _fail(f"the stack name {text!r} has too many parts; write `name` or `{ORGANIZATION}/project/name`")
        if len(parts) > 1 and parts[0] != ORGANIZATION:
            _fail(f"organization name must be '{ORGANIZATION}'")
        owner = parts[1] if len(parts) == _PARTS else project
        if not owner:
            _fail(
                "no Pulumi.yaml project file found; either run this command from a directory containing a Pulumi project, "
                f"or pass the fully qualified stack name ({ORGANIZATION}/project/stack)"
            )
        check_project_name(owner)
        check_stack_name(parts[-1])
        return cls(owner, parts[-1])


def check_stack_name(name: str) -> None:
    """Raises StackNameError if no stack can have that name."""
    if not name:
        _fail("a stack name may not be empty")
    if len(name) > _LONGEST:
        _fail(f"a stack name cannot exceed {_LONGEST} characters")
    match = _ALLOWED.match(name)
    end = match.end() if match else 0
    if end != len(name):
        _fail(
            "a stack name may only contain alphanumeric, hyphens, underscores, or periods: "
            f"invalid character '{name[end]}' at position {end}"
        )


def check_project_name(name: str) -> None:
    """Raises StackNameError if no project can have that name."""
    if not name:
        _fail("project names may not be empty")
    if len(name) > _LONGEST:
        _fail(f"project names are limited to {_LONGEST} characters")
    if not _ALLOWED.fullmatch(name):
        _fail("project names may only contain alphanumerics, hyphens, underscores, and periods")


def _fail(message: str) -> NoReturn:
    raise StackNameError(message)
