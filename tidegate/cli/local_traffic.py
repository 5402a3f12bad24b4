"""`tidegate local traffic`: virtual users of the local cluster's services."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from tidegate.cli import local
from tidegate.cli.output import print_json, show_table, show_text
from tidegate.model.errors import ConfigurationError

app = typer.Typer(help="Virtual users of the cluster's services: start them, stop them, see how they fare.")


@app.callback(invoke_without_command=True)
def traffic(context: typer.Context, *, name: local.Name = "local", json: local.Json = False) -> None:
    """Say how the users fare, by service, slot and version."""
    if context.invoked_subcommand is None:
        _tell(local.ask(name, "GET", "/report"), json=json)


@app.command()
def start(
    target: Annotated[str, typer.Argument(help="A Service (shop/web, shop/web/cart), or the URL of an HTTPRoute's host.")],
    *,
    rate: Annotated[float, typer.Option(min=0, help="Requests a second.")] = 100.0,
    method: Annotated[str, typer.Option(help="GET, POST, ...")] = "GET",
    header: Annotated[list[str] | None, typer.Option(help="NAME: VALUE. As often as needed.")] = None,
    flow: Annotated[str | None, typer.Option(help="What to call these users.", show_default="TARGET")] = None,
    name: local.Name = "local",
    json: local.Json = False,
) -> None:
    """Let users come, or change how many of them there are."""
    wish = {"name": flow or target, "url": _url(target), "rate": rate, "method": method, "headers": dict(map(_header, header or []))}
    started = local.ask(name, "POST", "/flows", wish)
    if json:
        print_json(started)
    else:
        show_text(
            f"{rate:g} requests a second go to {started['url']}. See how they fare: tidegate local traffic report{local.naming(name)}"
        )


@app.command()
def stop(
    flow: Annotated[str | None, typer.Argument(help="Which users, as `start` called them.", show_default="all")] = None,
    *,
    name: local.Name = "local",
    json: local.Json = False,
) -> None:
    """Send users away."""
    answer = local.ask(name, "DELETE", "/flows" if flow is None else f"/flows/{quote(flow, safe='')}")
    if json:
        print_json(answer)
    else:
        show_text(f"{answer['removed']} flow{'s' if answer['removed'] != 1 else ''} stopped.")


@app.command(name="list")
def list_(*, name: local.Name = "local", json: local.Json = False) -> None:
    """Say which users there are."""
    found = local.ask(name, "GET", "/flows")
    if json:
        print_json(found)
    elif not found["flows"]:
        show_text(_NONE)
    else:
        heads = ("FLOW", "RATE", "METHOD", "URL", "REQUESTS", "FAILED")
        show_table(heads, [_flow_row(flow) for flow in found["flows"]])


@app.command()
def report(*, name: local.Name = "local", json: local.Json = False) -> None:
    """Say how the users fare, by service, slot and version."""
    _tell(local.ask(name, "GET", "/report"), json=json)


_NONE = "There is no traffic. Try: tidegate local traffic start NAMESPACE/SERVICE --rate 100"


def _url(target: str) -> str:
    if "://" in target:
        return target
    namespace, slash, rest = target.partition("/")
    service, _, path = rest.partition("/")
    if not (namespace and slash and service):
        raise ConfigurationError(f"{target!r} is neither NAMESPACE/SERVICE, such as shop/web, nor a URL, such as http://shop.example/cart")
    return f"http://{service}.{namespace}.svc/{path}"


def _header(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon or not key.strip():
        raise ConfigurationError(f"--header {text!r} is not of the form 'NAME: VALUE'")
    return key.strip(), value.strip()


def _tell(found: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(found)
    elif not found["backends"]:
        show_text(_NONE)
    else:
        heads = ("SERVICE", "SLOT", "VERSION", "REQUESTS", "ERRORS", "P50", "P99")
        show_table(heads, [_row(backend) for backend in found["backends"]])


def _flow_row(flow: dict[str, Any]) -> tuple[str, ...]:
    return flow["name"], f"{flow['rate']:g}/s", flow["method"], flow["url"], str(flow["requests"]), str(flow["failed"])


def _row(backend: dict[str, Any]) -> tuple[str, ...]:
    share = backend["failed"] / backend["requests"] if backend["requests"] else 0.0
    times = (f"{backend[key] * 1000:.0f} ms" if backend[key] is not None else "-" for key in ("p50", "p99"))
    # A request that no route takes gets to no service.
    service = f"{backend['namespace']}/{backend['service']}" if backend["service"] else "-"
    return service, backend["slot"] or "-", backend["version"] or "-", str(backend["requests"]), f"{share:.2%}", *times
