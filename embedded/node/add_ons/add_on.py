"""What an add-on is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from embedded.node.api import MANAGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from embedded.node.api import Api
    from embedded.node.building import Made
    from embedded.node.parts.part import Part, Setup

Object: TypeAlias = dict[str, Any]
"""As the API takes it."""


@dataclass(frozen=True, slots=True)
class AddOn:
    """Processes on the machine, and objects in the API."""

    name: str
    names: tuple[str, ...]
    """What its parts are called."""
    parts: Callable[[Setup], Sequence[Part]]
    objects: Callable[[Setup, Path], Sequence[Object]]
    """In the order in which they are needed; the folder is where what was made is kept."""
    afterwards: Callable[[Setup], Sequence[Object]] = lambda _: ()
    """Objects for when its parts answer: who looks for them earlier waits ever longer before looking again."""
    is_ready: Callable[[Api], bool] = lambda _: True
    """Whether the API has taken it, when its parts answer."""
    accounts: tuple[str, ...] = ()
    """Who it is to the API: a kubeconfig each."""
    servers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Certificates that it serves by, with their names."""
    made: tuple[Made, ...] = ()
    """What is built or fetched for it."""
    doors: Mapping[str, int] = field(default_factory=dict)
    """The ports on 127.0.0.1 that its parts would like."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """Commands that it needs, and how to get each."""


def role(account: str, rules: Sequence[tuple[str, str, str]]) -> list[Object]:
    """What an account may do everywhere: (group, resources, verbs), the latter two with spaces between."""
    name = f"tidegate:{account}"
    allowed = [{"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()} for group, resources, verbs in rules]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    return [
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": allowed},
        binding(account, "ClusterRoleBinding", reference),
    ]


def binding(account: str, kind: str, reference: Object, namespace: str | None = None, of: str = "") -> Object:
    """Give an account a role that is there."""
    metadata: Object = {"name": f"tidegate:{account}{of}", **({"namespace": namespace} if namespace else {})}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": f"tidegate:{account}"}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "roleRef": reference, "subjects": [subject]}


def service(
    name: str, address: str, ports: Sequence[Object], more: Object | None = None, labels: Mapping[str, str] | None = None
) -> list[Object]:
    """A Service of kube-system that leads to what runs on the node itself, and so has no pods to select."""
    metadata = {"name": name, "namespace": "kube-system", "labels": dict(labels or {})}
    behind = [{"name": port["name"], "port": port.get("targetPort", port["port"]), "protocol": port["protocol"]} for port in ports]
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": list(ports), **(more or {})}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": "kube-system",
                "labels": {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": MANAGER},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": behind,
        },
    ]


def has(item: Object, condition: str) -> bool:
    """Whether an object's condition is true of the object as it is now."""
    generation = item.get("metadata", {}).get("generation")
    return any(
        one["type"] == condition and one["status"] == "True" and one.get("observedGeneration", generation) == generation
        for one in item.get("status", {}).get("conditions", ())
    )
