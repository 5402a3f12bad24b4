"""Runs an operation and shows it: a preview, a question, the change itself.

Of the engine it uses `api.Session.run_async(Request, sink, stop)`; the event `Cancel`, which says that nothing follows, is told
from here, because only here it is known.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from embedded.engine.command.operation_flags import display_options, engine_options, environment
from embedded.engine.command.terminal import choose, complain
from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import ConfigurationError, EngineError, UnexpectedChangesError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.engine.api import Request, Session
    from embedded.engine.command.context import Context
    from embedded.engine.command.hosting import Hosts
    from embedded.engine.deploy.options import ImportSpec, Kind, Outcome
    from embedded.engine.display.event_json import EventEncoder
    from embedded.engine.display.eventlog import EventLog
    from embedded.engine.model.events import Event, Sink

# What each kind is called: in the preview's title, in the change's title, in the question.
_TITLES: Final = {
    "preview": ("Previewing update", "", "preview"),
    "update": ("Previewing update", "Updating", "update"),
    "refresh": ("Previewing refresh", "Refreshing", "refresh"),
    "destroy": ("Previewing destroy", "Destroying", "destroy"),
    "import": ("Previewing import", "Importing", "import"),
}
_UNCOUNTED: Final = ("same", "read", "discard", "read-replacement")


class NotConfirmedError(EngineError):
    """Somebody would have to be asked, and nobody can be: of a refresh, this is no wrong configuration to the CLI."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to run."""

    kind: Kind
    session: Session
    hosts: Hosts
    imports: tuple[ImportSpec, ...] = ()
    targets: tuple[str, ...] | None = None


def check_confirmation(context: Context, kind: Kind) -> None:
    """Raise unless there is a way to have the change approved."""
    given = context.given
    if context.interactive or given.on("yes") or given.on("skip-preview") or given.on("preview-only"):
        return
    msg = "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode"
    raise NotConfirmedError(msg) if kind == "refresh" else ConfigurationError(msg)


def carry_out(context: Context, task: Task) -> Outcome | None:
    """Preview, ask, change. None: it was only previewed, or not approved. Raises what ended it badly."""
    given = context.given
    only = task.kind == "preview" or given.on("preview-only")
    if only or not given.on("skip-preview"):
        outcome = run_once(context, task, dry_run=True)
        if only:
            check_expectation(context, task.kind, outcome)
            return None
    if not approved(context, task.kind):
        return None
    outcome = run_once(context, task, dry_run=False)
    check_expectation(context, task.kind, outcome)
    return outcome


def approved(context: Context, kind: Kind) -> bool:
    """Whether the user agrees; who cannot be asked has said so with a flag."""
    if context.given.on("yes") or not context.interactive:
        return True
    warning = " without a preview" if context.given.on("skip-preview") else ""
    if choose(f"Do you want to perform this {_TITLES[kind][2]}{warning}?", ("no", "yes")) == "yes":
        return True
    msg = f"confirmation declined, not proceeding with the {kind}"
    raise EngineError(msg)


def check_expectation(context: Context, kind: Kind, outcome: Outcome) -> None:
    """Raise if something changed and nothing was to."""
    if context.given.on("expect-no-changes") and any(n for op, n in outcome.changes.items() if op not in _UNCOUNTED):
        msg = f"no changes were expected for {_TITLES[kind][2]} but changes were proposed"
        raise UnexpectedChangesError(msg)


def run_once(context: Context, task: Task, *, dry_run: bool) -> Outcome:
    """Run the operation once, for real or not, and show it. Raises what ended it badly."""
    from dataclasses import replace

    from embedded.engine.api import Request, log_to

    options = engine_options(context, dry_run=dry_run, imports=task.imports)
    if task.targets is not None:
        options = replace(options, targets=task.targets)
    with _shown(context, task, dry_run=dry_run) as sink:
        request = Request(
            kind="preview" if dry_run and task.kind == "update" else task.kind,
            options=options,
            providers=task.hosts.providers(log_to(sink)),
            program=task.hosts.program,
            analyzers=task.hosts.analyzers if context.given.many("policy-pack") else None,
            message=context.given.text("message"),
            environment=environment(context),
        )
        outcome = asyncio.run(_stoppable(task.session, request, sink))
    if outcome.error is not None:
        raise outcome.error
    return outcome


async def _stoppable(session: Session, request: Request, sink: Sink) -> Outcome:
    """The operation; the first interrupt asks it to stop, the second ends it at once, a third doesn't even tidy up."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    operation = asyncio.ensure_future(session.run_async(request, sink, stop))

    def interrupted() -> None:
        if not stop.is_set():
            complain("\ncanceling; what has been started is waited for. To end at once (and leave pending operations), interrupt again.")
            stop.set()
        elif not operation.cancelling():
            # Its task alone, which closes what it opened, in order: gRPC writes a traceback when tasks of its server are cancelled.
            operation.cancel()
        else:
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
    try:
        return await operation
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@contextmanager
def _shown(context: Context, task: Task, *, dry_run: bool) -> Iterator[Sink]:
    """The displays of one run."""
    display, log = _display(context, task, dry_run=dry_run), _log(context)
    begun = False

    def sink(event: Event) -> None:
        nonlocal begun
        begun = True
        if log is not None:
            log(event)
        display(event)

    try:
        yield sink
    finally:
        # What never began, because the stack is locked say, has no end to show.
        if begun:
            sink(events.Cancel())
        sys.stdout.flush()
        if log is not None:
            log.close()


def _log(context: Context) -> EventLog | None:
    target = context.given.text("event-log")
    if not target:
        return None
    from embedded.engine.display.eventlog import open_event_log

    return open_event_log(target, _encoder(context))


def _encoder(context: Context) -> EventEncoder:
    from functools import partial

    from embedded.engine.backend import propertyjson
    from embedded.engine.display.event_json import EventEncoder, Masked

    colour = "raw" if context.given.text("color") == "raw" else "always" if context.colour else "never"
    return EventEncoder(partial(propertyjson.encode_value, secrets=Masked()), colour)


def _display(context: Context, task: Task, *, dry_run: bool) -> Sink:
    from embedded.engine.display.preview_json import JsonEvents, PreviewDigest

    options = display_options(context)
    if context.given.on("json"):
        if not dry_run:
            return JsonEvents(_encoder(context), _write)
        from functools import partial

        from embedded.engine.backend import codec
        from embedded.engine.display.event_json import Masked

        return PreviewDigest(partial(codec.encode_resource, secrets=Masked()), options, _write)
    title = _TITLES[task.kind][0 if dry_run else 1]
    shown = context.shown(task.session.stack)
    heading = options.style.headline(f"{title} ({shown}):") + "\n"
    if context.given.on("diff"):
        from embedded.engine.display.diff import DiffDisplay

        return titled(heading, DiffDisplay(options, _write, _complain))
    from embedded.engine.display.text import ProgressDisplay

    root = urns.root(task.session.stack.name, task.session.stack.project)
    return titled(heading, ProgressDisplay(root, title.lower(), options, _write, preview=dry_run))


def titled(heading: str, display: Sink) -> Sink:
    """The display, with a title that is printed before the first event."""
    waiting = [heading]

    def sink(event: Event) -> None:
        while waiting:
            _write(waiting.pop())
        display(event)

    return sink


def _complain(text: str) -> None:
    """Write to standard error, after what standard output has."""
    sys.stdout.flush()
    sys.stderr.write(text)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
