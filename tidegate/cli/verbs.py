"""What the verbs of releases have in common: whose stack, asking before users feel anything, telling how it goes, and how it ended."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from tidegate.cli import completing, config
from tidegate.cli.output import print_json, show_text
from tidegate.model.errors import CancelledError, ConfigurationError, ExitCode, TidegateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from tidegate.cli.progress import Teller
    from tidegate.driver.releases import Releases
    from tidegate.driver.results import Ended

Stack = Annotated[
    str | None,
    typer.Option("--stack", "-s", metavar="STACK", envvar="PULUMI_STACK", autocompletion=completing.stacks, help="Which stack: staging."),
]
Json = Annotated[bool, typer.Option("--json", help="Print what came of it as JSON, one object at the end.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Reason = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; it is kept with the release.")]
Why = Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; it is kept with the release.", show_default=False)]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Also wait for people: approvals, pauses, freezes. Else end there; `resume` goes on.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--override", metavar="GATE", help="Pass a gate by (freeze, approval, drift...); takes --reason.")
]
Incident = Annotated[str, typer.Option("--incident", metavar="ID", help="What a gate is passed by for: a number, or an address.")]

_WIDTH: Final = 8


@contextmanager
def releases(stack: str | None, *, json: bool = False, quiet: bool = False, drives: bool = True) -> Iterator[Releases]:
    """The releases of a stack. What happens is told as it happens, unless it is to be quiet: then they are only looked at.

    An interrupt ends the driving and nothing else: users stay where they are. With `json`, how it ended is printed also when it failed.
    """
    name = name_of(stack)
    try:
        with _interruptible(name, drives=drives and not quiet), ExitStack() as open_:
            teller = None if quiet else open_.enter_context(_telling(name))
            yield open_.enter_context(_opened(name, teller))
    except TidegateError as error:
        if json and not quiet:
            print_json({"phase": "", "release": None, "text": str(error), "code": int(error.code), "left": []})
        raise


def name_of(stack: str | None) -> str:
    """The stack that is meant, as Pulumi takes it; one that has a file here."""
    return str(config.source(stack, None).stack) if stack is None or "/" not in stack else stack


def _telling(name: str) -> AbstractContextManager[Teller]:
    from tidegate.cli.progress import telling

    return telling(name)


def _opened(stack: str, teller: Teller | None) -> Releases:
    from tidegate.driver.releases import Releases

    return Releases.open(stack, config.project().root, teller=teller)


@contextmanager
def _interruptible(stack: str, *, drives: bool) -> Iterator[None]:
    """The first interrupt, or a CI's wish that it ends, stops the driving where it is. Who only looks stops nothing by that."""

    def end(number: int, frame: Any) -> NoReturn:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except (KeyboardInterrupt, CancelledError) as interrupt:
        if not drives:
            raise CancelledError(str(interrupt) or "stopped looking; whatever is under way goes on") from interrupt
        said = f"{interrupt}. " if str(interrupt) else ""
        raise CancelledError(
            f"{said}nobody drives any more; users stay where they are. To go on: `tidegate resume --stack {stack}`, or the same "
            f"`tidegate release` again if it wasn't staged yet; to take it back: `tidegate abort --stack {stack} --reason TEXT`"
        ) from interrupt
    finally:
        signal.signal(signal.SIGTERM, before)


def agree(question: str, *, yes: bool) -> None:
    """Ask before users feel anything. Where nobody can be asked, the flag is named."""
    if yes:
        return
    must_be_asked(question)
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise CancelledError("nothing was changed")


def must_be_asked(what: str) -> None:
    """Without a terminal there is nobody who could be: that is said before anything is done."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(f"{what} Nobody is here to be asked: give --yes")


def finish(ended: Ended, *, json: bool) -> None:
    """Say how a verb ended, and end with its code."""
    if json:
        print_json(asdict(ended))
    else:
        show_text(ended.text)
        for one in ended.left:
            show_text(f"left to do: {one}")
    if ended.code != ExitCode.OK:
        raise SystemExit(ended.code)


def pairs(given: Sequence[str] | None, form: str, flag: str = "") -> dict[str, str]:
    """NAME=VALUE, several times; `form` says what it looks like."""
    found: dict[str, str] = {}
    for text in given or ():
        name, _, value = text.partition("=")
        if not name or not value:
            raise ConfigurationError(f"{flag}{text!r} isn't {form}")
        if found.get(name, value) != value:
            raise ConfigurationError(f"{name} is named twice, as {found[name]} and as {value}")
        found[name] = value
    return found
