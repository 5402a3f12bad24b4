"""Namespaces, garbage, claims, quotas, budgets, definitions, and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.cluster.model.errors import StatusError
from embedded.cluster.registry.pods import evict
from embedded.cluster.registry.requests import DeleteOptions
from tests.unit.cluster.controllers.yard import Yard, template, words, workload

if TYPE_CHECKING:
    from tests.unit.cluster.controllers.yard import Obj


def test_a_namespace_takes_all_with_it() -> None:
    """It is terminating as long as anything is left, and takes nothing new."""
    yard = Yard()
    yard.make("Namespace", "shop")
    yard.make("Deployment", "web", workload("web", annotations={"stop-after": "5s"}), namespace="shop")
    yard.make("ConfigMap", "settings", namespace="shop")
    yard.wait(5)
    yard.delete("Namespace", "shop", namespace="")
    yard.wait(1)
    assert yard.status("Namespace", "shop", "")["phase"] == "Terminating"
    condition = words(yard.get("Namespace", "shop", ""), "NamespaceContentRemaining")
    assert condition == ("True", "SomeResourcesRemain", "Some resources are remaining: pods. has 2 resource instances")
    with pytest.raises(StatusError, match="because it is being terminated"):
        yard.make("ConfigMap", "more", namespace="shop")
    yard.wait(10)
    assert yard.get("Namespace", "shop", "") is None
    assert [s for s in yard.store.storages() if list(yard.store.all(s, "shop"))] == []


def test_a_finalizer_holds_a_namespace() -> None:
    """The conditions name it; without it the namespace goes."""
    yard = Yard()
    yard.make("Namespace", "shop")
    yard.make("ConfigMap", "kept", namespace="shop", metadata={"finalizers": ["example.com/backup"]})
    yard.delete("Namespace", "shop", namespace="")
    yard.wait(5)
    _, reason, message = words(yard.get("Namespace", "shop", ""), "NamespaceFinalizersRemaining")
    assert (reason, message.endswith("example.com/backup in 1 resource instances")) == ("SomeFinalizersRemain", True)
    yard.edit("ConfigMap", "kept", lambda c: c["metadata"].pop("finalizers"), "shop")
    yard.wait(1)
    assert yard.get("Namespace", "shop", "") is None


def owned(yard: Yard, name: str, *owners: Obj, block: bool = False) -> None:
    """A ConfigMap that belongs to others."""
    references = [
        {"apiVersion": o["apiVersion"], "kind": o["kind"], "name": o["metadata"]["name"], "uid": o["metadata"]["uid"]} for o in owners
    ]
    for reference in references:
        reference["blockOwnerDeletion"] = block
    yard.make("ConfigMap", name, metadata={"ownerReferences": references})


def test_a_dependent_lives_as_long_as_one_owner() -> None:
    """And goes with the last."""
    yard = Yard()
    one, two = yard.make("ConfigMap", "one"), yard.make("ConfigMap", "two")
    owned(yard, "both", one, two)
    yard.wait(1)
    yard.delete("ConfigMap", "one")
    yard.wait(1)
    assert yard.get("ConfigMap", "both") is not None
    yard.delete("ConfigMap", "two")
    yard.wait(1)
    assert yard.get("ConfigMap", "both") is None


def test_an_object_of_an_owner_that_never_was_goes() -> None:
    """An owner with another uid is none."""
    yard = Yard()
    one = yard.make("ConfigMap", "one")
    one = {**one, "metadata": {**one["metadata"], "uid": "00000000-0000-4000-8000-000000000000"}}
    owned(yard, "stray", one)
    yard.wait(1)
    assert yard.get("ConfigMap", "stray") is None


def test_foreground_waits_for_blocking_dependents() -> None:
    """The owner stays until the dependent's finalizer is gone."""
    yard = Yard()
    one = yard.make("ConfigMap", "one")
    owned(yard, "slow", one, block=True)
    yard.edit("ConfigMap", "slow", lambda c: c["metadata"].__setitem__("finalizers", ["example.com/backup"]))
    yard.delete("ConfigMap", "one", "Foreground")
    yard.wait(5)
    assert yard.get("ConfigMap", "one") is not None
    yard.edit("ConfigMap", "slow", lambda c: c["metadata"].pop("finalizers"))
    yard.wait(1)
    assert (yard.get("ConfigMap", "one"), yard.get("ConfigMap", "slow")) == (None, None)


def claim(yard: Yard, **spec: object) -> None:
    """A claim called data."""
    yard.make(
        "PersistentVolumeClaim",
        "data",
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec},
    )


