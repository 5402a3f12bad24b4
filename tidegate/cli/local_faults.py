"""`tidegate local faults`: what goes wrong in the local cluster, on demand."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from tidegate.cli import local
from tidegate.cli.output import print_json, show_table, show_text

app = typer.Typer(help="What goes wrong in the cluster, on demand: requests, pods and nodes that fail.")

_KINDS = "A status (409, 429, 500, 503, ...), slow, drop, lost, watch-drop; crash, oom, evict, unready; node-lost, node-back."
_DURATION = "DURATION"
_TIMES = ("after", "period", "lasts", "delay")


@app.callback(invoke_without_command=True)
def faults(context: typer.Context, *, name: local.Name = "local", json: local.Json = False) -> None:
    """Say which faults are in force, and what they have struck."""
    if context.invoked_subcommand is None:
        _tell(local.ask(name, "GET", "/faults"), json=json)


@app.command(name="list")
def list_(*, name: local.Name = "local", json: local.Json = False) -> None:
    """Say which faults are in force, and what they have struck."""
    _tell(local.ask(name, "GET", "/faults"), json=json)


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help=_KINDS)],
    *,
    verb: Annotated[str | None, typer.Option(help="get, list, watch, create, update, patch, apply, delete, deletecollection.")] = None,
    resource: Annotated[str | None, typer.Option(help="A plural: deployments, pods/eviction, *.apps.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="Of the object.")] = None,
    object_: Annotated[str | None, typer.Option("--object", help="The object's name: web-*. Creates and lists have none.")] = None,
    path: Annotated[str | None, typer.Option(help="The URL's path, for what is about no object: /apis*.")] = None,
    agent: Annotated[str | None, typer.Option(help="The client, by its User-Agent: kubectl*.")] = None,
    nth: Annotated[int | None, typer.Option(help="Only the nth of these requests.")] = None,
    every: Annotated[int | None, typer.Option(help="Each so-many-th of them.")] = None,
    delay: Annotated[
        float | None, typer.Option(parser=local.seconds, metavar=_DURATION, help="How slow `slow` is, in real time.", show_default="1s")
    ] = None,
    events: Annotated[int | None, typer.Option(help="What a watch tells before `watch-drop` ends it.", show_default="1")] = None,
    retry_after: Annotated[int | None, typer.Option(help="Seconds, for a status's Retry-After.")] = None,
    pod: Annotated[str | None, typer.Option(help="Which pods: shop/web-*.", show_default="all")] = None,
    node: Annotated[str | None, typer.Option(help="Which nodes: node-2.", show_default="all")] = None,
    after: Annotated[
        float | None, typer.Option(parser=local.seconds, metavar=_DURATION, help="When it begins for pods or nodes.", show_default="now")
    ] = None,
    period: Annotated[
        float | None, typer.Option(parser=local.seconds, metavar=_DURATION, help="It strikes pods again each such time.")
    ] = None,
    probability: Annotated[float | None, typer.Option(help="Strikes each of them with this chance, by the seed.", show_default="1")] = None,
    count: Annotated[int | None, typer.Option(help="Strikes so many times at most.")] = None,
    lasts: Annotated[
        float | None, typer.Option(parser=local.seconds, metavar=_DURATION, help="Ends after such a time of the cluster's.")
    ] = None,
    name: local.Name = "local",
    json: local.Json = False,
) -> None:
    """Let something go wrong from now on.

    Requests are chosen with --verb, --resource, --namespace, --object, --path and --agent, pods with --pod, nodes with --node; * and ?
    stand for anything. `drop` breaks the connection before the request is handled, `lost` after it.
    """
    requests = {"verb": verb, "resource": resource, "namespace": namespace, "name": object_, "path": path, "agent": agent}
    which = {"nth": nth, "every": every, "probability": probability, "count": count, "pod": pod, "node": node}
    how = {"delay": delay, "events": events, "retry_after": retry_after, "after": after, "period": period, "lasts": lasts}
    given = {key: value for key, value in (requests | which | how).items() if value is not None}
    fault = local.ask(name, "POST", "/faults", {"kind": kind, **given})
    if json:
        print_json(fault)
        return
    show_text(f"Fault {fault['id']}: {kind}{_what(fault)}. {_outcome(fault, name)}")


@app.command()
def remove(
    fault: Annotated[str, typer.Argument(metavar="ID", help="Its number, as `list` says it.")],
    *,
    name: local.Name = "local",
    json: local.Json = False,
) -> None:
    """End a fault; nodes come back and pods are ready again."""
    _tell_removed(local.ask(name, "DELETE", f"/faults/{quote(fault, safe='')}"), json=json)


@app.command()
def clear(*, name: local.Name = "local", json: local.Json = False) -> None:
    """End all faults; nodes come back and pods are ready again."""
    _tell_removed(local.ask(name, "DELETE", "/faults"), json=json)


def _tell(found: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(found)
    elif not found["faults"]:
        show_text("There are no faults. Try: tidegate local faults add 503 --verb create --nth 3")
    else:
        heads = ("ID", "KIND", "WHAT", "STRUCK", "STATE", "LAST")
        show_table(heads, [_row(fault) for fault in found["faults"]])


def _tell_removed(answer: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(answer)
    else:
        show_text(f"{answer['removed']} fault{'s' if answer['removed'] != 1 else ''} ended.")


def _outcome(fault: dict[str, Any], name: str) -> str:
    struck = f"It struck {', '.join(fault['hits'])}." if fault["hits"] else ""
    if fault["spent"]:
        return struck or "It struck nothing: nothing that it means runs."
    until = " after that time, or" if "lasts" in fault else ""
    return f"{struck} It ends{until} with `tidegate local faults remove {fault['id']}{local.naming(name)}`.".strip()


def _row(fault: dict[str, Any]) -> tuple[str, ...]:
    state = "over" if fault["spent"] else "in force"
    hits = fault["hits"]
    return fault["id"], fault["kind"], _what(fault).strip() or "everything", str(fault["struck"]), state, hits[-1] if hits else "-"


def _what(fault: dict[str, Any]) -> str:
    """What was asked for, as flags."""
    shown = {key: value for key, value in fault.items() if key not in {"id", "kind", "spent", "counted", "struck", "hits"}}
    words = {key: f"{value:g}s" if key in _TIMES else str(value) for key, value in shown.items()}
    return "".join(f" --{'object' if key == 'name' else key.replace('_', '-')} {value}" for key, value in words.items())
