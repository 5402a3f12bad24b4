"""Who talks to the kubelet."""

from __future__ import annotations

from typing import Any

import pytest

from policies.security.access.node_proxy import node_proxy
from tests.unit.policies.security.access.roles import paths, role, rule


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (rule("get", "nodes/proxy"), ["resources[0]"]),
        (rule("create", "nodes nodes/proxy"), ["resources[1]"]),
        (rule("*", "nodes/proxy"), ["resources[0]"]),
        (rule("get", "*/proxy"), ["resources[0]"]),
        (rule("get", "nodes nodes/metrics nodes/stats"), []),
        (rule("list watch", "nodes/proxy"), []),
        (rule("get", "services/proxy"), []),
        (rule("get", "nodes/proxy", "example.com"), []),
    ],
)
def test_the_kubelet_is_left_alone(kind: str, one: dict[str, Any], wrong: list[str]) -> None:
    """Whatever the verb; its figures may be read."""
    assert paths(node_proxy, role(one, kind=kind)) == [f"rules[0].{path}" for path in wrong]
