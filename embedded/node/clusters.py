"""The three kinds of nodes, behind one face. Which kind a name means is written down in its folder when it is first up."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from httpx2 import HTTPError
from lightkube import Client, KubeConfig
from lightkube.core.exceptions import ApiError, ConfigError
from lightkube.resources.core_v1 import Node as NodeResource

from embedded.node.add_ons import catalog
from embedded.node.choosing import Kind
from embedded.node.errors import NodeError
from embedded.node.folder import write
from embedded.node.needs import tool
from embedded.node.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from embedded.node.folder import Folder

_TIMEOUT: Final = 10
_KIND_TIMEOUT: Final = 900
_CHOICE: Final = "choice.json"


class Cluster(Protocol):
    """A node of whichever kind."""

    @property
    def kubeconfig(self) -> Path:
        """The file by which clients find it."""

    def up(self, say: Callable[[str], None], add_ons: Sequence[str] | None) -> None:
        """Have it running, with add-ons: those that were asked for, or when nothing was said, what is usual."""

    def down(self) -> bool:
        """Have it gone; whether there was anything."""

    def status(self) -> dict[str, Any]:
        """How it is: `ready`, and what else there is to say."""

    def load(self, archive: Path) -> list[str]:
        """Give it the images of an archive."""

    def logs(self) -> Mapping[str, Path]:
        """What its parts wrote."""

    def urls(self) -> Mapping[str, str]:
        """Where add-ons take requests of programs on this machine."""


class Own:
    """A node of our own."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self._node = Node.open(name, environment)
        self.kubeconfig = self._node.kubeconfig

    def up(self, say: Callable[[str], None], add_ons: Sequence[str] | None) -> None:
        """Start what doesn't run of it. A new one has what any cluster has; one that is there keeps what it has, and gets what is named."""
        usual = () if self._node.folder.machine.exists() else catalog.DEFAULT
        self._node.up(say, usual if add_ons is None else add_ons)

    def down(self) -> bool:
        """End it, and take back all that it has changed."""
        return self._node.down()

    def status(self) -> dict[str, Any]:
        """How it and its parts are."""
        found = self._node.status()
        return {
            "ready": found.ready,
            "killed": found.left_behind,
            "version": found.version,
            "add_ons": list(catalog.read(self._node.folder).names),
            "urls": self._node.urls,
            "parts": {name: asdict(part) for name, part in found.parts.items()},
            "pods": dict(found.pods),
        }

    def load(self, archive: Path) -> list[str]:
        """Give it the images of an archive."""
        return self._node.load(archive)

    def logs(self) -> Mapping[str, Path]:
        """A file a part."""
        return {name: self._node.log(name) for name in self._node.parts}

    def urls(self) -> Mapping[str, str]:
        """Those that have a port on 127.0.0.1."""
        return self._node.urls


class Given:
    """Somebody else's cluster: looked at, and left alone."""

    def __init__(self, folder: Folder, kubeconfig: Path) -> None:
        self._folder, self.kubeconfig = folder, kubeconfig

    def up(self, _say: Callable[[str], None], add_ons: Sequence[str] | None) -> None:
        """See whether it is there."""
        if add_ons:
            raise NodeError(f"the cluster of {self.kubeconfig} was given, and is left as it is: it can't get {', '.join(add_ons)}")
        if not (nodes := _nodes(self.kubeconfig)):
            raise NodeError(f"the cluster of {self.kubeconfig} has no nodes")
        if not any(nodes.values()):
            raise NodeError(f"no node of the cluster of {self.kubeconfig} is ready: {', '.join(nodes)}")

    def down(self) -> bool:
        """Forget it: it isn't ours to end."""
        self._folder.clear()
        return True

    def status(self) -> dict[str, Any]:
        """How its nodes are."""
        nodes = _nodes(self.kubeconfig)
        return {"ready": any(nodes.values()), "nodes": nodes}

    def load(self, archive: Path) -> list[str]:
        """Refuse: it isn't known how that cluster gets its images."""
        raise NodeError(f"the cluster was given, so {archive} can't be loaded into it: push its images to a registry that the cluster uses")

    def logs(self) -> Mapping[str, Path]:
        """None that could be read from here."""
        return {}

    def urls(self) -> Mapping[str, str]:
        """None that we know of."""
        return {}


