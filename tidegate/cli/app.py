"""The verbs of `tidegate` other than `pulumi`, put together."""

from __future__ import annotations

import typer

from tidegate.cli import config, config_history, config_show, engine, local, local_faults, local_traffic, node, plan
from tidegate.cli.output import show_error
from tidegate.model.errors import ExitCode, TidegateError

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


app.command(name="engine")(engine.engine)
app.command(name="plan")(plan.plan)
config.app.command()(config_show.show)
config.app.command()(config_history.diff)
config.app.command()(config_history.versions)
app.add_typer(config.app, name="config")
local.app.add_typer(local_faults.app, name="faults")
local.app.add_typer(local_traffic.app, name="traffic")
app.add_typer(local.app, name="local")
app.add_typer(node.app, name="node")


def run(arguments: list[str]) -> int:
    """Run a verb and return its exit code."""
    try:
        app(arguments)
    except TidegateError as error:
        show_error(str(error))
        return error.code
    except KeyboardInterrupt:
        show_error("interrupted")
        return ExitCode.CANCELLED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    return ExitCode.OK
