"""Where images come from, and which ones they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import Doubt, Given, To, Violation, judge, of_manifest, of_resource
from policies.judging.fields import UNKNOWN
from policies.security.images.allowed_registries import Registries, allowed_registries
from policies.security.images.latest_tag import latest_tag
from policies.security.images.pinned_digests import pinned_digests
from policies.security.images.pull_policy import Pulled, pull_policy
from tests.unit.policies.wrapping import KINDS, pod, wrapped

if TYPE_CHECKING:
    from policies.judging import Policy

DIGEST = "sha256:" + "0123456789abcdef" * 4


def paths(policy: Policy, spec: dict[str, Any], given: Given[Any] | None = None, kind: str = "Pod") -> list[str]:
    """Where a policy finds something in a pod."""
    return [one.at.path for one in judge(policy, of_manifest(wrapped(kind, spec)), given)]


@pytest.mark.parametrize(
    ("image", "good"),
    [
        ("registry.example/web:1.0.0", True),
        ("registry.example:5000/web:1.0.0", True),
        (f"web@{DIGEST}", True),
        (f"web:latest@{DIGEST}", True),
        ("web:latest-1", True),
        ("registry.example/web:latest", False),
        ("registry.example:5000/web", False),
        ("web", False),
        ("web:", False),
        (None, True),
    ],
)
def test_latest(image: str | None, good: bool) -> None:
    """A tag or a digest, and not `latest`, whatever makes the pod; a registry's port is no tag."""
    for kind in KINDS:
        assert paths(latest_tag, pod(image=image), kind=kind) == ([] if good else [f"{KINDS[kind][0]}spec.containers[0].image"])


@pytest.mark.parametrize(
    ("image", "production", "elsewhere"),
    [
        (f"registry.example/web:1.0.0@{DIGEST}", True, True),
        (f"web@sha512:{'0123456789abcdef' * 8}", True, True),
        ("registry.example/web:1.0.0", False, True),
        ("web", False, True),
        ("web@sha256:0123", False, False),
        (f"web@md5:{'0' * 32}", False, False),
        (None, True, True),
    ],
)
def test_digests(image: str | None, production: bool, elsewhere: bool) -> None:
    """In production each image has one; half a digest is none anywhere."""
    for kind in KINDS:
        path = f"{KINDS[kind][0]}spec.containers[0].image"
        assert paths(pinned_digests, pod(image=image), kind=kind) == ([] if production else [path])
        staging = Given(pinned_digests.settings(), environment="staging")
        assert paths(pinned_digests, pod(image=image), staging, kind) == ([] if elsewhere else [path])


@pytest.mark.parametrize(
    ("registries", "image", "good"),
    [
        ((), "anything.example/web", True),
        (("ghcr.io/team",), "ghcr.io/team/web:1", True),
        (("ghcr.io/team/",), f"ghcr.io/team/shop/web@{DIGEST}", True),
        (("ghcr.io/team",), "ghcr.io/team-evil/web:1", False),
        (("ghcr.io",), "ghcr.io.evil.example/web:1", False),
        (("ghcr.io/team/web",), "ghcr.io/team/web:1", True),
        (("ghcr.io",), "ghcr.io:5000/web", False),
        (("registry:5000",), "registry:5000/web", True),
        (("docker.io",), "nginx", True),
        (("docker.io/library",), "nginx:1", True),
        (("docker.io/library",), "grafana/grafana", False),
        (("registry.k8s.io", "docker.io/grafana"), "grafana/grafana", True),
        (("registry.k8s.io",), "nginx", False),
        (("registry.k8s.io",), None, True),
    ],
)
def test_registries(registries: tuple[str, ...], image: str | None, good: bool) -> None:
    """What is in one of them or below one of their paths; a name that only begins alike isn't."""
    for kind in KINDS:
        found = paths(allowed_registries, pod(image=image), Given(Registries(registries=registries)), kind)
        assert found == ([] if good else [f"{KINDS[kind][0]}spec.containers[0].image"])


