"""What the server adds to Jobs and DaemonSets, and accepts of clients that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.unit.cluster.registry.clients import config_map, deployment

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from tests.unit.cluster.registry.clients import Client

COUNT: Final = "deprecated.daemonset.template.generation"


def job(**metadata: Any) -> Obj:
    """A Job whose template has a label."""
    container = {"name": "app", "image": "web:1"}
    template = {"metadata": {"labels": {"app": "once"}}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    named = {"name": "once", "namespace": "shop", **metadata}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": named, "spec": {"template": template}}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, {"app", "controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"}),
        ({"mine": "1"}, {"mine"}),
    ],
)
def test_a_job_without_labels_has_those_of_its_pods(client: Client, labels: dict[str, str] | None, expected: set[str]) -> None:
    """Those that tell its pods from others too; a Job with labels keeps them."""
    made = client.create(job(**({"labels": labels} if labels else {})))
    assert set(made["metadata"]["labels"]) == expected


def test_a_daemon_set_counts_the_changes_of_its_template(client: Client) -> None:
    """In an annotation, which clients can't set and writes of other fields leave alone."""
    spec = {k: v for k, v in deployment()["spec"].items() if k != "replicas"}
    made = client.create({**deployment("agent"), "kind": "DaemonSet", "spec": spec})
    image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:2"}]}}}}
    patches = ({"metadata": {"labels": {"a": "b"}}}, image, {"metadata": {"annotations": {COUNT: "9"}}})
    after = [client.patch(made, patch, "strategic") for patch in patches]
    assert [o["metadata"]["annotations"][COUNT] for o in (made, *after)] == ["1", "1", "2", "2"]


def test_a_patch_of_no_operations_is_no_change(client: Client) -> None:
    """Clients in Go send null for it."""
    made = client.create(config_map(x="1"))
    assert client.patch(made, None, "json") == made
