"""Objects are made: with an identity, a name, defaults, and an owner of their fields; or they are refused."""

from __future__ import annotations

import pytest

from embedded.cluster.registry.requests import Write
from tests.unit.cluster.registry.clients import Client, changed, config_map, deployment, pod, refused, thing


def test_a_new_object_has_an_identity(client: Client) -> None:
    """The server says who it is, since when, and in which version."""
    made = client.create(config_map(x="1"))
    metadata = made["metadata"]
    assert metadata["uid"]
    assert metadata["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert metadata["resourceVersion"] == str(client.registry.store.version)
    assert "generation" not in metadata
    assert client.get(made) is made


def test_what_is_handed_in_stays_the_callers(client: Client) -> None:
    """The server's additions don't show in the client's own object."""
    mine = deployment()
    client.create(mine)
    assert mine == deployment()


def test_identity_hangs_on_the_name_not_on_the_order(client: Client) -> None:
    """So concurrent clients get the same in each run; a second object of the name is another one."""
    first, second = client.create(config_map("a")), client.create(config_map("b"))
    client.delete(first)
    client.delete(second)
    again_b, again_a = client.create(config_map("b")), client.create(config_map("a"))
    uids = {o["metadata"]["uid"] for o in (first, second, again_a, again_b)}
    assert len(uids) == 4


def test_generated_names_differ(client: Client) -> None:
    """`generateName` gets an end that is free."""
    names = {client.create(changed(config_map(""), generateName="job-"))["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


@pytest.mark.parametrize(
    ("obj", "code", "text"),
    [
        (config_map(""), 422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'),
        (changed(config_map(), namespace="nowhere"), 404, 'namespaces "nowhere" not found'),
        (changed(config_map(), resourceVersion="7"), 500, "resourceVersion should not be set on objects to be created"),
        (pod(serviceAccountName="x"), 403, 'pods "p" is forbidden: error looking up service account shop/x: serviceaccount "x" not found'),
        (pod(priorityClassName="x"), 403, 'pods "p" is forbidden: no PriorityClass with name x was found'),
    ],
)
def test_refusals_name_the_object_and_why(client: Client, obj: dict[str, object], code: int, text: str) -> None:
    """With the status and the words of the real server."""
    error = refused(lambda: client.create(obj))
    assert (error.code, error.message) == (code, text)


def test_a_taken_name_is_refused(client: Client) -> None:
    """There is one object of a name."""
    client.create(config_map())
    error = refused(lambda: client.create(config_map()))
    assert (error.code, error.reason, error.message) == (409, "AlreadyExists", 'configmaps "a" already exists')


def test_an_invalid_object_is_refused_before_its_name_is_looked_at(client: Client) -> None:
    """All that is wrong is in one text."""
    error = refused(lambda: client.create(deployment("Wrong_Name")))
    assert error.code == 422
    assert error.message.startswith('Deployment.apps "Wrong_Name" is invalid: ')


@pytest.mark.parametrize("validation", ["Ignore", "Warn", "Strict"])
def test_unknown_fields_are_dropped_told_or_refused(client: Client, validation: str) -> None:
    """As the client wants it."""
    odd = {**config_map(), "dat": {"x": "1"}}
    warnings: list[str] = []
    asked = Client(client.registry, Write("tester", validation=validation, warnings=warnings))  # type: ignore[arg-type]
    if validation == "Strict":
        assert 'strict decoding error: unknown field "dat"' in refused(lambda: asked.create(odd)).message
        return
    assert "dat" not in asked.create(odd)
    assert warnings == (['unknown field "dat"'] if validation == "Warn" else [])


def test_a_dry_run_leaves_nothing_behind(client: Client) -> None:
    """It answers as if, but for the version; and what follows is as if it had not been."""
    before = client.registry.store.version
    dry = client.as_(dry_run=True).create(deployment())
    assert dry["spec"]["strategy"]["type"] == "RollingUpdate"
    assert dry["metadata"]["uid"]
    assert "resourceVersion" not in dry["metadata"]
    assert client.registry.store.version == before
    assert client.find(deployment()) is None
    assert not any('"deployments.apps"' in line for line in client.registry.journal.lines())


def test_the_owner_of_the_fields_is_who_asked_for_them(client: Client) -> None:
    """Defaults are the client's; what the server allots or is told by nobody is no one's."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"ports": [{"port": 80}]}}
    [entry] = client.create(service)["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("tester", "Update")
    assert "f:sessionAffinity" in entry["fieldsV1"]["f:spec"]
    assert "f:clusterIP" not in entry["fieldsV1"]["f:spec"]


@pytest.mark.parametrize(
    ("obj", "status"),
    [
        (deployment(), {}),
        (pod(), {"phase": "Pending", "qosClass": "BestEffort"}),
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}, {"phase": "Active"}),
    ],
)
def test_a_new_object_has_its_kinds_first_status(client: Client, obj: dict[str, object], status: dict[str, object]) -> None:
    """Whatever status the client sent along."""
    assert client.create({**obj, "status": {"phase": "Sent", "replicas": 7}})["status"] == status


def test_a_namespace_has_what_every_namespace_has(client: Client) -> None:
    """An account and the certificates, and gets them back when they are deleted."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "shop"}}
    certificates = config_map("kube-root-ca.crt")
    assert client.find(account)
    assert client.find(certificates)
    client.delete(account)
    client.settle()
    assert client.find(account)


def test_no_such_kind(client: Client) -> None:
    """What nobody has defined can't be made."""
    assert refused(lambda: client.create(thing())).code == 404


def test_pods_get_what_admission_adds(client: Client) -> None:
    """The account, the tolerations of a lost node, a priority."""
    spec = client.create(pod())["spec"]
    assert (spec["serviceAccountName"], spec["priority"], spec["preemptionPolicy"]) == ("default", 0, "PreemptLowerPriority")
    assert {t["key"] for t in spec["tolerations"]} == {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}, "Burstable"),
    ],
)
def test_quality_of_service(client: Client, resources: dict[str, object], expected: str) -> None:
    """By what the containers ask for."""
    made = client.create(pod(containers=[{"name": "app", "image": "web:1", "resources": resources}]))
    assert made["status"]["qosClass"] == expected
