"""Roles and bindings for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judging import judge, of_manifest

if TYPE_CHECKING:
    from policies.judging import Given, Policy

RBAC = "rbac.authorization.k8s.io/v1"


def rule(verbs: str, resources: str, group: str = "", **more: Any) -> dict[str, Any]:
    """A rule, its lists as words."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}


def role(*rules: dict[str, Any], kind: str = "Role", name: str = "reader") -> dict[str, Any]:
    """A role with these rules."""
    return {"apiVersion": RBAC, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "rules": list(rules)}


def binding(role: str, *subjects: tuple[str, str], kind: str = "RoleBinding", of: str = "ClusterRole") -> dict[str, Any]:
    """A binding of a role to subjects, each by kind and name."""
    return {
        "apiVersion": RBAC,
        "kind": kind,
        "metadata": {"name": "some", "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": of, "name": role},
        "subjects": [{"kind": kind, "name": name} for kind, name in subjects],
    }


def paths(policy: Policy, manifest: dict[str, Any], given: Given[Any] | None = None) -> list[str]:
    """Where a policy finds something."""
    return [one.at.path for one in judge(policy, of_manifest(manifest), given)]
