"""Whose health Kubernetes can tell."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, Violation, judge, of_manifest
from policies.security.workloads.probes import Asked, probes
from tests.unit.policies.wrapping import KINDS, pod, wrapped

PROBE = {"httpGet": {"path": "/health", "port": 80}}
READY, LIVE, PORTS = {"readinessProbe": PROBE}, {"livenessProbe": PROBE}, {"ports": [{"containerPort": 80}]}
STAY = [kind for kind in KINDS if not kind.endswith("Job")]


@pytest.mark.parametrize("kind", STAY)
@pytest.mark.parametrize(
    ("container", "wrong"),
    [
        (READY | LIVE | PORTS, []),
        (READY | LIVE, []),
        (LIVE | PORTS, ["readinessProbe"]),
        (READY | PORTS, ["livenessProbe"]),
        (LIVE, ["readinessProbe"]),
        ({"readinessProbe": None} | LIVE, ["readinessProbe"]),
        ({}, ["readinessProbe", "livenessProbe"]),
    ],
)
def test_what_stays_has_probes(kind: str, container: dict[str, Any], wrong: list[str]) -> None:
    """Whatever makes the pod."""
    found = judge(probes, of_manifest(wrapped(kind, pod(**container))))
    assert [one.at.path for one in found] == [f"{KINDS[kind][0]}spec.containers[0].{one}" for one in wrong]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.endswith("Job")])
def test_what_ends_needs_none(kind: str) -> None:
    """Jobs, and those of other people's kinds."""
    assert judge(probes, of_manifest(wrapped(kind, pod(**PORTS)))) == []


@pytest.mark.parametrize(("policy", "wrong"), [("Always", 2), (None, 2), ("OnFailure", 0), ("Never", 0)])
def test_a_pod_that_ends_needs_none(policy: str | None, wrong: int) -> None:
    """By its restart policy."""
    assert len(judge(probes, of_manifest(wrapped("Pod", pod() | {"restartPolicy": policy})))) == wrong


@pytest.mark.parametrize(
    ("containers", "wrong"),
    [
        # An exporter beside the server: it is ready or not, and one liveness probe is enough.
        ([READY | LIVE | PORTS, READY | PORTS], []),
        ([READY | LIVE | PORTS, PORTS], ["containers[1].readinessProbe"]),
        ([READY | LIVE | PORTS, {}], []),
        ([{}, READY | LIVE | PORTS], []),
        ([PORTS, PORTS], ["containers[0].readinessProbe", "containers[1].readinessProbe", "containers[0].livenessProbe"]),
        ([{}, {}], ["containers[0].readinessProbe", "containers[0].livenessProbe"]),
        ([], []),
    ],
)
def test_pods_of_several_containers(containers: list[dict[str, Any]], wrong: list[str]) -> None:
    """Each that has ports is ready or not; one of them lives or doesn't."""
    spec = {"containers": [{"name": f"c{number}", **one} for number, one in enumerate(containers)], "initContainers": [{"name": "setup"}]}
    assert [one.at.path for one in judge(probes, of_manifest(wrapped("Pod", spec)))] == [f"spec.{one}" for one in wrong]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, ["container 'app' has ports, and nothing says when it is ready", "nothing says whether container 'app' still lives"]),
        ({"liveness": False}, ["container 'app' has ports, and nothing says when it is ready"]),
        ({"readiness": False}, ["nothing says whether container 'app' still lives"]),
    ],
)
def test_which_are_asked_for(settings: dict[str, bool], told: list[str]) -> None:
    """By the settings; the offender is named."""
    found = judge(probes, of_manifest(wrapped("Deployment", pod(**PORTS))), Given(Asked(**settings)))
    assert [one.reason for one in found if isinstance(one, Violation)] == told
