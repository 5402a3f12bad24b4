"""Volumes are of kinds that give nothing of the node or of other machines away."""

from __future__ import annotations

from typing import Any

import pytest

from policies.security.pods.volume_types import volume_types
from tests.unit.policies.security.pods.telling import said, told
from tests.unit.policies.wrapping import pod

ALLOWED = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"]
RESTRICTED = [
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
]


@pytest.mark.parametrize("kind", ALLOWED)
def test_allowed_kinds(kind: str) -> None:
    """A volume of such a kind passes, whatever else it is; the API takes one kind only."""
    assert told(volume_types, pod() | {"volumes": [{"name": "data", kind: {}}, {"name": "more", kind: {}, "nfs": {}}]}) == []


@pytest.mark.parametrize("kind", [*RESTRICTED, "invention"])
def test_restricted_kinds(kind: str) -> None:
    """All others are refused, those too that nobody has heard of."""
    spec = pod() | {"volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "data", kind: {}}]}
    assert told(volume_types, spec) == [f"spec.volumes[1].{kind}"]


@pytest.mark.parametrize(
    ("volumes", "wrong"),
    [
        (None, []),
        ([], []),
        ([{"name": "none"}], []),
        ([{"name": "none", "nfs": None}], []),
        ([{"name": "none", "emptyDir": None, "nfs": {}}], ["[0].nfs"]),
        ([{"name": "host", "hostPath": {}}], []),
        ([{"name": "host", "hostPath": {}, "nfs": {}}], ["[0].nfs"]),
        ([{"name": "two", "nfs": {}, "rbd": {}}, {"name": "one", "fc": {}}], ["[0].nfs", "[0].rbd", "[1].fc"]),
    ],
)
def test_volumes(volumes: Any, wrong: list[str]) -> None:
    """A volume without a source is an emptyDir to Kubernetes; of the host's file system baseline's policy speaks."""
    assert told(volume_types, pod() | {"volumes": volumes}) == [f"spec.volumes{path}" for path in wrong]


def test_what_is_said() -> None:
    """Which volume is of which kind, and what to put in its place."""
    fix = "Put a `persistentVolumeClaim` in the place of `spec.volumes[0].nfs`, and the storage into a PersistentVolume."
    assert said(volume_types, pod() | {"volumes": [{"name": "data", "nfs": {}}]}) == [("volume 'data' is of the kind nfs", fix, None)]
