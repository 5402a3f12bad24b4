"""`tidegate node`: a real Kubernetes node on this machine."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli.output import print_json, show, show_table, show_text
from tidegate.model.errors import CancelledError, ConfigurationError, TidegateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.node.choosing import Kind
    from embedded.node.clusters import Cluster

app = typer.Typer(help="A real Kubernetes node on this machine: real kubelet, real containers, real traffic.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--name", help="Which node, when there are several.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
_WIDTH = 14
_POLL = 0.2
_PIECE = 65536


@app.command()
def up(
    *,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Take this cluster, instead of starting one.", exists=True, dir_okay=False)
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="kind or own.", show_default="kind where Docker runs and kind is there, else own")
    ] = None,
    add_ons: Annotated[
        str | None,
        typer.Option(
            help="Of a node of our own: dns, storage, metrics, gateway, monitoring; or all, or none.",
            show_default="dns,storage,metrics,gateway, or what the node has already",
        ),
    ] = None,
    name: Name = "default",
    json: Json = False,
) -> None:
    """Start the node, or what doesn't run of it. The first time Kubernetes is built, which takes minutes; later it takes seconds."""
    from embedded.node import choosing, clusters
    from embedded.node.add_ons import catalog
    from embedded.node.needs import tool

    with failures():
        wanted = None if add_ons is None else catalog.named(add_ons)
        folder = _folder(name)
        wish = _kind(kind)
        known = clusters.remembered(folder)
        if known is None:
            chosen = choosing.choose(choosing.look(kubeconfig), wish)
            given = kubeconfig.absolute() if kubeconfig else None
        else:
            chosen, given = known
            _refuse_different(name, known, wish, kubeconfig)
        cluster = clusters.cluster(folder, chosen, given, os.environ)
        started = time.monotonic()
        if chosen is choosing.Kind.KIND:
            clusters.remember(folder, chosen, given)  # what kind has made is to be found even if it fails half-way
        cluster.up(show_text, wanted)
        clusters.remember(folder, chosen, given)
        took = round(time.monotonic() - started, 1)
    facts: dict[str, Any] = {"kind": str(chosen), "kubeconfig": str(cluster.kubeconfig), "seconds": took}
    urls, kubectl = dict(cluster.urls()), tool("kubectl")
    if json:
        print_json({**facts, "urls": urls, "kubectl": kubectl})
        return
    show_text(f"The node {name} is up.")
    for label, value in {**facts, **urls}.items():
        show(label, str(value), _WIDTH)
    more = _naming(name)
    show_text(
        f"Try next:\n"
        f"  export KUBECONFIG={cluster.kubeconfig}\n"
        + (f"  {kubectl} get pods --all-namespaces\n" if kubectl else "")
        + f"  tidegate node status{more}\n"
        f"  tidegate node load-image ARCHIVE{more}\n"
        f"  tidegate node down{more}"
    )


@app.command()
def down(*, name: Name = "default", json: Json = False) -> None:
    """End the node and take back all that it has changed on this machine. A cluster that was given is left alone."""
    from embedded.node import clusters
    from embedded.node.choosing import Kind

    with failures():
        folder = _folder(name)
        kind, given = clusters.remembered(folder) or (Kind.OWN, None)
        there = clusters.cluster(folder, kind, given, os.environ).down()
    if json:
        print_json({"ended": there})
    else:
        show_text(f"The node {name} is gone." if there else f"The node {name} wasn't up.")


@app.command()
def status(*, name: Name = "default", json: Json = False) -> None:
    """Say how the node and its parts are. Exit code 1 when it isn't ready."""
    with failures():
        cluster, kind = _cluster(name)
        found = {"kind": str(kind), "kubeconfig": str(cluster.kubeconfig), **cluster.status()}
    if json:
        print_json(found)
    else:
        _tell(found)
    if found.get("killed"):
        raise TidegateError(f"nothing of the node {name} runs, though nobody took it down; start it again: tidegate node up{_naming(name)}")
    if not found["ready"]:
        more = _naming(name)
        raise TidegateError(f"the node {name} isn't ready; see `tidegate node logs{more}`, or heal it: tidegate node up{more}")


