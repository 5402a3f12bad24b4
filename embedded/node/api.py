"""A few requests to a cluster's API: is it there, is its node ready, what runs; and objects that it is to have."""

from __future__ import annotations

import base64
import json
import re
import ssl
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
import yaml

from embedded.node.errors import NodeError

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT: Final = 5.0
_REFUSED: Final = {400, 415, 422}
DEFINITION: Final = "CustomResourceDefinition"
MANAGER: Final = "tidegate-node"
"""Whose the fields are that a node's add-ons set."""


class Api:
    """The API of our own node, as its administrator."""

    def __init__(self, kubeconfig: Path) -> None:
        content = yaml.safe_load(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        headers = {"Authorization": f"Bearer {user['token']}"}
        # The node's address is this machine's own: a proxy couldn't reach it.
        self._client = httpx.Client(base_url=cluster["server"], headers=headers, verify=trust, timeout=_TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        """An answer's JSON; None when there is no such thing, or no answer."""
        try:
            answer = self._client.get(path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None

    def apply(self, wanted: dict[str, Any]) -> bool:
        """Have an object as it is wanted; whether it is, since what it needs may come a little later."""
        # To compare kinds as large as these takes the API long.
        if wanted["kind"] == DEFINITION and self._is_as_annotated(wanted):
            return True
        try:
            answer = self._client.patch(
                path(wanted),
                params={"fieldManager": MANAGER, "force": "true"},
                headers={"Content-Type": "application/apply-patch+yaml"},
                content=json.dumps(wanted),
            )
        except httpx.TransportError:
            return False
        if answer.status_code in _REFUSED:
            raise NodeError(f"{wanted['kind']} {wanted['metadata']['name']} can't be applied: {answer.text}")
        return answer.is_success

    def _is_as_annotated(self, wanted: dict[str, Any]) -> bool:
        """Whether it is there with the same annotations, among which is its makers' version."""
        said = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
        try:
            answer = self._client.get(path(wanted), headers={"Accept": said})
        except httpx.TransportError:
            return False
        known = answer.json()["metadata"].get("annotations", {}) if answer.is_success else {}
        annotations = wanted["metadata"].get("annotations", {})
        return bool(annotations) and annotations.items() <= known.items()

    def serves(self, definition: dict[str, Any]) -> bool:
        """Whether a kind is there for whoever asks which there are: a little after its definition."""
        spec = definition["spec"]
        said = [self.get(f"/apis/{spec['group']}/{version['name']}") for version in spec["versions"] if version["served"]]
        return all(any(one["name"] == spec["names"]["plural"] for one in (each or {}).get("resources", ())) for each in said)

    def delete(self, path: str) -> bool:
        """Have an object go; whether it will, or has gone."""
        try:
            answer = self._client.delete(path)
        except httpx.TransportError:
            return False
        return answer.is_success or answer.status_code == httpx.codes.NOT_FOUND

    def is_ready(self) -> bool:
        """Whether the API serves."""
        try:
            return self._client.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def node_is_ready(self, name: str) -> bool:
        """Whether the node takes pods."""
        node = self.get(f"/api/v1/nodes/{name}") or {}
        conditions = {one["type"]: one["status"] for one in node.get("status", {}).get("conditions", ())}
        # A taint says the same a little later, and it is the taint that keeps pods away.
        taints = {taint["key"] for taint in node.get("spec", {}).get("taints", ())}
        return conditions.get("Ready") == "True" and "node.kubernetes.io/not-ready" not in taints

    def heartbeat(self, name: str) -> str | None:
        """When the node last said how it is."""
        node = self.get(f"/api/v1/nodes/{name}") or {}
        conditions = node.get("status", {}).get("conditions", ())
        return next((one["lastHeartbeatTime"] for one in conditions if one["type"] == "Ready"), None)

    def has_default_account(self) -> bool:
        """Whether pods without an account of their own can be made."""
        return self.get("/api/v1/namespaces/default/serviceaccounts/default") is not None

    def pods(self) -> dict[str, int]:
        """How many pods there are, by phase."""
        counts: dict[str, int] = {}
        for pod in (self.get("/api/v1/pods") or {}).get("items", ()):
            phase = pod.get("status", {}).get("phase", "Unknown")
            counts[phase] = counts.get(phase, 0) + 1
        return counts


def path(wanted: dict[str, Any]) -> str:
    """Where an object is in the API. Its namespace is said where it has one."""
    version, kind, metadata = wanted["apiVersion"], wanted["kind"].lower(), wanted["metadata"]
    plural = re.sub(r"(?<![aeiou])y$", "ie", kind) + "s" if not kind.endswith("s") else f"{kind}es"
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{group}{inside}/{plural}/{metadata['name']}"
