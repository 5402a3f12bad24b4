"""Lists by labels, by fields, by namespace; and objects in other versions than they were written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.model.objects import Selector
from embedded.cluster.registry.selection import FieldSelector
from tests.unit.cluster.registry.clients import changed, config_map, crd, pod, refused, thing

if TYPE_CHECKING:
    from tests.unit.cluster.registry.clients import Client


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("metadata.name=a", ["a"]),
        ("metadata.name!=a,metadata.namespace=shop", ["b"]),
        ("spec.nodeName=", ["b"]),
        ("spec.nodeName==n,status.phase=Pending", ["a"]),
        ("status.phase=Running", []),
        ("spec.hostNetwork=false", ["a", "b"]),
        ("", ["a", "b"]),
    ],
)
def test_field_selectors(client: Client, text: str, names: list[str]) -> None:
    """All terms hold; what is absent is empty, or what absence means."""
    client.create(pod("a", nodeName="n"))
    client.create(pod("b"))
    found = client.registry.list(client.kind(pod()), None, None, FieldSelector.parse(text, "/pods"))
    assert [o["metadata"]["name"] for o in found] == names


@pytest.mark.parametrize(
    ("storage", "text", "message"),
    [
        ("/pods", "spec.color=red", "field label not supported: spec.color"),
        ("/configmaps", "a=b", '"a" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        ("/pods", "a", "invalid selector: 'a'; can't understand 'a'"),
    ],
)
def test_field_selectors_that_are_not_served(storage: str, text: str, message: str) -> None:
    """As a kind's fields aren't all indexed."""
    assert refused(lambda: FieldSelector.parse(text, storage)).message == message


def test_lists_are_by_namespace_and_name(client: Client) -> None:
    """In one namespace, or in all; those whose labels match."""
    for name in ("b", "a"):
        client.create(changed(config_map(name), labels={"name": name}))
    kind = client.kind(config_map())
    assert [o["metadata"]["name"] for o in client.registry.list(kind, "shop")] == ["a", "b", "kube-root-ca.crt"]
    spaces = [o["metadata"]["namespace"] for o in client.registry.list(kind)]
    assert spaces == sorted(spaces)
    assert [o["metadata"]["name"] for o in client.registry.list(kind, None, Selector.parse("name in (b,c)"))] == ["b"]


def _autoscaler(version: str, **spec: Any) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    whole = {"scaleTargetRef": target, "maxReplicas": 3, **spec}
    metadata = {"name": "h", "namespace": "shop"}
    return {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": whole}


def test_an_autoscaler_is_the_same_in_both_versions(client: Client) -> None:
    """A change in the old one keeps what only the new one knows."""
    memory = {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 70}}}
    client.create(_autoscaler("v2", metrics=[memory]))
    old = client.get(_autoscaler("v1"))
    assert old["apiVersion"] == "autoscaling/v1"
    assert "metrics" not in old["spec"]
    assert client.patch(_autoscaler("v1"), {"spec": {"targetCPUUtilizationPercentage": 55}})["spec"]["targetCPUUtilizationPercentage"] == 55
    metrics = client.get(_autoscaler("v2"))["spec"]["metrics"]
    assert {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in metrics} == {"cpu": 55, "memory": 70}


def test_events_are_seen_by_two_groups(client: Client) -> None:
    """Under each group's names."""
    metadata = {"name": "e", "namespace": "shop"}
    about = {"kind": "Pod", "namespace": "shop", "name": "p"}
    client.create({"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, "message": "hi", "type": "Normal"})
    new = client.get({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": metadata})
    assert (new["regarding"], new["note"]) == (about, "hi")
    assert "message" not in new


def test_versions_of_a_definition_differ_in_name(client: Client) -> None:
    """What is written in one is read in the other."""
    definition = crd()
    second = {**definition["spec"]["versions"][0], "name": "v2", "storage": False}
    definition["spec"]["versions"].append(second)
    client.create(definition)
    client.create(thing(spec={"size": 1}))
    seen = client.get({**thing(), "apiVersion": "example.org/v2"})
    assert (seen["apiVersion"], seen["spec"]) == ("example.org/v2", {"size": 1})
    after = client.patch({**thing(), "apiVersion": "example.org/v2"}, {"spec": {"size": 2}})
    assert (after["apiVersion"], client.get(thing())["spec"]) == ("example.org/v2", {"size": 2})


def test_a_definition_is_served_at_once_and_anew_when_it_changes(client: Client) -> None:
    """By the version that it says now."""
    made = client.create(crd(status=False))
    assert not client.kind(thing()).has_status
    version = {**made["spec"]["versions"][0], "subresources": {"status": {}}}
    client.patch(made, {"spec": {"versions": [version]}})
    assert client.kind(thing()).has_status


def test_a_custom_kind_without_a_status_of_its_own_keeps_what_it_is_given(client: Client) -> None:
    """The status is a field like all others, and counts."""
    client.create(crd(status=False))
    made = client.create(thing(status={"a": 1}))
    assert made["status"] == {"a": 1}
    assert client.patch(made, {"status": {"a": 2}})["metadata"]["generation"] == 2
