"""Probes and lifecycle hooks ask the pod itself."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.host_probes import host_probes
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

ASKING = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")


def asking(path: str, way: Any) -> dict[str, Any]:
    """A container whose probe or hook asks in a way."""
    above, _, name = path.rpartition(".")
    return {above: {name: way}} if above else {name: way}


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize(
    ("way", "wrong"),
    [
        (None, []),
        ({}, []),
        ({"exec": {"command": ["host"]}}, []),
        ({"httpGet": None}, []),
        ({"httpGet": {"port": 80}}, []),
        ({"httpGet": {"port": 80, "host": ""}}, []),
        ({"httpGet": {"port": 80, "host": None}}, []),
        ({"httpGet": {"port": 80, "host": "127.0.0.1"}}, ["httpGet.host"]),
        ({"httpGet": {"port": 80, "httpHeaders": [{"name": "Host", "value": "shop.example"}]}}, []),
        ({"tcpSocket": {"port": 80}}, []),
        ({"tcpSocket": {"port": 80, "host": "metadata.internal"}}, ["tcpSocket.host"]),
        ({"httpGet": {"host": "a"}, "tcpSocket": {"host": "b"}}, ["httpGet.host", "tcpSocket.host"]),
        ({"grpc": {"port": 80, "service": "host"}}, []),
    ],
)
def test_host_probes(path: str, way: Any, wrong: list[str]) -> None:
    """Any host is refused, in each probe and hook, in containers of each sort; a header names no host to ask."""
    assert told(host_probes, everywhere(asking(path, way))) == below(*(f"{path}.{field}" for field in wrong))


@pytest.mark.parametrize(("minor", "good"), [(28, True), (33, True), (34, False), (37, False), (38, False)])
def test_versions(minor: int, good: bool) -> None:
    """Kubernetes asks this from 1.34 on."""
    spec = pod(livenessProbe={"httpGet": {"host": "127.0.0.1"}})
    assert told(host_probes, spec, minor=minor) == ([] if good else ["spec.containers[0].livenessProbe.httpGet.host"])


def test_what_is_said() -> None:
    """Which probe or hook of whom, which host, and what to leave out."""
    spec = pod(startupProbe={"tcpSocket": {"host": "db"}}, lifecycle={"preStop": {"httpGet": {"host": "lb"}}})
    assert said(host_probes, spec) == [
        (
            "the startupProbe of container 'app' asks the host 'db'",
            "Leave `spec.containers[0].startupProbe.tcpSocket.host` out.",
            To(),
        ),
        ("the preStop of container 'app' asks the host 'lb'", "Leave `spec.containers[0].lifecycle.preStop.httpGet.host` out.", To()),
    ]
