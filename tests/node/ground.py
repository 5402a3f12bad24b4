"""What tests on a real node stand on: where nodes live, what they need, and applying objects without kubectl."""

from __future__ import annotations

import hashlib
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml
from lightkube import Client, KubeConfig
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Pod, Service

from embedded.node import machine
from embedded.node.images import archive, debian
from embedded.node.images.packages import Packages
from embedded.node.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from embedded.node.images.debian import Recipe

_POLL: Final = 0.1
_PORT: Final = 3002


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the tests' nodes live."""

    environment: Mapping[str, str]
    name: str
    """The tests' own node: no other run's, and nobody's who works on this machine."""
    shop: Path
    """An archive of the example's images."""
    digests: Mapping[str, str]
    """What pins each of them, by its name."""

    def node(self, name: str | None = None) -> Node:
        """The node of that name; the tests' own."""
        return Node.open(name or self.name, self.environment)


def say(text: str) -> None:
    """What takes long says how far it is."""
    sys.stderr.write(f"{text}\n")


def servers(name: str, recipes: Mapping[str, Recipe]) -> Path:
    """An archive of images from Debian's packages, by what they are to be called. It is kept, as fetching packages takes a while."""
    path = archive.cache() / f"{name}-{hashlib.sha256(repr(recipes).encode()).hexdigest()[:12]}.tar"
    if not path.exists():
        packages = Packages(archive.cache() / "packages")
        archive.write_all(path, [debian.image(recipe, packages, called) for called, recipe in recipes.items()])
    return path


@contextmanager
def running(ground: Ground, add_ons: Iterable[str], *archives: Path) -> Iterator[Node]:
    """The tests' node, with these add-ons and with the images of these archives; nothing is left of it afterwards."""
    node = ground.node()
    try:
        node.up(say, add_ons=add_ons)
        for each in archives:
            node.load(each)
        yield node
    finally:
        node.down()
    assert machine.read(node.folder) is None


def client(node: Node) -> Client:
    """The node's API."""
    return Client(config=KubeConfig.from_file(node.kubeconfig), trust_env=False)


def deploy(node: Node, name: str, version: str = "v1", replicas: int = 1, env: Mapping[str, str] | None = None) -> str:
    """A service of the example, restricted as in production; returns its Service's address."""
    made = Deployment.from_dict(_deployment(name, version, replicas, env or {}))
    service = Service.from_dict(
        {"metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": _PORT}]}}
    )
    assert isinstance(made, Deployment)
    assert isinstance(service, Service)
    with client(node) as api:
        api.create(made, namespace="default")
        address = api.create(service, namespace="default").spec
    assert address is not None
    return str(address.clusterIP)


def is_ready(node: Node, name: str, replicas: int = 1) -> bool:
    """Whether that many of a service's pods are ready, as the kubelet that runs now sees them."""
    with client(node) as api:
        pods = [pod.to_dict() for pod in api.list(Pod, namespace="default", labels={"app": name})]
    ready = [pod for pod in pods if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))]
    return len(ready) == replicas


def within(seconds: float, comes: Callable[[], bool]) -> bool:
    """Whether it comes about in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if comes():
            return True
        time.sleep(_POLL)
    return False


def _deployment(name: str, version: str, replicas: int, env: Mapping[str, str]) -> dict[str, Any]:
    container = {
        "name": name,
        "image": f"tidegate.dev/shop/mcp-manager:{version}",
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "ports": [{"containerPort": _PORT}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": _PORT}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }
    pod = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    content: dict[str, Any] = yaml.safe_load(f"metadata: {{name: {name}}}\nspec: {{selector: {{matchLabels: {{app: {name}}}}}}}")
    content["spec"] |= {"replicas": replicas, "template": {"metadata": {"labels": {"app": name}}, "spec": pod}}
    return content
