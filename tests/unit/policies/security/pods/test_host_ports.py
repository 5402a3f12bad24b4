"""Containers take no ports of their node."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.host_ports import host_ports
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod


@pytest.mark.parametrize(
    ("ports", "wrong"),
    [
        (None, []),
        ([], []),
        ([{"containerPort": 80}], []),
        ([{"containerPort": 80, "hostPort": 0}], []),
        ([{"containerPort": 80, "hostPort": None}], []),
        ([{"containerPort": 80, "hostPort": 80}], ["ports[0].hostPort"]),
        ([{"containerPort": 80, "hostIP": "127.0.0.1"}], []),
        ([{"hostPort": 1}, {"containerPort": 80}, {"hostPort": 65535}], ["ports[0].hostPort", "ports[2].hostPort"]),
    ],
)
def test_host_ports(ports: Any, wrong: list[str]) -> None:
    """Any but 0 is refused, in containers of each sort."""
    assert told(host_ports, everywhere({"ports": ports})) == below(*wrong)


def test_what_is_said() -> None:
    """Who takes which port, and what to leave out."""
    fix = "Leave `spec.containers[0].ports[0].hostPort` out; a Service makes the port reachable."
    assert said(host_ports, pod(ports=[{"hostPort": 8080}])) == [("container 'app' takes port 8080 of its node", fix, To())]
