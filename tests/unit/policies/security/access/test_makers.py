"""Who makes pods, and persistent volumes."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import judge, of_manifest
from policies.security.access.pod_makers import pod_makers
from policies.security.access.volume_makers import volume_makers
from tests.unit.policies.security.access.roles import paths, role, rule


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (rule("create", "pods"), ["resources[0]"]),
        (rule("get list watch update patch delete", "pods"), []),
        (rule("get create", "configmaps replicationcontrollers"), ["resources[1]"]),
        # Two that make pods are told once.
        (rule("create", "deployments statefulsets", "apps"), ["resources[0]"]),
        (rule("create", "statefulsets", "apps"), ["resources[0]"]),
        (rule("create", "daemonsets", "apps"), ["resources[0]"]),
        (rule("create", "replicasets", "apps"), ["resources[0]"]),
        (rule("create", "jobs", "batch"), ["resources[0]"]),
        (rule("*", "cronjobs", "batch"), ["resources[0]"]),
        (rule("create", "*", "batch"), ["resources[0]"]),
        (rule("create", "pods jobs", "*"), ["resources[0]"]),
        (rule("create", "deployments", "example.com"), []),
        (rule("create", "deployments", ""), []),
        # A scheduler binds pods that others have made, and a subresource makes none.
        (rule("create", "pods/binding pods/eviction pods/exec"), []),
    ],
)
def test_who_makes_pods(one: dict[str, Any], wrong: list[str]) -> None:
    """In all namespaces; in one a Role may."""
    assert paths(pod_makers, role(one, kind="ClusterRole")) == [f"rules[0].{path}" for path in wrong]
    assert paths(pod_makers, role(one)) == []


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (rule("create", "persistentvolumes"), ["resources[0]"]),
        (rule("get create", "persistentvolumeclaims persistentvolumes"), ["resources[1]"]),
        (rule("*", "persistentvolumes"), ["resources[0]"]),
        (rule("create", "*"), ["resources[0]"]),
        (rule("get list watch patch delete", "persistentvolumes"), []),
        (rule("create", "persistentvolumeclaims"), []),
        (rule("create", "persistentvolumes/status"), []),
        (rule("create", "persistentvolumes", "storage.k8s.io"), []),
    ],
)
def test_who_makes_volumes(one: dict[str, Any], wrong: list[str]) -> None:
    """They are in no namespace, so that no Role grants them."""
    assert paths(volume_makers, role(one, kind="ClusterRole")) == [f"rules[0].{path}" for path in wrong]
    assert paths(volume_makers, role(one)) == []


def test_it_is_told_what_is_granted() -> None:
    """And never refused by itself."""
    made = of_manifest(role(rule("create", "pods persistentvolumes"), kind="ClusterRole"))
    found = [*judge(pod_makers, made), *judge(volume_makers, made)]
    assert [getattr(one, "reason", "") for one in found] == [
        f"{made.shown} grants create of pods: pods in all namespaces",
        f"{made.shown} grants create of persistentvolumes: a way to the files of nodes",
    ]
    assert {pod_makers.level, volume_makers.level} == {"advisory"}
