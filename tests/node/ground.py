"""What tests on a real node stand on: where nodes live, what they need, and applying objects without kubectl."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml
from lightkube import Client, KubeConfig
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Pod, Service

from embedded.node.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

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

    def node(self, name: str | None = None) -> Node:
        """The node of that name; the tests' own."""
        return Node.open(name or self.name, self.environment)


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
