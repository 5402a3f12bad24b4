"""What shells may fill in: the names of stacks, services and releases. From files alone, at once, and silent when anything is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer  # noqa: TC002 - typer looks the annotations up

if TYPE_CHECKING:
    from collections.abc import Iterable


def stacks(incomplete: str) -> list[str]:
    """Stacks that have a file here."""
    from tidegate.cli import config
    from tidegate.model.errors import TidegateError

    try:
        return _starting(config.stacks(config.project()), incomplete)
    except TidegateError:
        return []


def services(ctx: typer.Context, incomplete: str) -> list[str]:
    """Services of the stack that was named, or of all of them."""
    return _starting(_services(ctx), incomplete)


def versions(ctx: typer.Context, incomplete: str) -> list[str]:
    """The beginnings of NAME=VERSION, and the version that a service has now."""
    name, equals, _ = incomplete.partition("=")
    known = _services(ctx)
    if not equals:
        return _starting([f"{service}=" for service in known], incomplete)
    return _starting([f"{name}={known[name]}"] if known.get(name) else [], incomplete)


def _services(ctx: typer.Context) -> dict[str, str]:
    import yaml

    from tidegate.cli import config
    from tidegate.model.errors import TidegateError

    found: dict[str, str] = {}
    try:
        project = config.project()
        named = ctx.params.get("stack")
        for stack in [named.rpartition("/")[2]] if named else config.stacks(project):
            raw: Any = yaml.safe_load(project.stack_file(stack).read_text())
            said = raw["config"]["tidegate:services"]
            found |= {str(name): str((service or {}).get("version", "")) for name, service in said.items()}
    except (TidegateError, OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        # A file that isn't right yet is nothing to speak of while somebody types.
        return found
    return found


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
