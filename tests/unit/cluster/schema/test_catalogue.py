"""Which kinds there are, and how custom ones come and go."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.cluster.schema.catalogue import Catalogue, version_rank


def things(version: str = "v1", **schema: Any) -> dict[str, Any]:
    """A definition of things."""
    return {
        "metadata": {"name": "things.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "shortNames": ["th"]},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", **schema}},
                    "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}},
                },
                {"name": "v0", "served": False, "storage": False},
            ],
        },
    }


@pytest.mark.parametrize(
    ("api_version", "kind", "plural", "namespaced", "short"),
    [
        ("v1", "ConfigMap", "configmaps", True, "cm"),
        ("v1", "Namespace", "namespaces", False, "ns"),
        ("apps/v1", "Deployment", "deployments", True, "deploy"),
        ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True, "hpa"),
        ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", True, "netpol"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", False, "crd"),
        ("gateway.networking.k8s.io/v1", "Gateway", "gateways", True, "gtw"),
    ],
)
def test_kinds_are_found_by_either_name(
    catalogue: Catalogue, api_version: str, kind: str, plural: str, namespaced: bool, short: str
) -> None:
    """A kind is found by what objects call it and by what paths call it, and knows its other names."""
    resource = catalogue.by_kind(api_version, kind)
    assert resource is not None
    assert catalogue.find(resource.group, resource.version, plural) is resource
    assert (resource.plural, resource.namespaced, resource.group_version) == (plural, namespaced, api_version)
    assert short in resource.short_names
    assert {"get", "list", "watch", "create", "update", "patch", "delete"} <= resource.verbs


def test_nothing_experimental_is_served(catalogue: Catalogue) -> None:
    """Alpha and beta versions of built-in kinds are off, as on a real server; those of definitions are what these say."""
    others = {r.group for r in catalogue.all() if r.custom}
    assert {v for g in catalogue.groups() if g not in others for v in catalogue.versions(g)} <= {"v1", "v2"}
    assert catalogue.versions("gateway.networking.k8s.io") == catalogue.versions("external-secrets.io") == ["v1", "v1beta1"]
    assert catalogue.versions("monitoring.coreos.com") == ["v1", "v1alpha1"]


def test_the_core_group_comes_first_and_the_preferred_version_too(catalogue: Catalogue) -> None:
    """Discovery lists groups and versions in the order of preference."""
    assert catalogue.groups()[0] == ""
    assert catalogue.versions("autoscaling") == ["v2", "v1"]
    assert catalogue.versions("no.such.group") == []


def test_versions_are_ranked_as_kubernetes_ranks_them() -> None:
    """Stable before beta before alpha, the newest first, and then names that are no versions."""
    names = ["foo", "v1", "v2alpha1", "v10", "v1beta2", "v2", "v1beta10", "a1"]
    assert sorted(names, key=version_rank) == ["v10", "v2", "v1", "v1beta10", "v1beta2", "v2alpha1", "a1", "foo"]


def test_versions_of_a_kind_are_stored_together(catalogue: Catalogue) -> None:
    """An autoscaler is one object in both of its versions, and an event in both of its groups."""
    assert {r.storage for r in catalogue.all() if r.kind == "HorizontalPodAutoscaler"} == {"autoscaling/horizontalpodautoscalers"}
    assert {r.storage for r in catalogue.all() if r.kind == "Event"} == {"/events"}


def test_subresources_have_kinds_of_their_own(catalogue: Catalogue) -> None:
    """What is sent to pods/eviction is an Eviction, and what scales a Deployment is a Scale."""
    pods, deployments = catalogue.find("", "v1", "pods"), catalogue.find("apps", "v1", "deployments")
    assert pods is not None
    assert deployments is not None
    eviction = pods.subresources["eviction"]
    assert (eviction.group, eviction.version, eviction.kind, *eviction.verbs) == ("policy", "v1", "Eviction", "create")
    assert deployments.subresources["scale"].kind == "Scale"
    assert deployments.scale is not None
    assert deployments.has_status
    assert deployments.list_kind == "DeploymentList"
    assert deployments.qualified == "deployments.apps"


def test_a_definition_brings_its_served_versions() -> None:
    """A custom kind is there as soon as its definition is, with the sub-resources that it declares."""
    catalogue = Catalogue.load()
    before = catalogue.revision
    added = catalogue.add_crd(things())
    assert [r.version for r in added] == ["v1"]
    resource = catalogue.by_kind("example.org/v1", "Thing")
    assert resource is not None
    assert resource.custom
    assert set(resource.subresources) == {"status", "scale"}
    assert resource.scale is not None
    assert (resource.scale.spec, resource.scale.selector) == (".spec.size", "")
    assert catalogue.revision > before
    assert "example.org" in catalogue.groups()


def test_a_definition_takes_its_kinds_with_it() -> None:
    """When a definition goes, its kinds and its group go; removing it again does no harm."""
    catalogue = Catalogue.load()
    catalogue.add_crd(things())
    catalogue.remove_crd("things.example.org")
    catalogue.remove_crd("things.example.org")
    assert catalogue.by_kind("example.org/v1", "Thing") is None
    assert "example.org" not in catalogue.groups()


def test_a_changed_definition_replaces_its_kinds() -> None:
    """A version that is no longer in the definition is no longer served."""
    catalogue = Catalogue.load()
    catalogue.add_crd(things())
    catalogue.add_crd(things("v2"))
    assert catalogue.versions("example.org") == ["v2"]


def test_upstream_definitions_stand_before_the_built_in_gateway() -> None:
    """Applying the Gateway API's own definitions replaces the built-in kinds, and removing them brings these back."""
    catalogue = Catalogue.load()
    name = "httproutes.gateway.networking.k8s.io"
    crd = things()
    crd["metadata"]["name"] = name
    crd["spec"] |= {"group": "gateway.networking.k8s.io", "names": {"plural": "httproutes", "singular": "httproute", "kind": "HTTPRoute"}}
    assert catalogue.is_own(name)
    catalogue.add_crd(crd)
    replaced = catalogue.by_kind("gateway.networking.k8s.io/v1", "HTTPRoute")
    assert replaced is not None
    assert set(replaced.type.fields) == {"apiVersion", "kind", "metadata"}
    catalogue.remove_crd(name)
    restored = catalogue.by_kind("gateway.networking.k8s.io/v1", "HTTPRoute")
    assert restored is not None
    assert "spec" in restored.type.fields
