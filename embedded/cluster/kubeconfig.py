"""The file by which kubectl, lightkube and the provider find the cluster."""

from __future__ import annotations

import base64
from typing import Any

import yaml


def kubeconfig(name: str, url: str, authority: str | None, token: str | None) -> dict[str, Any]:
    """The configuration with one cluster, one user and one context, all of this name."""
    cluster: dict[str, Any] = {"server": url}
    if authority is not None:
        cluster["certificate-authority-data"] = base64.b64encode(authority.encode()).decode()
    user = {} if token is None else {"token": token}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "current-context": name,
        "preferences": {},
    }


def text(content: dict[str, Any]) -> str:
    """The file's content."""
    return yaml.safe_dump(content, sort_keys=False)
