"""Whatever isn't known yet: no policy of any pack takes it for good or for missing."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest

from policies.judging import Doubt, Stack, Violation, judge, of_resource
from policies.judging.fields import UNKNOWN
from tests.unit.policies.wrapping import wrapped
from tidegate.policing.packs import packs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging import Policy, Subject

Steps = tuple[str | int, ...]

PROBE: Final = {"httpGet": {"path": "/", "port": 80, "host": "10.0.0.1"}}
BAD_CONTAINER: Final[dict[str, Any]] = {
    "name": "app",
    "image": "docker.io/web:latest",
    "imagePullPolicy": "Never",
    "ports": [{"containerPort": 80, "hostPort": 80}],
    "env": [{"name": "PASSWORD", "value": "AKIAIOSFODNN7EXAMPLE"}],
    "livenessProbe": PROBE,
    "resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}},
    "securityContext": {
        "privileged": True,
        "allowPrivilegeEscalation": True,
        "runAsUser": 0,
        "runAsNonRoot": False,
        "procMount": "Unmasked",
        "capabilities": {"add": ["SYS_ADMIN"], "drop": ["NET_RAW"]},
        "seLinuxOptions": {"type": "spc_t", "user": "root"},
        "seccompProfile": {"type": "Unconfined"},
        "appArmorProfile": {"type": "Unconfined"},
    },
}
BAD: Final[dict[str, Any]] = {
    "hostNetwork": True,
    "hostPID": True,
    "serviceAccountName": "default",
    "automountServiceAccountToken": True,
    "securityContext": {"runAsUser": 0, "sysctls": [{"name": "kernel.msgmax", "value": "1"}], "windowsOptions": {"hostProcess": True}},
    "volumes": [{"name": "a", "hostPath": {"path": "/etc"}}],
    "containers": [BAD_CONTAINER],
    "initContainers": [{"name": "setup", "image": "setup", "securityContext": {"privileged": True}}],
}
GOOD: Final[dict[str, Any]] = {
    "serviceAccountName": "web",
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "app",
            "image": "ghcr.io/team/web:1.0.0",
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
            "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True},
        }
    ],
}
OTHERS: Final[tuple[dict[str, Any], ...]] = (
    {
        "kind": "rbac.authorization.k8s.io/v1:ClusterRole",
        "rules": [{"apiGroups": ["*"], "resources": ["*", "secrets"], "verbs": ["*", "escalate"]}],
    },
    {
        "kind": "rbac.authorization.k8s.io/v1:ClusterRoleBinding",
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "Group", "name": "system:unauthenticated"}],
    },
    {"kind": "core/v1:Service", "spec": {"type": "LoadBalancer", "externalIPs": ["1.2.3.4"], "ports": [{"port": 80, "nodePort": 30000}]}},
    {
        "kind": "networking.k8s.io/v1:Ingress",
        "spec": {"rules": [{"host": "a.example"}], "tls": [{"hosts": ["b.example"], "secretName": "b"}]},
    },
    {"kind": "core/v1:ConfigMap", "data": {"password": "AKIAIOSFODNN7EXAMPLE"}},
    {"kind": "autoscaling/v2:HorizontalPodAutoscaler", "spec": {"minReplicas": 0, "maxReplicas": 0}},
    {"kind": "core/v1:ServiceAccount", "automountServiceAccountToken": True},
)


def subjects() -> Iterator[Subject]:
    """Objects with much that is wrong, and one with little."""
    for kind, spec in (("Deployment", BAD), ("Pod", BAD), ("CronJob", BAD), ("Rollout", BAD), ("Deployment", GOOD)):
        made = wrapped(kind, spec)
        version = made["apiVersion"] if "/" in made["apiVersion"] else f"core/{made['apiVersion']}"
        yield of_resource(f"kubernetes:{version}:{kind}", made, label="web")
    for other in OTHERS:
        values = {key: value for key, value in other.items() if key != "kind"}
        yield of_resource(f"kubernetes:{other['kind']}", {"metadata": {"name": "web", "namespace": "shop"}, **values}, label="web")


POLICIES: Final = [pytest.param(policy, id=f"{pack.name}/{policy.name}") for pack in packs() for policy in pack.policies]


@cache
def masked() -> tuple[tuple[Subject, tuple[tuple[Steps, Subject], ...]], ...]:
    """Each object, and the same with any one field unknown."""
    return tuple(
        (one, tuple((steps, of_resource(one.type, with_unknown(one.values, steps), label="web")) for steps in places(dict(one.values))))
        for one in subjects()
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_not_known_is_neither_good_nor_bad(policy: Policy) -> None:
    """With any one field unknown, nothing is refused that isn't wrong with it known; and what is wrong is told, or in doubt."""
    if policy.scope == "update" or "sigstore" in policy.tags:
        return
    for subject, unknown in masked():
        known, _ = said(policy, subject)
        for steps, one in unknown:
            found, doubtful = said(policy, one)
            assert found <= known, (subject.shown, steps)
            # Whether somebody's own kind has pods, which the whole stack is looked through for, can't be told without anything of it.
            nothing = policy.scope == "stack" and not subject.built_in and steps == ("spec",)
            assert doubtful or nothing or found == known, (subject.shown, steps)


def said(policy: Policy, subject: Subject) -> tuple[set[str], bool]:
    """Where something is wrong, and whether anything is in doubt."""
    findings = judge(policy, Stack((subject,)) if policy.scope == "stack" else subject)
    return {one.at.path for one in findings if isinstance(one, Violation)}, any(isinstance(one, Doubt) for one in findings)


def places(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Everything that may not be known; an object's own name, kind and namespace always are, as far as people are told."""
    if steps and steps[0] in {"apiVersion", "kind", "metadata"}:
        return
    if steps:
        yield steps
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*steps, key))


def with_unknown(values: Any, steps: Steps) -> Any:
    """The same values, one of them unknown."""
    changed = deepcopy(dict(values))
    here: Any = changed
    for step in steps[:-1]:
        here = here[step]
    here[steps[-1]] = UNKNOWN
    return changed
