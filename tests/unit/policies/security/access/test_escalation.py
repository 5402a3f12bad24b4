"""Ways to become more than one is."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Violation, judge, of_manifest
from policies.security.access.escalation import escalation
from tests.unit.policies.security.access.roles import paths, role, rule

RBAC, CERTIFICATES = "rbac.authorization.k8s.io", "certificates.k8s.io"


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
@pytest.mark.parametrize(
    ("one", "bad"),
    [
        (rule("get create update", "roles rolebindings", RBAC), False),
        (rule("escalate", "roles", RBAC), True),
        (rule("get escalate", "clusterroles", RBAC), True),
        (rule("escalate", "roles", RBAC, resourceNames=["view"]), True),
        (rule("bind", "clusterroles", RBAC), True),
        (rule("bind", "clusterroles", RBAC, resourceNames=["view"]), False),
        (rule("bind", "clusterroles", RBAC, resourceNames=["view", "cluster-admin"]), True),
        # Of another group, these are no roles.
        (rule("bind escalate", "roles", "example.com"), False),
        (rule("impersonate", "users"), True),
        (rule("impersonate", "groups"), True),
        (rule("impersonate", "serviceaccounts"), True),
        (rule("impersonate", "users", resourceNames=["ci"]), False),
        (rule("impersonate", "groups", resourceNames=["system:masters"]), True),
        (rule("impersonate", "uids", "authentication.k8s.io"), True),
        (rule("get list", "users groups serviceaccounts"), False),
        (rule("create", "serviceaccounts/token"), True),
        (rule("create", "serviceaccounts/token", resourceNames=["vault"]), False),
        (rule("create", "serviceaccounts"), False),
        (rule("create", "*/token"), True),
        (rule("update", "certificatesigningrequests/approval", CERTIFICATES), True),
        (rule("patch", "certificatesigningrequests/approval", CERTIFICATES), True),
        (rule("create get", "certificatesigningrequests", CERTIFICATES), False),
        (rule("approve", "signers", CERTIFICATES), True),
        (rule("sign", "signers", CERTIFICATES), True),
        # By a wildcard, where the rule names one side; where it names none, the policy on wildcards tells.
        (rule("*", "clusterroles", RBAC), True),
        (rule("impersonate", "*"), True),
        (rule("*", "*", "*"), False),
        (rule("*", "pods"), False),
        (rule("escalate", "roles", "*"), True),
    ],
)
def test_ways_to_more(kind: str, one: dict[str, Any], bad: bool) -> None:
    """Are refused, and those that lead to named ones without might aren't."""
    found = paths(escalation, role(rule("get", "pods"), one, kind=kind))
    assert bool(found) is bad
    assert all(path.startswith("rules[1].resources[") for path in found)


def test_what_is_granted_is_told() -> None:
    """By the role, the verbs and the resource."""
    found = judge(escalation, of_manifest(role(rule("get approve sign", "signers", CERTIFICATES))))
    assert [one.reason for one in found if isinstance(one, Violation)] == [
        "shop/Role/reader grants `approve` and `sign` on signers: certificates for any name"
    ]
