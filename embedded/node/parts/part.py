"""What a part is made from, and what it is."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedded.node.apart import Apart
    from embedded.node.folder import Folder
    from embedded.node.network import Network

_TIMEOUT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Setup:
    """All that the parts have to know of their node."""

    folder: Folder
    network: Network
    commands: Mapping[str, str]
    """Where each command is."""
    plugins: Path
    cgroup: str
    snapshotter: str
    pause: str
    """The image that holds a pod's namespaces."""
    doors: Mapping[str, int] = field(default_factory=dict)
    """The ports on 127.0.0.1 that add-ons have, by their parts' names."""

    @property
    def node(self) -> str:
        """What the node is called in its own cluster."""
        return f"tidegate-{self.folder.name}"

    def pki(self, name: str) -> str:
        """A file of keys or certificates."""
        return str(self.folder.pki / name)

    def config(self, name: str) -> Path:
        """A part's own file."""
        return self.folder.path / "config" / name


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the node."""

    name: str
    command: tuple[str, ...]
    answers: tuple[str, int] | Path
    """An address, or a socket's file; or a file, if it writes one and answers nobody."""
    files: Mapping[Path, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: bool = False
    """Whether it mounts things, and so runs in the node's own mount namespace."""
    apart: Apart | None = None
    """The network and the root of its own that it runs in, if it does."""
    takes: Sequence[tuple[str, int]] = ()
    """Addresses that it listens on only when it is told to: they must be free when it is started."""
    healthy: str = ""
    """A path that it answers with success once it is ready, when that says more than that it listens."""

    def is_ready(self) -> bool:
        """Whether it answers."""
        if self.healthy and not isinstance(self.answers, Path):
            return _succeeds(*self.answers, self.healthy)
        if isinstance(self.answers, Path) and self.answers.is_file():
            return True
        kind = socket.AF_UNIX if isinstance(self.answers, Path) else socket.AF_INET
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.settimeout(_TIMEOUT)
            return probe.connect_ex(str(self.answers) if isinstance(self.answers, Path) else self.answers) == 0


def _succeeds(host: str, port: int, path: str) -> bool:
    connection = HTTPConnection(host, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < HTTPStatus.BAD_REQUEST
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def text(content: dict[str, Any]) -> str:
    """A configuration file's content."""
    return yaml.safe_dump(content, sort_keys=False)


def flags(**values: str | int | bool) -> list[str]:
    """Flags as Kubernetes' parts take them."""
    said = {name.replace("_", "-"): str(value).lower() if isinstance(value, bool) else value for name, value in values.items()}
    return [f"--{name}={value}" for name, value in said.items()]
