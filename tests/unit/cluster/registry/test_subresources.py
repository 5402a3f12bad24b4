"""What stands below objects: the scale of all that has one, and what is done to pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.registry import pods
from embedded.cluster.registry.requests import DeleteOptions, Write
from tests.unit.cluster.registry.clients import changed, crd, deployment, pod, refused, thing

if TYPE_CHECKING:
    from tests.unit.cluster.registry.clients import Client


def _scale(replicas: Any) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": replicas},
    }


def test_a_scale_is_read_and_written(client: Client) -> None:
    """In one form for all kinds, with an owner of the one field."""
    made = client.create(deployment(replicas=2))
    kind = client.kind(made)
    client.patch(made, {"status": {"replicas": 1}}, subresource="status")
    scale = client.registry.scale(kind, "shop", "web")
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 1, "selector": "app=web"})
    after = client.registry.update(kind, "shop", "web", _scale(5), Write("scaler"), "scale")
    assert (after["kind"], after["spec"]) == ("Scale", {"replicas": 5})
    entry = next(e for e in client.get(made)["metadata"]["managedFields"] if e["manager"] == "scaler")
    assert (entry["subresource"], entry["fieldsV1"]) == ("scale", {"f:spec": {"f:replicas": {}}})
    patched = client.registry.patch(kind, "shop", "web", {"spec": {"replicas": 0}}, "merge", Write("scaler"), "scale")
    assert patched["spec"] == {}
    assert client.get(made)["spec"]["replicas"] == 0


@pytest.mark.parametrize("replicas", [-1, "many"])
def test_a_scale_is_a_number(client: Client, replicas: Any) -> None:
    """Of things that are there or not."""
    made = client.create(deployment())
    assert refused(lambda: client.registry.update(client.kind(made), "shop", "web", _scale(replicas), Write(), "scale")).code == 422


def test_custom_kinds_say_where_their_scale_is(client: Client) -> None:
    """Three paths in the definition; without them there is none."""
    paths = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size", "labelSelectorPath": ".status.selector"}
    client.create(crd(subresources={"status": {}, "scale": paths}))
    made = client.create(thing(spec={"size": 2}))
    kind = client.kind(made)
    client.patch(made, {"status": {"size": 1, "selector": "a=b"}}, subresource="status")
    client.registry.update(kind, "shop", "t", changed(_scale(3), name="t"), Write(), "scale")
    assert client.registry.scale(kind, "shop", "t")["status"] == {"replicas": 1, "selector": "a=b"}
    assert client.get(made)["spec"] == {"size": 3}
    config = {"apiVersion": "v1", "kind": "ConfigMap"}
    assert refused(lambda: client.registry.scale(client.kind(config), "shop", "kube-root-ca.crt")).code == 404


def test_a_pod_is_bound_once(client: Client) -> None:
    """To the node that the binding names."""
    made = client.create(pod())
    pods.bind(client.registry, "shop", "p", {"target": {"name": "n"}}, Write("scheduler"))
    bound = client.get(made)
    assert bound["spec"]["nodeName"] == "n"
    assert bound["status"]["conditions"][0]["type"] == "PodScheduled"
    assert refused(lambda: pods.bind(client.registry, "shop", "p", {"target": {"name": "m"}}, Write())).code == 409
    assert refused(lambda: pods.bind(client.registry, "shop", "p", {}, Write())).code == 400


def _ready_pod(client: Client, name: str, *, ready: bool = True) -> None:
    made = client.create(pod(name, {"app": "web"}))
    conditions = [{"type": "Ready", "status": str(ready)}]
    client.patch(made, {"status": {"phase": "Running", "conditions": conditions}}, subresource="status")


def _budget(client: Client, name: str = "b", allowed: int = 1, healthy: int = 2) -> dict[str, Any]:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    made = client.create(
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}
    )
    status = {"disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": 1, "expectedPods": 2, "observedGeneration": 1}
    return client.patch(made, {"status": status}, subresource="status")


def test_evictions_use_up_the_budget(client: Client) -> None:
    """Until there is none left: then the client has to come back."""
    for name in ("a", "b"):
        _ready_pod(client, name)
    budget = _budget(client)
    pods.evict(client.registry, "shop", "a", DeleteOptions())
    assert client.find(pod("a")) is None
    status = client.get(budget)["status"]
    assert (status["disruptionsAllowed"], list(status["disruptedPods"])) == (0, ["a"])
    error = refused(lambda: pods.evict(client.registry, "shop", "b", DeleteOptions()))
    assert (error.code, error.message) == (429, "Cannot evict pod as it would violate the pod's disruption budget.")
    assert "needs 1 healthy pods and has 2 currently" in error.details["causes"][0]["message"]
    assert client.find(pod("b"))


def test_pods_that_do_not_count_go_free(client: Client) -> None:
    """One that hasn't started, one that isn't ready while enough are, one that no budget is about."""
    _budget(client, allowed=0)
    client.create(pod("pending", {"app": "web"}))
    _ready_pod(client, "unready", ready=False)
    client.create(pod("other"))
    for name in ("pending", "unready", "other"):
        pods.evict(client.registry, "shop", name, DeleteOptions())
        assert client.find(pod(name)) is None


def test_a_budget_must_be_clear(client: Client) -> None:
    """Neither of a version that hasn't been looked at, nor one of two."""
    _ready_pod(client, "a")
    budget = _budget(client)
    client.patch(budget, {"spec": {"minAvailable": 2}})
    assert refused(lambda: pods.evict(client.registry, "shop", "a", DeleteOptions())).code == 429
    _budget(client, "c")
    assert refused(lambda: pods.evict(client.registry, "shop", "a", DeleteOptions())).code == 500
