"""Objects of the network for tests."""

from __future__ import annotations

from typing import Any


def policy(
    spec: Any, namespace: str | None = "shop", kind: str = "networking.k8s.io/v1/NetworkPolicy", name: str = "some"
) -> dict[str, Any]:
    """A network policy."""
    version, _, kind = kind.rpartition("/")
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