def test_a_claim_waits_for_its_first_pod() -> None:
    """That is what the usual class says; then both come up, and the volume goes with the claim."""
    yard = Yard()
    claim(yard)
    yard.wait(5)
    assert yard.status("PersistentVolumeClaim", "data") == {"phase": "Pending"}
    assert yard.messages("WaitForFirstConsumer") == ["waiting for first consumer to be created before binding"]
    made = template("one", pod={"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]})
    yard.make("Pod", "one", made["spec"], metadata=made["metadata"])
    yard.wait(5)
    status = yard.status("PersistentVolumeClaim", "data")
    assert (status["phase"], status["capacity"]) == ("Bound", {"storage": "1Gi"})
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"
    (volume,) = yard.all("PersistentVolume", None)
    assert volume["status"]["phase"] == "Bound"
    yard.delete("Pod", "one")
    yard.wait(5)
    yard.delete("PersistentVolumeClaim", "data")
    yard.wait(1)
    assert yard.all("PersistentVolume", None) == []


def test_a_claim_of_an_immediate_class_is_bound_at_once() -> None:
    """A class that isn't there is reported, and may come later."""
    yard = Yard()
    claim(yard, storageClassName="fast")
    yard.wait(5)
    assert yard.messages("ProvisioningFailed") == ['storageclass.storage.k8s.io "fast" not found']
    yard.make("StorageClass", "fast", provisioner="example.com/fast")
    yard.wait(5)
    assert yard.status("PersistentVolumeClaim", "data")["phase"] == "Bound"


def test_a_pod_without_its_claim_is_not_placed() -> None:
    """The scheduler says which one is missing."""
    yard = Yard()
    made = template("one", pod={"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]})
    yard.make("Pod", "one", made["spec"], metadata=made["metadata"])
    yard.wait(1)
    assert words(yard.get("Pod", "one"), "PodScheduled")[2] == '0/3 nodes are available: persistentvolumeclaim "data" not found.'


@pytest.mark.parametrize(
    ("spec", "desired", "allowed"),
    [
        ({"minAvailable": 2}, 2, 2),
        ({"minAvailable": "50%"}, 2, 2),
        ({"maxUnavailable": 1}, 3, 1),
        ({"maxUnavailable": "30%"}, 2, 2),
        ({"minAvailable": 5}, 5, 0),
    ],
)
def test_a_budget_counts(spec: Obj, desired: int, allowed: int) -> None:
    """Healthy pods against those that must be, of those that should be."""
    yard = Yard()
    yard.make("PodDisruptionBudget", "web", {"selector": {"matchLabels": {"app": "web"}}, **spec})
    yard.deploy(replicas=4)
    yard.wait(5)
    status = yard.status("PodDisruptionBudget", "web")
    assert (status["expectedPods"], status["currentHealthy"]) == (4, 4)
    assert (status["desiredHealthy"], status["disruptionsAllowed"]) == (desired, allowed)


def test_evictions_respect_the_budget() -> None:
    """One at a time: the next is refused until the first pod's successor is ready."""
    yard = Yard()
    yard.make("PodDisruptionBudget", "web", {"selector": {"matchLabels": {"app": "web"}}, "maxUnavailable": 1})
    yard.deploy(replicas=2)
    yard.wait(5)
    one, two = (p["metadata"]["name"] for p in yard.pods())
    evict(yard.registry, "default", one, DeleteOptions())
    yard.clock.settle()
    with pytest.raises(StatusError, match="disruption budget"):
        evict(yard.registry, "default", two, DeleteOptions())
    yard.wait(10)
    evict(yard.registry, "default", two, DeleteOptions())


def test_a_quota_says_what_is_used() -> None:
    """Also when pods come and go."""
    yard = Yard()
    yard.make("ResourceQuota", "room", {"hard": {"requests.cpu": "2", "pods": "10"}})
    asks = {"resources": {"requests": {"cpu": "250m"}}}
    yard.deploy(replicas=2, container=asks)
    yard.wait(5)
    assert yard.status("ResourceQuota", "room")["used"] == {"requests.cpu": "500m", "pods": "2"}
    yard.scale("web", 1)
    yard.wait(5)
    assert yard.status("ResourceQuota", "room")["used"] == {"requests.cpu": "250m", "pods": "1"}


def test_a_definition_is_established() -> None:
    """Its conditions and names are those that clients wait for."""
    yard = Yard(own_kinds=True)
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    spec = {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
    }
    yard.make("CustomResourceDefinition", "widgets.example.com", spec, namespace="")
    yard.wait(1)
    found = yard.get("CustomResourceDefinition", "widgets.example.com", "")
    assert words(found, "Established") == ("True", "InitialNamesAccepted", "the initial names have been accepted")
    assert words(found, "NamesAccepted")[0] == "True"
    status = yard.status("CustomResourceDefinition", "widgets.example.com", "")
    assert (status["acceptedNames"]["kind"], status["storedVersions"]) == ("Widget", ["v1"])


def test_events_are_counted_and_forgotten() -> None:
    """The same thing said twice is one event with a count; after an hour it is gone."""
    yard = Yard()
    made = template("one", annotations={"crash-after": "1s"})
    yard.make("Pod", "one", made["spec"], metadata=made["metadata"])
    yard.wait(60)
    started = [e for e in yard.all("Event") if e["reason"] == "Started"]
    assert [e["count"] for e in started] == [4]
    assert started[0]["firstTimestamp"] < started[0]["lastTimestamp"]
    yard.delete("Pod", "one")
    yard.wait(7300)
    assert yard.all("Event") == []