@pytest.mark.parametrize(
    ("image", "pull", "good", "strictly"),
    [
        ("web:1", "Always", True, True),
        ("web:1", "IfNotPresent", True, False),
        ("web:1", None, True, False),
        ("web:1", "Never", False, False),
        (f"web@{DIGEST}", "IfNotPresent", True, True),
        (f"web@{DIGEST}", None, True, True),
        (f"web@{DIGEST}", "Never", False, False),
        (f"web:latest@{DIGEST}", "IfNotPresent", True, True),
        ("web:latest", None, True, True),
        ("web", None, True, True),
        ("web:latest", "IfNotPresent", False, False),
        ("web", "IfNotPresent", False, False),
        ("web", "Always", True, True),
        (None, "Never", True, True),
    ],
)
def test_when_images_are_pulled(image: str | None, pull: str | None, good: bool, strictly: bool) -> None:
    """So that what runs is what was asked for; by a setting, tags are always asked for anew."""
    for kind in KINDS:
        manifest = of_manifest(wrapped(kind, pod(image=image, imagePullPolicy=pull)))
        path = f"{KINDS[kind][0]}spec.containers[0].imagePullPolicy"
        for expected, settings in ((good, Pulled()), (strictly, Pulled(tags_always=True))):
            found = judge(pull_policy, manifest, Given(settings))
            assert [one.at.path for one in found] == ([] if expected else [path])
            assert all(isinstance(one, Violation) and one.mended == To("Always") for one in found)


@pytest.mark.parametrize(
    ("policy", "given"),
    [(latest_tag, None), (pinned_digests, None), (allowed_registries, Given(Registries(registries=("ghcr.io",)))), (pull_policy, None)],
)
def test_every_image_is_looked_at(policy: Policy, given: Given[Any] | None) -> None:
    """Of init containers, ephemeral ones, and of volumes too; one that isn't known keeps no other from being judged."""
    bad = {"image": "web:latest", "imagePullPolicy": "IfNotPresent"}
    spec = {
        "initContainers": [{"name": "setup", **bad}],
        "containers": [{"name": "unknown", "image": UNKNOWN}, {"name": "app", **bad}],
        "ephemeralContainers": [{"name": "debug", **bad}],
        "volumes": [
            {"name": "files", "image": {"reference": "web:latest", "pullPolicy": "IfNotPresent"}},
            {"name": "empty", "emptyDir": {}},
        ],
    }
    found = judge(policy, of_resource("kubernetes:core/v1:Pod", {"spec": spec}), given)
    assert [one.at.path for one in found if isinstance(one, Doubt)] == ["spec.containers[0].image"]
    told = [one for one in found if isinstance(one, Violation)]
    assert [one.at.path.rpartition(".")[0] for one in told] == [
        "spec.initContainers[0]",
        "spec.containers[1]",
        "spec.ephemeralContainers[0]",
        "spec.volumes[0].image",
    ]
    named = ["init container 'setup'", "container 'app'", "ephemeral container 'debug'", "volume 'files'"]
    assert [name in one.reason for name, one in zip(named, told, strict=True)] == [True] * 4


@pytest.mark.parametrize(
    ("policy", "given", "container", "reason"),
    [
        (
            latest_tag,
            None,
            {"image": "web"},
            "container 'app' runs 'web', which has no tag, and so is `latest`: nobody can say later what that was",
        ),
        (
            latest_tag,
            None,
            {"image": "web:latest"},
            "container 'app' runs 'web:latest', which is `latest`: nobody can say later what that was",
        ),
        (pinned_digests, None, {"image": "web:1"}, "container 'app' runs 'web:1' without a digest: a tag may be moved to another image"),
        (pinned_digests, None, {"image": "web@sha256:1"}, "container 'app' runs 'web@sha256:1', whose digest isn't one"),
        (
            allowed_registries,
            Given(Registries(registries=("ghcr.io/team", "quay.io"))),
            {"image": "web:1"},
            "container 'app' runs 'web:1', which comes from none of ghcr.io/team, quay.io",
        ),
        (
            pull_policy,
            None,
            {"image": "web:1", "imagePullPolicy": "Never"},
            "container 'app' runs whatever the node has by the name 'web:1'",
        ),
        (
            pull_policy,
            None,
            {"image": "web", "imagePullPolicy": "IfNotPresent"},
            "container 'app' runs any 'web' that the node already has",
        ),
    ],
)
def test_reasons(policy: Policy, given: Given[Any] | None, container: dict[str, str], reason: str) -> None:
    """Who runs what, and what that means."""
    found = judge(policy, of_manifest(wrapped("Pod", pod(**container))), given)
    assert [one.reason for one in found if isinstance(one, Violation)] == [reason]
