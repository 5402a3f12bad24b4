"""The verbs of `tidegate` other than `pulumi`, put together."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING

import typer

from tidegate.cli import (
    approving,
    completion,
    config,
    config_history,
    config_show,
    engine,
    freezing,
    gate,
    local,
    local_faults,
    local_traffic,
    looking,
    node,
    plan,
    policies,
    release,
    steering,
)
from tidegate.cli.output import show_error
from tidegate.model.errors import ExitCode, TidegateError

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    help="Release services with Pulumi: each step of a release is a stack update.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _verbs() -> None:
    """Keep the verbs' names, however few there are: with a single one typer would drop its name."""


@app.command(name="pulumi", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def _pulumi(arguments: list[str] | None = None) -> None:
    """Run any Pulumi command on the engine of choice (see `tidegate engine`). `tidegate pulumi --help` says what there is."""
    # Only listed here, for `tidegate --help`; `main` tells this verb apart before it comes to that.
    raise AssertionError(arguments)


def _verb(function: Callable[..., None], examples: str) -> None:
    """A verb, by its function's name and docstring; paragraphs of that are as wide as the terminal, not as the source."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    app.command(help="\n\n".join(" ".join(text.split()) for text in paragraphs), epilog=examples)(function)


_verb(looking.status, looking.STATUS)
_verb(plan.plan, plan.EXAMPLES)
_verb(release.release, release.RELEASE)
_verb(looking.watch, looking.WATCH)
_verb(steering.promote, steering.PROMOTE)
_verb(steering.pause, steering.PAUSE)
_verb(release.resume, release.RESUME)
_verb(steering.abort, steering.ABORT)
_verb(steering.rollback, steering.ROLLBACK)
_verb(release.switch, release.SWITCH)
_verb(steering.cleanup, steering.CLEANUP)
_verb(approving.approve, approving.APPROVE)
_verb(approving.reject, approving.REJECT)
_verb(freezing.freeze, freezing.FREEZE)
_verb(freezing.thaw, freezing.THAW)
_verb(looking.history, looking.HISTORY)
_verb(looking.wait, looking.WAIT)
_verb(looking.doctor, looking.DOCTOR)
_verb(completion.completion, completion.EXAMPLES)
app.command(name="engine")(engine.engine)
config.app.command()(config_show.show)
config.app.command()(config_history.diff)
config.app.command()(config_history.versions)
app.add_typer(config.app, name="config")
app.add_typer(gate.app, name="gate")
local.app.add_typer(local_faults.app, name="faults")
local.app.add_typer(local_traffic.app, name="traffic")
app.add_typer(policies.app, name="policies")
app.add_typer(local.app, name="local")
app.add_typer(node.app, name="node")


def run(arguments: list[str]) -> int:
    """Run a verb and return its exit code."""
    if completion.VARIABLE in os.environ:
        # A shell asks what it may fill in. Its ways are made known here, for typer does so only where it adds flags of its own.
        completion.prepare()
    try:
        app(arguments, prog_name=completion.PROGRAM)
    except TidegateError as error:
        show_error(str(error))
        return error.code
    except KeyboardInterrupt:
        show_error("interrupted")
        return ExitCode.CANCELLED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    return ExitCode.OK