@app.command()
def logs(
    part: Annotated[str | None, typer.Argument(help="Such as kubelet or etcd.", show_default="all")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until interrupted.")] = False,
    lines: Annotated[int, typer.Option(min=0, help="How many of each part's last lines.")] = 20,
    name: Name = "default",
) -> None:
    """Print what the node's parts wrote."""
    with failures():
        cluster, _ = _cluster(name)
        files = dict(cluster.logs())
        if part is not None:
            if part not in files:
                raise ConfigurationError(f"there is no part {part!r} with a log; there are: {', '.join(files) or 'none'}")
            files = {part: files[part]}
        ends = {each: _print_last(path, lines, f"{each}: " if len(files) > 1 else "") for each, path in files.items()}
        while follow:
            time.sleep(_POLL)
            for each, path in files.items():
                ends[each] = _print_from(path, ends[each], f"{each}: " if len(files) > 1 else "")


@app.command()
def kubeconfig(*, name: Name = "default", json: Json = False) -> None:
    """Print where the clients' file is: export KUBECONFIG=$(tidegate node kubeconfig)."""
    with failures():
        cluster, _ = _cluster(name)
    if json:
        print_json({"kubeconfig": str(cluster.kubeconfig)})
    else:
        sys.stdout.write(f"{cluster.kubeconfig}\n")


@app.command(name="load-image")
def load_image(
    archive: Annotated[Path, typer.Argument(help="An OCI or Docker archive.", exists=True, dir_okay=False)],
    *,
    name: Name = "default",
    json: Json = False,
) -> None:
    """Give the node the images of an archive; pods need `imagePullPolicy: IfNotPresent` or `Never`."""
    with failures():
        cluster, _ = _cluster(name)
        names = cluster.load(archive)
    if json:
        print_json({"images": names})
    else:
        show_text(f"Loaded {', '.join(names) or archive}.")


@contextmanager
def failures() -> Iterator[None]:
    """What goes wrong with a node, as errors of this command."""
    from embedded.node.errors import NodeError
    from embedded.node.needs import MissingError

    try:
        yield
    except MissingError as error:
        raise ConfigurationError(str(error)) from error
    except NodeError as error:
        raise TidegateError(str(error)) from error
    except KeyboardInterrupt as error:
        raise CancelledError("interrupted; `tidegate node status` says how the node is, and `tidegate node down` takes it away") from error


def _folder(name: str) -> Any:
    from embedded.node.folder import folder

    return folder(name, os.environ)


def _cluster(name: str) -> tuple[Cluster, Kind]:
    """The node of that name, which must have been started."""
    from embedded.node import clusters

    folder = _folder(name)
    if (known := clusters.remembered(folder)) is None:
        raise TidegateError(f"the node {name} isn't up; start it with `tidegate node up{_naming(name)}`")
    return clusters.cluster(folder, *known, os.environ), known[0]


def _naming(name: str) -> str:
    """What a command that is proposed has to say of the node."""
    return "" if name == "default" else f" --name {name}"


def _kind(text: str | None) -> Kind | None:
    from embedded.node.choosing import Kind

    if text is None:
        return None
    if text not in {Kind.KIND, Kind.OWN}:
        raise ConfigurationError(f"there is no kind of node called {text!r}: take kind or own, or give a cluster with --kubeconfig")
    return Kind(text)


def _refuse_different(name: str, known: tuple[Kind, Path | None], wish: Kind | None, kubeconfig: Path | None) -> None:
    kind, given = known
    if (wish is not None and wish != kind) or (kubeconfig is not None and kubeconfig.absolute() != given):
        what = f"the cluster of {given}" if given else "a kind cluster" if kind == "kind" else "a node of our own"
        raise ConfigurationError(f"the node {name} is up already, and it is {what}; take it down first, or leave the flags out")


def _tell(found: dict[str, Any]) -> None:
    parts = found.get("parts", {})
    pods = ", ".join(f"{count} {phase}" for phase, count in found.get("pods", {}).items()) or "none"
    nodes = ", ".join(f"{node} {'ready' if ready else 'not ready'}" for node, ready in found.get("nodes", {}).items())
    facts = {
        "kind": found["kind"],
        "kubeconfig": found["kubeconfig"],
        "ready": "yes" if found["ready"] else "no",
        **({"version": found["version"], "pods": pods, "add-ons": ", ".join(found["add_ons"]) or "none", **found["urls"]} if parts else {}),
        **({"nodes": nodes} if nodes else {}),
    }
    for label, value in facts.items():
        show(label, value, _WIDTH)
    if parts:
        rows = [[part, str(one["pid"] or "-"), _word(one)] for part, one in parts.items()]
        show_table(["part", "pid", "state"], rows)


def _word(part: dict[str, Any]) -> str:
    if part["pid"] is None:
        return "not running"
    return "answers" if part["ready"] else "doesn't answer"


def _print_last(path: Path, lines: int, head: str) -> int:
    """Print a file's last lines; where it ended."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - _PIECE))
            found = file.read(end - file.tell()).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return 0
    for line in found[-lines:] if lines else ():
        sys.stdout.write(f"{head}{line}\n")
    return end


def _print_from(path: Path, start: int, head: str) -> int:
    """Print the whole lines that have come since; where they ended."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            came = file.read()
    except FileNotFoundError:
        return start
    whole = came[: came.rfind(b"\n") + 1]
    for line in whole.decode(errors="replace").splitlines():
        sys.stdout.write(f"{head}{line}\n")
    sys.stdout.flush()
    return start + len(whole)
