"""Who may do what, judged as Kubernetes does: a rule for the group, the resource and the verb."""

from __future__ import annotations

from typing import Final

import pytest

from components.access import access_args, groups, roles, subjects
from tests.unit.components.examples import small

ROLES: Final = ("viewer", "operator", "deployer")
# Resource (as kubectl writes it), verb, and whether a viewer, an operator and a deployer may.
MAY: Final = [
    # Who looks sees what there is, but no Secrets and no logs.
    ("pods", "list", "yyy"),
    ("deployments.apps", "watch", "yyy"),
    ("configmaps", "get", "yyy"),
    ("networkpolicies.networking.k8s.io", "get", "yyy"),
    ("httproutes.gateway.networking.k8s.io", "get", "yyy"),
    ("externalsecrets.external-secrets.io", "get", "yyy"),
    ("servicemonitors.monitoring.coreos.com", "list", "yyy"),
    ("pods.metrics.k8s.io", "list", "yyy"),
    ("pods/log", "get", "nyy"),
    ("secrets", "get", "nny"),
    ("secrets", "list", "nny"),
    ("secrets", "watch", "nny"),
    # Who keeps it going restarts and scales, and changes nothing else.
    ("pods", "delete", "nyn"),
    ("pods/eviction", "create", "nyn"),
    ("deployments.apps/scale", "patch", "nyn"),
    ("statefulsets.apps/scale", "update", "nyn"),
    ("deployments.apps", "patch", "nny"),
    ("services", "patch", "nny"),
    ("configmaps", "create", "nny"),
    # Who releases changes all that a release changes.
    ("deployments.apps", "create", "nny"),
    ("deployments.apps", "delete", "nny"),
    ("secrets", "create", "nny"),
    ("secrets", "delete", "nny"),
    ("services", "create", "nny"),
    ("jobs.batch", "delete", "nny"),
    ("horizontalpodautoscalers.autoscaling", "update", "nny"),
    ("poddisruptionbudgets.policy", "patch", "nny"),
    ("ingresses.networking.k8s.io", "patch", "nny"),
    ("httproutes.gateway.networking.k8s.io", "patch", "nny"),
    ("externalsecrets.external-secrets.io", "create", "nny"),
    ("prometheusrules.monitoring.coreos.com", "update", "nny"),
    ("networkpolicies.networking.k8s.io", "patch", "nny"),
    ("resourcequotas", "patch", "nny"),
    ("namespaces", "get", "nny"),
    ("services/proxy", "get", "nny"),
    # What an environment is made of, is for those who set it up.
    ("networkpolicies.networking.k8s.io", "create", "nnn"),
    ("networkpolicies.networking.k8s.io", "delete", "nnn"),
    ("resourcequotas", "delete", "nnn"),
    ("namespaces", "patch", "nnn"),
    ("namespaces", "delete", "nnn"),
    ("serviceaccounts", "create", "nnn"),
    ("roles.rbac.authorization.k8s.io", "patch", "nnn"),
    ("rolebindings.rbac.authorization.k8s.io", "create", "nnn"),
    ("statefulsets.apps", "patch", "nnn"),
    ("persistentvolumeclaims", "delete", "nnn"),
    # Nobody gets into containers, or takes another's identity.
    ("pods", "create", "nnn"),
    ("pods/exec", "create", "nnn"),
    ("pods/attach", "create", "nnn"),
    ("pods/portforward", "create", "nnn"),
    ("pods/proxy", "get", "nnn"),
    ("services/proxy", "create", "nnn"),
    ("pods/ephemeralcontainers", "patch", "nnn"),
    ("serviceaccounts/token", "create", "nnn"),
    ("serviceaccounts", "impersonate", "nnn"),
    ("secrets", "deletecollection", "nnn"),
]


@pytest.mark.parametrize(("resource", "verb", "who"), MAY)
def test_who_may_do_what(resource: str, verb: str, who: str) -> None:
    """The least that each needs."""
    name, slash, part = resource.partition("/")
    plural, _, group = name.partition(".")
    found = roles()

    def may(role: str) -> bool:
        return any(
            group in rule["apiGroups"] and plural + slash + part in rule["resources"] and verb in rule["verbs"] for rule in found[role]
        )

    assert "".join("y" if may(role) else "n" for role in ROLES) == who


def test_no_rule_says_all() -> None:
    """Nothing is allowed by a star: what a cluster gets later is nobody's until it is named here."""
    for rules in roles().values():
        for rule in rules:
            assert set(rule) - {"resourceNames"} == {"apiGroups", "resources", "verbs"}
            # Whoever may ask one Service through the API server may ask no other.
            assert ("resourceNames" in rule) == (rule["resources"] == ["services/proxy"])
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert len(rule["verbs"]) == len(set(rule["verbs"]))


def test_roles_are_given_to_groups() -> None:
    """Those that the intent names; a role that nobody has isn't bound."""
    found = groups(access_args(small({"web": {}}, {"access": {"viewers": ["everybody"], "deployers": ["ci", "oncall"]}})))
    assert found == {"viewer": ["everybody"], "deployer": ["ci", "oncall"]}
    assert subjects(found["deployer"])[0] == {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "ci"}
