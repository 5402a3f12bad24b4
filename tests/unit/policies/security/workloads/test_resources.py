"""Who says how much it needs, and may take."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Doubt, Given, judge, of_manifest, of_resource
from policies.judging.fields import UNKNOWN
from policies.security.workloads.resources import Amounts, resources
from tests.unit.policies.wrapping import KINDS, pod, wrapped

REQUESTS = {"cpu": "100m", "memory": "64Mi"}
GOOD = {"requests": REQUESTS, "limits": {"memory": "64Mi"}}


def missing(manifest: dict[str, Any], **settings: Any) -> list[str]:
    """What is missing, as path ends."""
    given = Given(Amounts(**settings.pop("settings", {})), **settings)
    return [one.at.path.partition("resources.")[2] for one in judge(resources, of_manifest(manifest), given)]


@pytest.mark.parametrize(
    ("amounts", "wrong"),
    [
        (GOOD, []),
        (GOOD | {"limits": {"cpu": 1, "memory": "1Gi"}}, []),
        # What is asked for is the limit, where only that is there.
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, []),
        ({"limits": {"memory": "1Gi"}}, ["requests.cpu"]),
        ({"requests": REQUESTS}, ["limits.memory"]),
        (GOOD | {"requests": {"cpu": "100m"}}, []),
        (GOOD | {"requests": {"memory": "64Mi"}}, ["requests.cpu"]),
        (GOOD | {"requests": {"cpu": "0", "memory": "64Mi"}}, ["requests.cpu"]),
        (GOOD | {"requests": {"cpu": 0, "memory": "64Mi"}}, ["requests.cpu"]),
        (GOOD | {"limits": {"memory": "0Gi"}}, ["limits.memory"]),
        (GOOD | {"requests": {"cpu": "10m", "memory": "0"}}, ["requests.memory"]),
        (GOOD | {"requests": {"cpu": None, "memory": "64Mi"}}, ["requests.cpu"]),
        ({}, ["requests.cpu", "requests.memory", "limits.memory"]),
        (None, ["requests.cpu", "requests.memory", "limits.memory"]),
    ],
)
def test_amounts(amounts: dict[str, Any] | None, wrong: list[str]) -> None:
    """Requests and a limit of memory, above zero, whatever makes the pod; where it is missing is told."""
    for kind in KINDS:
        found = judge(resources, of_manifest(wrapped(kind, pod(resources=amounts))))
        assert [one.at.path for one in found] == [f"{KINDS[kind][0]}spec.containers[0].resources.{one}" for one in wrong]


def test_every_container_is_told_by_name() -> None:
    """Init containers and sidecars too; ephemeral ones can't have any."""
    spec = {
        "initContainers": [{"name": "setup"}],
        "containers": [{"name": "app", "resources": GOOD}],
        "ephemeralContainers": [{"name": "debug"}],
    }
    found = judge(resources, of_manifest(wrapped("Pod", spec)))
    assert [one.reason for one in found if not isinstance(one, Doubt)] == [
        "init container 'setup' has no cpu request",
        "init container 'setup' has no memory request",
        "init container 'setup' has no memory limit",
    ]


def test_what_is_needed_is_a_setting() -> None:
    """A limit of the processor, or of the disk, if somebody wants that."""
    assert missing(wrapped("Pod", pod(resources=GOOD)), settings={"required": ("limits.cpu", "limits.ephemeral-storage")}) == [
        "limits.cpu",
        "limits.ephemeral-storage",
    ]
    assert missing(wrapped("Pod", pod()), settings={"required": ()}) == []


@pytest.mark.parametrize(("kubernetes", "wrong"), [(33, 3), (34, 0), (37, 0)])
def test_the_pods_own_resources(kubernetes: int, wrong: int) -> None:
    """Hold for all containers, from the version on that knows them."""
    assert len(missing(wrapped("Pod", pod() | {"resources": GOOD}), kubernetes=kubernetes)) == wrong


def test_what_isnt_known_yet_is_in_doubt() -> None:
    """And keeps no other container from being judged."""
    spec = {"containers": [{"name": "one", "resources": UNKNOWN}, {"name": "two"}]}
    found = judge(resources, of_resource("kubernetes:core/v1:Pod", {"spec": spec}))
    assert [isinstance(one, Doubt) for one in found] == [True, False, False, False]
