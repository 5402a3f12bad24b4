"""What is told of roles and bindings names them, what they grant, and what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import Violation, judge, of_manifest, stack_of
from policies.security.access.anonymous_access import anonymous_access
from policies.security.access.cluster_admin import cluster_admin
from policies.security.access.long_lived_tokens import long_lived_tokens
from policies.security.access.node_proxy import node_proxy
from policies.security.access.pod_exec import pod_exec
from policies.security.access.service_account_tokens import service_account_tokens
from policies.security.access.webhook_configurations import webhook_configurations
from tests.unit.policies.security.access.roles import binding, role, rule
from tests.unit.policies.wrapping import pod, wrapped

if TYPE_CHECKING:
    from policies.judging import Policy

HOOKS = rule("get create patch", "mutatingwebhookconfigurations", "admissionregistration.k8s.io")
TOKEN = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "ci", "namespace": "shop"},
    "type": "kubernetes.io/service-account-token",
}


@pytest.mark.parametrize(
    ("policy", "manifest", "reason"),
    [
        (
            pod_exec,
            role(rule("create get", "pods/exec")),
            "shop/Role/reader grants create, get on pods/exec: a way into running containers",
        ),
        (
            node_proxy,
            role(rule("get create", "nodes/proxy")),
            "shop/Role/reader grants get, create on nodes/proxy: commands in every container of a node",
        ),
        (node_proxy, role(rule("*", "nodes/proxy")), "shop/Role/reader grants * on nodes/proxy: commands in every container of a node"),
        (
            webhook_configurations,
            role(HOOKS),
            "shop/Role/reader grants create, patch on mutatingwebhookconfigurations: what the cluster admits",
        ),
        (anonymous_access, binding("view", ("User", "system:anonymous")), "shop/RoleBinding/some is for system:anonymous: anybody"),
        (
            cluster_admin,
            binding("view", ("Group", "system:masters")),
            "shop/RoleBinding/some is for system:masters, which may do everything in any case",
        ),
        (long_lived_tokens, TOKEN, "shop/Secret/ci has a token that never ends"),
        (
            service_account_tokens,
            wrapped("Pod", pod()),
            "the pods of shop/Pod/web have a token for the API server without a word about it",
        ),
        (
            service_account_tokens,
            wrapped("Pod", pod() | {"automountServiceAccountToken": True}),
            "the pods of shop/Pod/web have a token of the namespace's default account",
        ),
    ],
)
def test_reasons(policy: Policy, manifest: dict[str, Any], reason: str) -> None:
    """In one sentence."""
    found = judge(policy, stack_of(of_manifest(manifest)))
    assert [one.reason for one in found if isinstance(one, Violation)] == [reason]
