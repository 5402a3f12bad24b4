"""Stacks with the operators' kinds: an update waits for what the operators make, and says what they couldn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.cluster import Cluster
from tests.local.kubernetes.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def program(store: str, timeout: str = "60s") -> None:
    """An ExternalSecret that the update is to wait for, and a Deployment that needs its Secret."""
    import pulumi
    from pulumi_kubernetes.apiextensions import CustomResource
    from pulumi_kubernetes.apps.v1 import Deployment

    reference = {"secretKey": "PASSWORD", "remoteRef": {"key": "shop", "property": "password", "version": "1"}}
    secret = CustomResource(
        "secret",
        api_version="external-secrets.io/v1",
        kind="ExternalSecret",
        metadata={"name": "shop", "namespace": "default", "annotations": {"pulumi.com/waitFor": "condition=Ready"}},
        spec={"secretStoreRef": {"name": store, "kind": "ClusterSecretStore"}, "target": {"immutable": True}, "data": [reference]},
        opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=timeout)),
    )
    container: Any = {"name": "app", "image": "web:v1", "env_from": [{"secret_ref": {"name": "shop"}}]}
    labels = {"app": "web"}
    Deployment(
        "web",
        metadata={"name": "web", "namespace": "default"},
        spec={
            "replicas": 1,
            "selector": {"match_labels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
        opts=pulumi.ResourceOptions(depends_on=[secret]),
    )


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster whose pods are ready in a moment."""
    with Cluster(rate=20) as cluster:
        yield cluster


def test_an_update_waits_for_a_secret_from_a_store(cluster: Cluster, tmp_path: Path) -> None:
    """When it is through, the ExternalSecret is ready, its Secret is there and the pods that need it run; then nothing is left to do."""
    stack = Stack(tmp_path / "stack", cluster.kubeconfig_file(tmp_path / "kubeconfig"))

    def usual() -> None:
        program("vault")

    stack.up(usual).well()
    status = stack.resources()["secret"].outputs["status"]
    assert [(c["type"], c["status"]) for c in status["conditions"]] == [("Ready", "True")]
    assert cluster.call(lambda: cluster.store.get("/secrets", "default", "shop")) is not None
    assert stack.preview(usual).well().changes == {}
    stack.destroy().well()


def test_an_update_says_that_a_store_lacks_a_secret(cluster: Cluster, tmp_path: Path) -> None:
    """It fails before the pods that need the Secret are made."""
    stack = Stack(tmp_path / "stack", cluster.kubeconfig_file(tmp_path / "kubeconfig"))
    stack.up(lambda: program("missing", "1s")).failed("Resource has condition Ready=False (want True)")
    assert list(cluster.store.all("/pods", "default")) == []
