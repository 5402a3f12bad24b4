"""Namespaces with pods, and network policies in them."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Doubt, Given, Violation, judge, of_manifest, of_resource, stack_of
from policies.judging.fields import UNKNOWN
from policies.security.network.network_policies import Ignored, network_policies
from tests.unit.policies.security.network.objects import DENY, policy
from tests.unit.policies.wrapping import KINDS, pod, wrapped

SHOP = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def within(namespace: str | None, kind: str = "Deployment") -> dict[str, Any]:
    """What makes pods, in a namespace."""
    made = wrapped(kind, pod())
    return made | {"metadata": {"name": "web", "namespace": namespace}}


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        ([within("shop"), policy(DENY)], []),
        ([within("shop")], ["shop/Deployment/web metadata.namespace"]),
        ([within("shop"), policy(DENY, "elsewhere")], ["shop/Deployment/web metadata.namespace"]),
        # Each namespace once; at its object, if that is there.
        ([SHOP, within("shop"), within("shop", "Job")], ["Namespace/shop metadata.name"]),
        ([within("one"), within("two"), within("two")], ["one/Deployment/web metadata.namespace", "two/Deployment/web metadata.namespace"]),
        # A namespace without pods needs none.
        ([SHOP], []),
        ([within("kube-system")], []),
        # Without a word it is the default one.
        ([within(None)], ["Deployment/web metadata.namespace"]),
        ([within(None), policy(DENY, "default")], []),
        ([within("default"), policy(DENY, None)], []),
        # Those of others.
        ([within("shop"), policy({}, kind="cilium.io/v2/CiliumNetworkPolicy")], []),
        ([within("shop"), policy({}, kind="projectcalico.org/v3/NetworkPolicy")], []),
        ([within("shop"), policy({}, kind="crd.projectcalico.org/v1/NetworkPolicy")], []),
        ([within("shop"), policy({}, "elsewhere", kind="cilium.io/v2/CiliumNetworkPolicy")], ["shop/Deployment/web metadata.namespace"]),
        ([within("shop"), policy({}, None, kind="cilium.io/v2/CiliumClusterwideNetworkPolicy")], []),
        ([within("shop"), policy({}, None, kind="policy.networking.k8s.io/v1alpha1/BaselineAdminNetworkPolicy")], []),
        ([within("shop"), policy({}, kind="example.com/v1/NetworkPolicy")], ["shop/Deployment/web metadata.namespace"]),
    ],
)
def test_namespaces_with_pods_have_policies(objects: list[dict[str, Any]], told: list[str]) -> None:
    """And each that has none is told once."""
    found = judge(network_policies, stack_of(*map(of_manifest, objects)))
    assert [f"{one.at.subject.shown} {one.at.path}" for one in found] == told


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_makes_the_pods(kind: str) -> None:
    """The namespace is told by name."""
    found = judge(network_policies, stack_of(of_manifest(wrapped(kind, pod()))))
    assert [isinstance(one, Violation) and "namespace 'shop'" in one.reason for one in found] == [True]


def test_namespaces_that_need_none() -> None:
    """By the settings, which then hold alone."""
    stack = stack_of(of_manifest(within("shop")), of_manifest(within("kube-system")))
    found = judge(network_policies, stack, Given(Ignored(ignored=("shop",))))
    assert [one.at.subject.namespace for one in found] == ["kube-system"]


def test_a_namespace_that_isnt_known_yet() -> None:
    """Is in doubt."""
    made = of_resource("kubernetes:core/v1:Pod", {"metadata": {"namespace": UNKNOWN}, "spec": pod()})
    assert [type(one) for one in judge(network_policies, stack_of(made))] == [Doubt]
