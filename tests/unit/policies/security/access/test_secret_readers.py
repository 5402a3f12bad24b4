"""Who reads Secrets."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, Violation, judge, of_manifest
from policies.security.access.secret_readers import Readers, secret_readers
from tests.unit.policies.security.access.roles import paths, role, rule


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (rule("get", "secrets"), ["resources[0]"]),
        (rule("list", "pods secrets"), ["resources[1]"]),
        (rule("watch", "secrets"), ["resources[0]"]),
        (rule("*", "secrets"), ["resources[0]"]),
        (rule("get list", "*"), ["resources[0]"]),
        (rule("get", "secrets", "*"), ["resources[0]"]),
        (rule("get", "secrets", resourceNames=["web"]), []),
        (rule("create update delete", "secrets"), []),
        (rule("get", "configmaps"), []),
        (rule("get", "secrets", "example.com"), []),
        (rule("get", "secrets/status"), []),
        (rule("*", "*", "*"), []),
    ],
)
def test_secrets_are_read_by_name(kind: str, one: dict[str, Any], wrong: list[str]) -> None:
    """All of them are read by nobody."""
    assert paths(secret_readers, role(one, kind=kind)) == [f"rules[0].{path}" for path in wrong]


@pytest.mark.parametrize(
    ("name", "roles", "kind", "wrong"),
    [
        ("deployer", None, "Role", 0),
        ("deployer", None, "ClusterRole", 1),
        ("other", None, "Role", 1),
        ("deployer", (), "Role", 1),
        ("other", ("shop/other",), "Role", 0),
        ("other", ("elsewhere/other",), "Role", 1),
    ],
)
def test_some_roles_may(name: str, roles: tuple[str, ...] | None, kind: str, wrong: int) -> None:
    """By the settings, in a namespace: who releases brings Secrets."""
    given = Given(Readers() if roles is None else Readers(roles=roles))
    assert len(paths(secret_readers, role(rule("get", "secrets"), kind=kind, name=name), given)) == wrong


def test_where_is_told() -> None:
    """In one namespace, or in all."""
    found = [judge(secret_readers, of_manifest(role(rule("get list", "secrets"), kind=kind)))[0] for kind in ("Role", "ClusterRole")]
    assert [one.reason for one in found if isinstance(one, Violation)] == [
        "shop/Role/reader grants get, list of all Secrets in its namespace",
        "shop/ClusterRole/reader grants get, list of all Secrets in all namespaces",
    ]
