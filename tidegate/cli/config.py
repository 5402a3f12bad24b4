"""`tidegate config`: what the stacks are told. Showing it, and its history, have files of their own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.output import print_json, show_error, show_text
from tidegate.model.errors import ConfigurationError, ExitCode, NoSuchStackError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.engine.settings.project import Project
    from tidegate.model.intent.intent import Intent
    from tidegate.model.loading import Problem

app = typer.Typer(help="What the stacks are told: check it, show it in full, compare it, see what it was.", no_args_is_help=True)

Stack = Annotated[str | None, typer.Option("--stack", "-s", metavar="STACK", help="Whose configuration: staging.")]
File = Annotated[Path | None, typer.Option("--file", "-f", help="Instead of a stack: a file like Pulumi.<stack>.yaml.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@dataclass(frozen=True, slots=True)
class Source:
    """A stack's file."""

    file: Path
    project: str
    stack: str | None = None


@app.command()
def validate(*, stack: Stack = None, file: File = None, json: Json = False) -> None:
    """Check what stacks are told: everything that is wrong, with file, line and what is allowed. Exit code 2 when something is.

    Without --stack or --file all stacks of the project are checked.
    """
    from tidegate.model.loading import load

    loaded = [(source, load(source.file, source.project)) for source in sources(stack, file)]
    problems = [problem for _, found in loaded for problem in found.problems]
    if json:
        print_json({"problems": [asdict(problem) for problem in problems]})
    else:
        show_problems(problems)
        for source, found in loaded:
            if found.intent is not None:
                show_text(f"{source.file}: all right: {_told(found.intent)}.")
    if problems:
        raise SystemExit(ExitCode.CONFIGURATION)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a stack's file, for editors: `# yaml-language-server: $schema=FILE` in its first line."""
    from tidegate.model.schema import document

    print_json(document())


def show_problems(problems: Sequence[Problem]) -> None:
    """Tell a person all that is wrong."""
    for problem in problems:
        show_text(str(problem))
    if problems:
        show_error(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} found; nothing was changed")


def sources(stack: str | None, file: Path | None) -> list[Source]:
    """The files that a command is about: of a stack, the one named, or of all stacks of the project."""
    if stack is not None and file is not None:
        raise ConfigurationError("give --stack or --file, not both")
    if file is not None:
        if not file.is_file():
            raise ConfigurationError(f"there is no file {file}")
        return [Source(file, _project_name())]
    found = project()
    if stack is not None:
        return [source_of(found, stack)]
    names = stacks(found)
    if not names:
        raise ConfigurationError(f"there is no Pulumi.<stack>.yaml in {found.stack_file('x').parent}; name a file with --file")
    return [source_of(found, name) for name in names]


def source(stack: str | None, file: Path | None) -> Source:
    """The one file that a command is about."""
    if stack is None and file is None:
        names = stacks(project())
        known = f"there are {', '.join(names)}" if names else "no Pulumi.<stack>.yaml is here"
        raise ConfigurationError(f"say which stack: --stack STACK ({known})")
    return sources(stack, file)[0]


def source_of(found: Project, stack: str) -> Source:
    """A stack's file; NoSuchStackError if it has none."""
    name = stack.rpartition("/")[2]
    file = found.stack_file(name)
    if not file.is_file():
        names = ", ".join(stacks(found))
        raise NoSuchStackError(f"the stack {name} has no {file.name}; {f'there are {names}' if names else 'nor has any other'}")
    return Source(shorter(file), found.name, name)


def project() -> Project:
    """The project of the current folder."""
    from embedded.engine.settings.errors import SettingsError
    from embedded.engine.settings.project import find_project

    try:
        return find_project(Path.cwd())
    except SettingsError as error:
        raise ConfigurationError(str(error)) from error


def stacks(found: Project) -> list[str]:
    """The stacks that have a file."""
    pattern = found.stack_file("*")
    return sorted(file.name.removeprefix("Pulumi.").removesuffix(pattern.suffix) for file in pattern.parent.glob(pattern.name))


def shorter(file: Path) -> Path:
    """A file as one names it here."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _project_name() -> str:
    """The project's name; a file of its own needs no project."""
    try:
        return project().name
    except ConfigurationError:
        return "tidegate"


def _told(intent: Intent) -> str:
    counts = ((len(intent.services), "service"), (len(intent.data), "data service"), (len(intent.secrets), "set of secrets"))
    return ", ".join(f"{count} {name if count == 1 else _plural(name)}" for count, name in counts if count)


def _plural(name: str) -> str:
    return "sets of secrets" if name == "set of secrets" else f"{name}s"
