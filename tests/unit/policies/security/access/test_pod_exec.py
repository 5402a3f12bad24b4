"""Who gets into running containers."""

from __future__ import annotations

from typing import Any

import pytest

from policies.security.access.pod_exec import pod_exec
from tests.unit.policies.security.access.roles import paths, role, rule


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (rule("create", "pods/exec"), ["resources[0]"]),
        (rule("get", "pods pods/exec"), ["resources[1]"]),
        (rule("create", "pods/attach"), ["resources[0]"]),
        (rule("*", "pods/attach"), ["resources[0]"]),
        (rule("create", "*/exec"), ["resources[0]"]),
        (rule("create", "*"), ["resources[0]"]),
        (rule("patch", "pods/ephemeralcontainers"), ["resources[0]"]),
        (rule("update", "pods/ephemeralcontainers"), ["resources[0]"]),
        (rule("get", "pods/ephemeralcontainers"), []),
        (rule("list watch", "pods/exec"), []),
        (rule("create", "pods/exec", "example.com"), []),
        (rule("get", "pods/log"), []),
        (rule("create get", "pods pods/eviction"), []),
        # Kubernetes knows no such resource: nothing is granted.
        (rule("create", "pods/*"), []),
    ],
)
def test_ways_into_containers(kind: str, one: dict[str, Any], wrong: list[str]) -> None:
    """By a command, by attaching, or by a container beside them."""
    assert paths(pod_exec, role(one, kind=kind)) == [f"rules[0].{path}" for path in wrong]
