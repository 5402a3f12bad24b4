"""Objects go: at once, after their time, or when those have done their part who asked to be heard before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.registry.requests import DeleteOptions
from tests.unit.cluster.registry.clients import changed, config_map, crd, deployment, pod, refused, thing

if TYPE_CHECKING:
    from tests.unit.cluster.registry.clients import Client

_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def test_without_anybody_in_the_way_it_is_gone(client: Client) -> None:
    """And its name is free."""
    made = client.create(config_map())
    assert client.delete(made)
    assert client.find(made) is None
    assert refused(lambda: client.delete(made)).code == 404


def test_finalizers_hold_it(client: Client) -> None:
    """It is marked, no finalizer can be added, and with the last one it goes."""
    made = client.create(changed(config_map(), finalizers=["example.org/a", "example.org/b"]))
    assert not client.delete(made)
    marked = client.get(made)
    assert marked["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:00Z"
    assert (
        "no new finalizers can be added"
        in refused(lambda: client.patch(made, {"metadata": {"finalizers": ["example.org/a", "example.org/b", "example.org/c"]}})).message
    )
    client.patch(made, {"metadata": {"finalizers": ["example.org/b"]}})
    assert client.find(made) is not None
    client.patch(made, {"metadata": {"finalizers": None}})
    assert client.find(made) is None


@pytest.mark.parametrize(
    ("propagation", "finalizers"), [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"]), ("Background", None), (None, None)]
)
def test_propagation_is_left_to_the_garbage_collector(client: Client, propagation: str | None, finalizers: list[str] | None) -> None:
    """By the finalizer that it looks for."""
    made = client.create(deployment())
    assert client.delete(made, propagation=propagation) is (finalizers is None)
    found = client.find(made)
    assert (found and found["metadata"].get("finalizers")) == finalizers
    if found:
        assert found["metadata"]["generation"] == 2


def test_jobs_leave_their_pods_behind_and_say_so(client: Client) -> None:
    """Unless the client says what it wants."""
    template = {"spec": {"containers": [{"name": "app", "image": "web:1"}], "restartPolicy": "Never"}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "shop"}, "spec": {"template": template}}
    client.create(job)
    warnings: list[str] = []
    assert not client.delete(job, warnings=warnings)
    assert client.get(job)["metadata"]["finalizers"] == ["orphan"]
    assert "child pods are preserved by default when jobs are deleted" in warnings[0]


@pytest.mark.parametrize(
    ("spec", "status", "grace", "seconds"),
    [
        ({}, {}, None, 0),
        ({"nodeName": "n"}, {}, None, 30),
        ({"nodeName": "n", "terminationGracePeriodSeconds": 5}, {}, None, 5),
        ({"nodeName": "n"}, {}, 7, 7),
        ({"nodeName": "n"}, {}, 0, 0),
        ({"nodeName": "n"}, {"phase": "Succeeded"}, None, 0),
    ],
)
def test_pods_have_time_to_end(client: Client, spec: dict[str, Any], status: dict[str, Any], grace: int | None, seconds: int) -> None:
    """If they run, as much as they or the client say."""
    made = client.create(pod(**spec))
    client.patch(made, {"status": status}, subresource="status")
    assert client.delete(made, grace=grace) is (seconds == 0)
    found = client.find(made)
    assert (found["metadata"]["deletionGracePeriodSeconds"] if found else 0) == seconds


def test_a_pods_time_can_only_get_shorter(client: Client) -> None:
    """And at 0 it is over."""
    made = client.create(pod(nodeName="n"))
    for grace, left in ((10, 10), (20, 10), (3, 3)):
        client.delete(made, grace=grace)
        assert client.get(made)["metadata"]["deletionGracePeriodSeconds"] == left
    assert client.delete(made, grace=0)


@pytest.mark.parametrize("precondition", [{"uid": "someone-else"}, {"resource_version": "1"}])
def test_preconditions(client: Client, precondition: dict[str, str]) -> None:
    """Who means another object doesn't delete this one."""
    made = client.create(config_map())
    error = refused(lambda: client.delete(made, **precondition))
    assert (error.code, "in the precondition" in error.message) == (409, True)
    assert client.find(made)


def test_a_dry_run_deletes_nothing(client: Client) -> None:
    """It only answers as if."""
    made = client.create(config_map())
    assert client.delete(made, dry_run=True)
    assert client.get(made) is made


def test_some_namespaces_stay(client: Client) -> None:
    """The cluster needs them."""
    error = refused(lambda: client.delete(changed(_NAMESPACE, name="kube-system")))
    assert error.message == 'namespaces "kube-system" is forbidden: this namespace may not be deleted'


def test_a_namespace_that_goes_takes_nothing_in(client: Client) -> None:
    """It is held by its own finalizer, which `finalize` takes away."""
    assert not client.delete(_NAMESPACE)
    assert client.get(_NAMESPACE)["status"]["phase"] == "Terminating"
    error = refused(lambda: client.create(config_map()))
    assert (error.code, error.message) == (
        403,
        'configmaps "a" is forbidden: unable to create new content in namespace shop because it is being terminated',
    )
    client.update({**_NAMESPACE, "spec": {"finalizers": []}}, "finalize")
    assert client.find(_NAMESPACE) is None


def test_a_collection_goes_together(client: Client) -> None:
    """All that match, and no others."""
    for name in ("a", "b"):
        client.create(config_map(name))
    kind = client.kind(config_map())
    found = client.registry.delete_collection(kind, "shop", options=DeleteOptions())
    assert {o["metadata"]["name"] for o in found} == {"a", "b", "kube-root-ca.crt"}
    assert client.registry.list(kind, "shop") == []


def test_a_definition_goes_after_its_objects(client: Client) -> None:
    """Which go by the same rules as all others; then the kind is served no more."""
    client.create(crd())
    client.create(thing("a"))
    held = client.create(changed(thing("b"), finalizers=["example.org/x"]))
    assert not client.delete(crd())
    client.settle()
    assert client.find(thing("a")) is None
    assert client.find(crd())
    client.patch(held, {"metadata": {"finalizers": None}})
    client.settle()
    assert client.find(crd()) is None
    assert refused(lambda: client.create(thing())).code == 404
