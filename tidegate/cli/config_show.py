"""`tidegate config show`: what a stack is told in full, defaults included."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tidegate.cli import config
from tidegate.cli.output import print_json, show_text
from tidegate.model.errors import ConfigurationError, ExitCode


def show(
    *,
    stack: config.Stack = None,
    file: config.File = None,
    json: config.Json = False,
    yaml: Annotated[bool, typer.Option("--yaml", help="Print it as YAML.")] = False,
) -> None:
    """Show what a stack is told in full: also what is a default, and says so. Secrets are not shown."""
    from tidegate.model.loading import load
    from tidegate.model.phrases import written
    from tidegate.model.resolving import as_yaml, resolved, tree

    if json and yaml:
        raise ConfigurationError("give --json or --yaml, not both")
    source = config.source(stack, file)
    loaded = load(source.file, source.project)
    if loaded.intent is None:
        config.show_problems(loaded.problems)
        raise SystemExit(ExitCode.CONFIGURATION)
    settings = resolved(loaded.intent)
    if json:
        origins = {written((f"tidegate:{s.path[0]}", *s.path[1:])): s.origin for s in settings if s.origin is not None}
        print_json({"file": str(source.file), "intent": tree(settings), "origins": origins})
        return
    lines = [f"{line}  # {origin}" if origin else line for line, origin in as_yaml(settings)]
    if yaml:
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        show_text("\n".join(lines))
