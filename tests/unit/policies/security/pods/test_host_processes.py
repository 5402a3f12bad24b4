"""No container is a process of its Windows node."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.host_processes import host_processes
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

CASES: list[tuple[Any, bool]] = [
    ({"windowsOptions": {"hostProcess": True}}, False),
    ({"windowsOptions": {"hostProcess": False}}, True),
    ({"windowsOptions": {"hostProcess": None}}, True),
    ({"windowsOptions": {"runAsUserName": "ContainerUser"}}, True),
    ({"windowsOptions": {}}, True),
    ({"windowsOptions": None}, True),
    ({}, True),
    (None, True),
]
FIELD = "securityContext.windowsOptions.hostProcess"


@pytest.mark.parametrize(("context", "good"), CASES)
def test_containers(context: dict[str, Any] | None, good: bool) -> None:
    """Only true is refused, in containers of each sort."""
    assert told(host_processes, everywhere({"securityContext": context})) == ([] if good else below(FIELD))


@pytest.mark.parametrize(("context", "good"), CASES)
def test_pods(context: dict[str, Any] | None, good: bool) -> None:
    """The pod's own setting is one of all its containers, and told where it is."""
    assert told(host_processes, pod() | {"securityContext": context}) == ([] if good else [f"spec.{FIELD}"])


def test_what_is_said() -> None:
    """Who is wrong, and what to set."""
    spec = pod(securityContext=CASES[0][0]) | {"securityContext": CASES[0][0]}
    assert said(host_processes, spec) == [
        ("the pod runs as a process of the node", f"Set `spec.{FIELD}` to false.", To(value=False)),
        ("container 'app' runs as a process of the node", f"Set `spec.containers[0].{FIELD}` to false.", To(value=False)),
    ]
