"""`tidegate local`: a Kubernetes cluster on this machine, for trying things out. Its faults and its traffic have files of their own."""

from __future__ import annotations

import math
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.output import print_json, show, show_text
from tidegate.model.errors import CancelledError, ConfigurationError, TidegateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.place import Place, Running

app = typer.Typer(help="A Kubernetes cluster on this machine: real API, simulated pods and users, faults on demand.", no_args_is_help=True)
clock = typer.Typer(help="The cluster's time: see it, let it pass, make it run faster.")
app.add_typer(clock, name="clock")

Name = Annotated[str, typer.Option("--name", help="Which local cluster, when there are several.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
_WIDTH = 12


def seconds(text: str) -> float:
    """A duration as people write it: 250ms, 30s, 1m30s, or a bare number of seconds."""
    from embedded.cluster.behaviour import duration

    try:
        return duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def up(
    *,
    rate: Annotated[
        float | None, typer.Option(min=0, help="Seconds that pass in it in a second; 0: only by `clock advance`.", show_default="1")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all chance: the same seed gives the same run.", show_default="0")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of the API.", show_default="any that is free")] = None,
    prometheus_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the Prometheus API.", show_default="any that is free")
    ] = None,
    nodes: Annotated[int | None, typer.Option(min=1, max=100, help="How many nodes it has.", show_default="3")] = None,
    name: Name = "local",
    json: Json = False,
) -> None:
    """Start the cluster in the background, or say where it is when it runs already."""
    from embedded.cluster import launch

    with failures():
        running, fresh = launch.up(_place(name), name, launch.Wish(seed, rate, nodes, port, prometheus_port))
    if json:
        print_json(_facts(running))
        return
    show_text(f"The cluster {name} {'is up' if fresh else 'runs already'}.")
    for label, value in _facts(running).items():
        show(label, str(value), _WIDTH)
    more = naming(name)
    show_text(
        f"Try next:\n"
        f"  export KUBECONFIG={running.kubeconfig}\n"
        f"  kubectl create deployment web --image shop:1.0 --replicas 3 && kubectl expose deployment web --port 80\n"
        f"  tidegate local traffic start default/web --rate 100{more}\n"
        f"  tidegate local traffic report{more}\n"
        f"  tidegate local faults add crash --pod 'default/web-*'{more}\n"
        f"  tidegate local down{more}"
    )


@app.command()
def down(*, name: Name = "local", json: Json = False) -> None:
    """End the cluster and remove all that it leaves."""
    from embedded.cluster import launch

    with failures():
        ended = launch.down(_place(name))
    if json:
        print_json({"ended": ended.pid is not None, "forced": ended.forced})
    elif ended.pid is None:
        show_text(f"The cluster {name} wasn't running.")
    else:
        show_text(f"The cluster {name} is gone{', by force: it did not end by itself' if ended.forced else ''}.")


@app.command()
def status(*, name: Name = "local", json: Json = False) -> None:
    """Say whether the cluster runs, where, and how it is. Exit code 1 when it doesn't run."""
    with failures():
        place = _place(name)
        running = place.running()
        found = None if running is None else call(running, "GET", "/")
    if running is None or found is None:
        if json:
            print_json({"running": False})
        raise TidegateError(_not_running(place, name))
    if json:
        print_json({"running": True, **_facts(running), **found})
        return
    for label, value in {**_facts(running), **_status(found)}.items():
        show(label, str(value), _WIDTH)


@app.command()
def journal(*, name: Name = "local") -> None:
    """Print what has happened in the cluster, as JSON lines: at rate 0, byte by byte the same for the same seed and the same requests."""
    from embedded.cluster import client

    with failures(), reaching():
        sys.stdout.write(client.journal(_running(name)))


@clock.callback(invoke_without_command=True)
def show_clock(context: typer.Context, *, name: Name = "local", json: Json = False) -> None:
    """Say what time it is in the cluster."""
    if context.invoked_subcommand is None:
        _tell_clock(ask(name, "GET", "/clock"), json=json)


