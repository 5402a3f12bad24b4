"""Images that name a version, and those that don't."""

from __future__ import annotations

import pytest

from policies.judging import judge, of_manifest
from policies.release.named_version import named_version
from tests.unit.policies.wrapping import KINDS, pod, wrapped


@pytest.mark.parametrize(
    ("image", "good"),
    [
        ("registry.example/web:1.0.0", True),
        ("registry.example:5000/web:1.0.0", True),
        ("web@sha256:0123", True),
        ("web:latest@sha256:0123", True),
        ("registry.example/web:latest", False),
        ("registry.example:5000/web", False),
        ("web", False),
        ("web:", False),
    ],
)
def test_images_name_a_version(image: str, good: bool) -> None:
    """A tag or a digest, and not `latest`; a registry's port is no tag."""
    found = judge(named_version, of_manifest(wrapped("Deployment", pod(image=image))))
    assert (not found) is good
    assert all(image in str(one) and "app" in str(one) for one in found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", ["containers", "initContainers", "ephemeralContainers"])
def test_every_container_is_looked_at(kind: str, part: str) -> None:
    """Of all that makes pods, sidecars included."""
    spec = pod()
    assert judge(named_version, of_manifest(wrapped(kind, spec))) == []
    spec[part] = [{"name": "one", "image": "web:latest"}]
    paths = [one.at.path for one in judge(named_version, of_manifest(wrapped(kind, spec)))]
    assert paths == [f"{KINDS[kind][0]}spec.{part}[0].image"]


def test_nothing_else_is_looked_at() -> None:
    """A Service has no pods, whatever is in it."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"template": {"spec": pod(image="web")}}}
    assert judge(named_version, of_manifest(service)) == []