class InDocker:
    """A cluster in Docker, made by kind."""

    def __init__(self, folder: Folder) -> None:
        self._folder, self._name = folder, f"tidegate-{folder.name}"
        self.kubeconfig = folder.kubeconfig

    def up(self, say: Callable[[str], None], add_ons: Sequence[str] | None) -> None:
        """Make it, unless it is there."""
        if add_ons:
            raise NodeError(f"add-ons run on a node of our own only: a kind cluster can't get {', '.join(add_ons)}; see --kind own")
        self._folder.make()
        where = ["--name", self._name, "--kubeconfig", str(self.kubeconfig)]
        if self._name in _kind("get", "clusters").split():
            _kind("export", "kubeconfig", *where)
            return
        say(f"Making the kind cluster {self._name}.")
        _kind("create", "cluster", *where, "--wait", "120s")

    def down(self) -> bool:
        """Delete it."""
        there = self._name in _kind("get", "clusters").split()
        _kind("delete", "cluster", "--name", self._name)
        self._folder.clear()
        return there

    def status(self) -> dict[str, Any]:
        """How its nodes are."""
        nodes = _nodes(self.kubeconfig)
        return {"ready": any(nodes.values()), "nodes": nodes}

    def load(self, archive: Path) -> list[str]:
        """Give it the images of an archive; kind doesn't say which."""
        if not archive.is_file():
            raise NodeError(f"there is no image archive {archive}")
        _kind("load", "image-archive", str(archive), "--name", self._name)
        return []

    def logs(self) -> Mapping[str, Path]:
        """As kind exports them."""
        folder = self._folder.make("kind-logs")
        _kind("export", "logs", str(folder), "--name", self._name)
        return {path.stem: path for path in sorted(folder.glob("*/*.log"))}

    def urls(self) -> Mapping[str, str]:
        """None: what runs in kind is reached through its API."""
        return {}


def remembered(folder: Folder) -> tuple[Kind, Path | None] | None:
    """The kind that a name means, with the kubeconfig of a given one; None when it isn't up."""
    try:
        raw = json.loads((folder.path / _CHOICE).read_text())
        return Kind(raw["kind"]), Path(raw["kubeconfig"]) if raw.get("kubeconfig") else None
    except FileNotFoundError:
        # A node that was begun is our own, however far it came.
        return (Kind.OWN, None) if folder.machine.exists() else None
    except (ValueError, KeyError) as error:
        raise NodeError(f"{folder.path / _CHOICE} can't be read ({error}); take the node down, or remove that file") from error


def remember(folder: Folder, kind: Kind, kubeconfig: Path | None) -> None:
    """Write down the kind that a name means from now on."""
    folder.make()
    write(folder.path / _CHOICE, json.dumps({"kind": kind, "kubeconfig": str(kubeconfig) if kubeconfig else None}))


def cluster(folder: Folder, kind: Kind, kubeconfig: Path | None, environment: Mapping[str, str]) -> Cluster:
    """The node of that kind."""
    if kind is Kind.GIVEN and kubeconfig is not None:
        return Given(folder, kubeconfig)
    return InDocker(folder) if kind is Kind.KIND else Own(folder.name, environment)


def _nodes(kubeconfig: Path) -> dict[str, bool]:
    """A cluster's nodes, and whether each is ready."""
    try:
        with Client(config=KubeConfig.from_file(kubeconfig)) as client:
            nodes = list(client.list(NodeResource))
    except (ApiError, ConfigError, HTTPError, OSError, ValueError) as error:
        raise NodeError(f"the cluster of {kubeconfig} doesn't answer: {error}") from error
    return {
        (node.metadata.name or "") if node.metadata else "": any(
            one.type == "Ready" and one.status == "True" for one in ((node.status.conditions if node.status else None) or ())
        )
        for node in nodes
    }


def _kind(*arguments: str) -> str:
    command = [tool("kind") or "kind", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_KIND_TIMEOUT)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise NodeError(f"`{' '.join(command)}` could not be run: {error}") from error
    if done.returncode:
        raise NodeError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
    return done.stdout
