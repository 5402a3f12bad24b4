"""What is denied where nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, Violation, judge, of_manifest, stack_of
from policies.security.network.default_deny import Denied, default_deny
from tests.unit.policies.security.network.objects import DENY, policy

ALL: dict[str, Any] = {"podSelector": {}}
WEB = {"matchLabels": {"app": "web"}}
DNS = {"to": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}], "ports": [{"port": 53}]}


def told(*specs: dict[str, Any], **settings: Any) -> list[str]:
    """Which directions are told of."""
    found = judge(default_deny, stack_of(*(of_manifest(policy(spec)) for spec in specs)), Given(Denied(**settings)))
    assert all(one.at.path == "spec.podSelector" for one in found)
    return [one.reason.split()[0] for one in found if isinstance(one, Violation)]


@pytest.mark.parametrize(
    ("specs", "wrong"),
    [
        ([DENY], []),
        ([DENY | {"ingress": [], "egress": []}], []),
        ([ALL | {"policyTypes": ["Ingress"]}, ALL | {"policyTypes": ["Egress"]}], []),
        ([ALL | {"policyTypes": ["Ingress"]}], ["outgoing"]),
        ([ALL | {"policyTypes": ["Egress"]}], ["incoming"]),
        # Without types: what comes in, and what goes out only with rules for it.
        ([ALL], ["outgoing"]),
        ([ALL | {"egress": [DNS]}], []),
        # All pods are selected, and something is let through: the rest is denied.
        ([DENY | {"ingress": [{"from": [{"podSelector": {}}]}], "egress": [DNS]}], []),
        ([DENY | {"egress": [{"ports": [{"port": 53}]}]}], []),
        # Everything is let through: from anywhere, or from anybody in the cluster.
        ([DENY | {"ingress": [{}]}], ["incoming"]),
        ([DENY | {"egress": [DNS, {}]}], ["outgoing"]),
        ([DENY | {"ingress": [{"from": []}]}], ["incoming"]),
        ([DENY | {"ingress": [{"from": [{"namespaceSelector": {}}]}]}], ["incoming"]),
        ([DENY | {"egress": [{"to": [{"namespaceSelector": {}}]}]}], ["outgoing"]),
        # It is for some pods only.
        ([{"podSelector": WEB, "policyTypes": ["Ingress", "Egress"]}], ["incoming", "outgoing"]),
        (
            [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "policyTypes": ["Ingress", "Egress"]}],
            ["incoming", "outgoing"],
        ),
        ([{"podSelector": {"matchLabels": {}, "matchExpressions": []}, "policyTypes": ["Ingress", "Egress"]}], []),
        ([{"podSelector": WEB}, DENY], []),
        # A namespace without any is told by another policy.
        ([], []),
    ],
)
def test_what_isnt_allowed_is_denied(specs: list[dict[str, Any]], wrong: list[str]) -> None:
    """In both directions."""
    assert told(*specs) == wrong


def test_each_namespace_for_itself() -> None:
    """One that denies doesn't deny for another."""
    found = judge(default_deny, stack_of(of_manifest(policy(DENY)), of_manifest(policy(ALL, "other"))))
    assert [one.at.subject.namespace for one in found] == ["other"]


def test_settings() -> None:
    """What goes out may be left open, and namespaces left alone."""
    assert told(ALL, egress=False) == []
    assert told({"podSelector": WEB}, egress=False) == ["incoming"]
    assert told(ALL, ignored=("shop",)) == []
