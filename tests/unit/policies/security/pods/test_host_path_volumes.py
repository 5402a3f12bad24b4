"""Pods mount nothing of their node's file system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.security.pods.host_path_volumes import host_path_volumes
from tests.unit.policies.security.pods.telling import LEVELS, said, told
from tests.unit.policies.wrapping import pod

if TYPE_CHECKING:
    from tests.unit.policies.security.pods.telling import Level


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("volumes", "wrong"),
    [
        (None, []),
        ([], []),
        ([{"name": "tmp", "emptyDir": {}}], []),
        ([{"name": "run", "hostPath": {"path": "/run"}}], ["spec.volumes[0].hostPath"]),
        ([{"name": "run", "hostPath": {}}], ["spec.volumes[0].hostPath"]),
        ([{"name": "run", "hostPath": None}], []),
        ([{"name": "nfs", "nfs": {"path": "/hostPath"}}], []),
        (
            [{"name": "a", "hostPath": {}}, {"name": "b", "secret": {}}, {"name": "c", "hostPath": {"path": "/"}}],
            ["spec.volumes[0].hostPath", "spec.volumes[2].hostPath"],
        ),
    ],
)
def test_host_path_volumes(volumes: Any, wrong: list[str], level: Level) -> None:
    """Each such volume is told, wherever it leads, at both levels."""
    assert told(host_path_volumes, pod() | {"volumes": volumes}, level=level) == wrong


@pytest.mark.parametrize(("level", "good"), [("baseline", False), ("restricted", True)])
def test_a_volume_of_two_kinds(level: Level, good: bool) -> None:
    """Restricted goes by whether it is of an allowed kind, as Kubernetes does there; to the API it is nothing at all."""
    spec = pod() | {"volumes": [{"name": "both", "hostPath": {}, "emptyDir": {}}]}
    assert told(host_path_volumes, spec, level=level) == ([] if good else ["spec.volumes[0].hostPath"])


def test_what_is_said() -> None:
    """Which volume, and what to do; nobody can say by itself what should be in its place."""
    fix = "Take `spec.volumes[0].hostPath` away; an `emptyDir` or a `persistentVolumeClaim` keeps files without being part of the node."
    reason = "volume 'run' is a part of the node's file system"
    assert said(host_path_volumes, pod() | {"volumes": [{"name": "run", "hostPath": {}}]}) == [(reason, fix, None)]