@clock.command()
def advance(
    duration: Annotated[float, typer.Argument(parser=seconds, metavar="DURATION", help="Such as 30s, 5m or 1h.")],
    *,
    name: Name = "local",
    json: Json = False,
) -> None:
    """Let time pass in one go: all that is due in between happens."""
    _tell_clock(ask(name, "POST", "/clock", {"advance": duration}), json=json)


@clock.command()
def rate(
    rate: Annotated[float, typer.Argument(min=0, help="1: as real time. 0: only by `clock advance`.")],
    *,
    name: Name = "local",
    json: Json = False,
) -> None:
    """Say how many seconds pass in the cluster in a second."""
    if not math.isfinite(rate):
        raise ConfigurationError(f"time can't pass {rate:g} times as fast; name a number, or jump with `tidegate local clock advance`")
    _tell_clock(ask(name, "POST", "/clock", {"rate": rate}), json=json)


def naming(name: str) -> str:
    """What a command that is proposed has to say of the cluster."""
    return "" if name == "local" else f" --name {name}"


def ask(name: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One call of the running cluster's control API."""
    with failures():
        return call(_running(name), method, path, body)


def call(running: Running, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One call of a cluster's control API."""
    from embedded.cluster import client

    with reaching():
        return client.call(running, method, path, body)


@contextmanager
def reaching() -> Iterator[None]:
    """What goes wrong with a call of the control API, as errors of this command."""
    from embedded.cluster import client

    try:
        yield
    except client.ControlError as error:
        raise ConfigurationError(str(error)) from error
    except client.UnreachableError as error:
        raise TidegateError(f"{error}; if it stays so: tidegate local down") from error


@contextmanager
def failures() -> Iterator[None]:
    """What goes wrong with a local cluster, as errors of this command."""
    from embedded.cluster.launch import DifferentError, LaunchError
    from embedded.cluster.place import PlaceError

    try:
        yield
    except (PlaceError, DifferentError, ValueError) as error:
        raise ConfigurationError(str(error)) from error
    except LaunchError as error:
        raise TidegateError(str(error)) from error
    except KeyboardInterrupt as error:
        raise CancelledError("interrupted; `tidegate local status` says whether the cluster runs") from error


def _place(name: str) -> Place:
    from embedded.cluster import launch

    return launch.place(name, os.environ)


def _running(name: str) -> Running:
    """The cluster of that name, which must run."""
    place = _place(name)
    if (running := place.running()) is None:
        raise TidegateError(_not_running(place, name))
    return running


def _not_running(place: Place, name: str) -> str:
    start = f"start it with `tidegate local up{naming(name)}`"
    if place.read() is None:
        return f"the cluster {name} isn't running; {start}"
    return f"the cluster {name} isn't running: it ended without being told to; {start}, or see what it said in {place.log}"


def _facts(running: Running) -> dict[str, Any]:
    return {"kubeconfig": running.kubeconfig, "url": running.url, "prometheus": running.prometheus, "pid": running.pid}


def _status(found: dict[str, Any]) -> dict[str, str]:
    time = found["clock"]
    return {
        "version": found["version"],
        "seed": str(found["seed"]),
        "time": f"{time['now']} ({_pace(time['rate'])})",
        "nodes": ", ".join(f"{node} {state}" for node, state in found["nodes"].items()),
        "pods": f"{found['pods']['ready']} of {found['pods']['all']} ready",
        "requests": str(found["requests"]),
        "faults": str(found["faults"]),
        "flows": str(found["flows"]),
    }


def _tell_clock(time: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(time)
    else:
        show_text(f"It is {time['now']} in the cluster, {time['elapsed']:g} s after its start; {_pace(time['rate'])}.")


def _pace(rate: float) -> str:
    return {0.0: "time passes by hand", 1.0: "in real time"}.get(rate, f"{rate:g} times as fast as real time")
