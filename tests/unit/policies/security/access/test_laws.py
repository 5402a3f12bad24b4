"""Whatever a role grants that it shouldn't, some policy tells; what it doesn't grant, none does: by Kubernetes' rule of what is granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judging import judge, of_manifest
from policies.security.access.escalation import escalation
from policies.security.access.node_proxy import node_proxy
from policies.security.access.pod_exec import pod_exec
from policies.security.access.secret_readers import secret_readers
from policies.security.access.webhook_configurations import webhook_configurations
from policies.security.access.wildcards import wildcards
from tests.unit.policies.security.access.roles import role

if TYPE_CHECKING:
    from policies.judging import Policy

RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
BAD: list[tuple[Policy, str, set[str], set[str]]] = [
    (secret_readers, "", {"secrets"}, {"get", "list", "watch"}),
    (pod_exec, "", {"pods/exec", "pods/attach"}, {"create", "get"}),
    (node_proxy, "", {"nodes/proxy"}, {"get", "create", "delete"}),
    (webhook_configurations, ADMISSION, {"validatingwebhookconfigurations"}, {"create", "delete"}),
    (escalation, RBAC, {"clusterroles"}, {"escalate", "bind"}),
    (escalation, "", {"users", "serviceaccounts"}, {"impersonate"}),
    (escalation, "", {"serviceaccounts/token"}, {"create"}),
]
GROUPS = ["", "*", RBAC, ADMISSION, "apps"]
VERBS = ["*", *sorted({verb for *_, verbs in BAD for verb in verbs})]
RESOURCES = ["*", "*/exec", "*/proxy", "pods", "pods/*", "configmaps", *sorted({one for _, _, resources, _ in BAD for one in resources})]


def _some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=3, unique=True)


RULES = st.fixed_dictionaries({"apiGroups": _some(GROUPS), "resources": _some(RESOURCES), "verbs": _some(VERBS)})


def grants(rule: dict[str, list[str]], group: str, resource: str, verb: str) -> bool:
    """Whether Kubernetes would let it be done."""
    below = f"*/{resource.partition('/')[2]}" if "/" in resource else "*"
    return (
        bool({"*", group} & {*rule["apiGroups"]})
        and bool({"*", resource, below} & {*rule["resources"]})
        and bool({"*", verb} & {*rule["verbs"]})
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(RULES, min_size=1, max_size=3))
def test_what_is_granted_is_told(rules: list[dict[str, Any]]) -> None:
    """By the policy whose business it is, or by the one on wildcards."""
    made = of_manifest(role(*rules))
    plain = bool(judge(wildcards, made))
    for policy in {one[0].name: one[0] for one in BAD}.values():
        granted = [
            rule
            for rule in rules
            for judged, group, resources, verbs in BAD
            if judged is policy and any(grants(rule, group, resource, verb) for resource in resources for verb in verbs)
        ]
        found = judge(policy, made)
        assert bool(granted) or not found
        assert plain or found or not granted
