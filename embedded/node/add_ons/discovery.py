"""Tells Prometheus which pods have metrics: Debian's is built without a way to ask Kubernetes. It is a process of its own.

It reads pods as they change, and writes a file that Prometheus reads as it changes.
"""

from __future__ import annotations

import argparse
import json
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from embedded.node.folder import write

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANNOTATION: Final = "prometheus.io"
_ENDED: Final = {"Pending", "Succeeded", "Failed"}
# What series are called by: which service's pod it is, in which slot, and which version.
_LABELS: Final = {"service": "app.kubernetes.io/name", "slot": "tidegate.dev/slot", "version": "app.kubernetes.io/version"}
# Seconds: a watch is begun anew after some minutes, as any client of Kubernetes does; and before it is tried again.
_WATCH: Final = 300
_TIMEOUT: Final = 10.0
_AGAIN: Final = 1.0


def targets(pods: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pods that say by annotations where their metrics are, as Prometheus' files have them."""
    found = [one for pod in pods if (one := _target(pod)) is not None]
    return sorted(found, key=lambda one: str(one["labels"]["pod"]))


def _target(pod: dict[str, Any]) -> dict[str, Any] | None:
    metadata, status, spec = pod["metadata"], pod.get("status", {}), pod.get("spec", {})
    said, labels = metadata.get("annotations", {}), metadata.get("labels", {})
    port = said.get(f"{_ANNOTATION}/port") or _first_port(spec)
    if said.get(f"{_ANNOTATION}/scrape") != "true" or status.get("phase") in _ENDED or not status.get("podIP") or not port:
        return None
    return {
        "targets": [f"{status['podIP']}:{port}"],
        "labels": {
            "__metrics_path__": said.get(f"{_ANNOTATION}/path") or "/metrics",
            "pod": metadata["name"],
            "node": spec.get("nodeName", ""),
            "namespace": metadata["namespace"],
            **{name: labels[label] for name, label in _LABELS.items() if label in labels},
        },
    }


def _first_port(spec: dict[str, Any]) -> str:
    ports = [port["containerPort"] for container in spec.get("containers", ()) for port in container.get("ports", ())]
    return str(ports[0]) if ports else ""


def follow(client: httpx.Client, file: Path) -> None:
    """Keep the file as the pods are, until the watch ends."""
    answer = client.get("/api/v1/pods").raise_for_status().json()
    pods = {pod["metadata"]["uid"]: pod for pod in answer["items"]}
    written = _write(file, pods, None)
    query: dict[str, str | int] = {"watch": "true", "resourceVersion": answer["metadata"]["resourceVersion"], "timeoutSeconds": _WATCH}
    with client.stream("GET", "/api/v1/pods", params=query, timeout=httpx.Timeout(_TIMEOUT, read=_WATCH * 2)) as events:
        for line in events.raise_for_status().iter_lines():
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            pods[event["object"]["metadata"]["uid"]] = event["object"]
            if event["type"] == "DELETED":
                del pods[event["object"]["metadata"]["uid"]]
            written = _write(file, pods, written)


def _write(file: Path, pods: dict[str, dict[str, Any]], written: str | None) -> str:
    content = json.dumps(targets(pods.values()), indent=1)
    if content != written:
        write(file, content)
    return content


def main() -> None:
    """Follow the pods for as long as the process lives."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("server", "authority", "certificate", "key", "file"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    trust = ssl.create_default_context(cafile=given.authority)
    trust.load_cert_chain(given.certificate, given.key)
    with httpx.Client(base_url=given.server, verify=trust, timeout=_TIMEOUT, trust_env=False) as client:
        while True:
            try:
                follow(client, Path(given.file))
            except (httpx.HTTPError, httpx.StreamError, ValueError, KeyError) as error:
                print(f"following the pods of {given.server}: {error!r}; again", flush=True)  # noqa: T201 - it goes to the part's log
                time.sleep(_AGAIN)


if __name__ == "__main__":
    main()
