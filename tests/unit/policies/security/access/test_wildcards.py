"""Roles that grant whatever there is."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Violation, judge, of_manifest
from policies.security.access.wildcards import wildcards
from tests.unit.policies.security.access.roles import paths, role, rule


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (rule("get list", "pods"), []),
        (rule("*", "pods"), ["verbs[0]"]),
        (rule("get *", "pods"), ["verbs[1]"]),
        (rule("get", "*"), ["resources[0]"]),
        (rule("get", "pods", "*"), ["apiGroups[0]"]),
        (rule("*", "*", "*"), ["verbs[0]", "resources[0]", "apiGroups[0]"]),
        # A subresource of everything is still one thing.
        (rule("get update", "*/scale"), []),
        ({"nonResourceURLs": ["/healthz", "/metrics/*"], "verbs": ["get"]}, []),
        ({"nonResourceURLs": ["*"], "verbs": ["get"]}, ["nonResourceURLs[0]"]),
        ({"nonResourceURLs": ["/livez", "/*"], "verbs": ["get"]}, ["nonResourceURLs[1]"]),
        ({}, []),
    ],
)
def test_wildcards(kind: str, one: dict[str, Any], wrong: list[str]) -> None:
    """Each is told where it is, in every rule."""
    assert paths(wildcards, role(rule("get", "pods"), one, kind=kind)) == [f"rules[1].{path}" for path in wrong]


def test_the_role_is_named() -> None:
    """And what it grants."""
    found = judge(wildcards, of_manifest(role(rule("*", "pods"))))
    assert [one.reason for one in found if isinstance(one, Violation)] == ["shop/Role/reader grants every verb"]


def test_a_role_without_rules_grants_nothing() -> None:
    """What it gets from others is theirs."""
    assert paths(wildcards, {**role(), "rules": None}) == []
