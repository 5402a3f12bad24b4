"""What is wrong with a pod is said in a sentence, and is of the kind that people act upon."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.cluster.troubles import of_deployment, of_pod

Obj = dict[str, Any]


def pod(*containers: Obj, phase: str = "Running", ready: bool = False, since: str = "", **status: Any) -> Obj:
    """A pod in trouble."""
    conditions = [{"type": "Ready", "status": str(ready), "lastTransitionTime": since}, *status.pop("conditions", ())]
    found = {"phase": phase, "conditions": conditions, "containerStatuses": list(containers), **status}
    return {"metadata": {"name": "web-blue-x", "uid": "1"}, "status": found}


def app(state: Obj | None = None, last: Obj | None = None, *, ready: bool = False, started: bool = True, restarts: int = 0) -> Obj:
    """Its container."""
    return {
        "name": "app",
        "image": "registry.example/web:v2",
        "ready": ready,
        "started": started,
        "restartCount": restarts,
        "state": state if state is not None else {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        "lastState": last or {},
    }


def waiting(reason: str, message: str = "") -> Obj:
    """The state of one that waits."""
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error", message: str = "") -> Obj:
    """The state of one that has ended."""
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


UNPLACED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}
CASES = [
    (pod(app(ready=True), ready=True), None),
    (pod(app(ready=True, last=ended(137, "OOMKilled"), restarts=1), ready=True), None),
    (pod(app(started=False)), None),
    (pod(app(waiting("ContainerCreating"), started=False), phase="Pending"), None),
    (pod(app(), since="2026-01-01T00:00:00Z"), None),
    (pod(app(), since="2026-01-01T00:00:09Z"), ("health", "pod web-blue-x isn't ready: container app doesn't answer its readiness probe")),
    (
        pod(app(waiting("CrashLoopBackOff"), ended(1, message="first\nno database at db:5432\n"), restarts=4)),
        (
            "health",
            "pod web-blue-x: container app crashed with exit code 1: CrashLoopBackOff, started 4 times anew: no database at db:5432",
        ),
    ),
    (
        pod(app(waiting("CrashLoopBackOff"), ended(137, "OOMKilled"), restarts=2)),
        ("resources", "pod web-blue-x: container app took more memory than it may and was killed: OOMKilled, started 2 times anew"),
    ),
    (
        pod(app(waiting("ImagePullBackOff", "no such tag")), phase="Pending"),
        (
            "configuration",
            "pod web-blue-x: container app doesn't get its image registry.example/web:v2: ImagePullBackOff: no such tag",
        ),
    ),
    (
        pod(app(waiting("CreateContainerConfigError", 'secret "web-db" not found')), phase="Pending"),
        ("configuration", 'pod web-blue-x: container app can\'t be made: CreateContainerConfigError: secret "web-db" not found'),
    ),
    (
        pod(app(waiting("CrashLoopBackOff"), ended(128, "StartError", 'exec: "serve": not found'))),
        ("configuration", 'pod web-blue-x: container app can\'t be started: StartError: exec: "serve": not found'),
    ),
    (
        pod(phase="Pending", conditions=[UNPLACED]),
        ("resources", "pod web-blue-x fits on no node: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."),
    ),
    (
        pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
        ("resources", "pod web-blue-x has ended: Evicted: The node was low on resource: memory."),
    ),
    (pod(phase="Failed", reason="NodeLost"), ("health", "pod web-blue-x has ended: NodeLost")),
]


@pytest.mark.parametrize(("found", "trouble"), CASES)
def test_what_is_wrong_with_a_pod(found: Obj, trouble: tuple[str, str] | None) -> None:
    """By pod, container and reason; one that is well, or on its way, has no trouble."""
    assert of_pod(found) == trouble


def test_a_volume_that_is_not_there_is_known_from_the_node_alone() -> None:
    """The pod's status says no more than that its containers are being made."""
    found = pod(app(waiting("ContainerCreating"), started=False), phase="Pending")
    assert of_pod(found, 'configmap "web-files" not found') == (
        "configuration",
        'pod web-blue-x doesn\'t get a volume: configmap "web-files" not found',
    )


@pytest.mark.parametrize(
    ("conditions", "known", "kinds"),
    [
        ([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: all"}], False, ["resources"]),
        (
            [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "no service account"}],
            True,
            ["configuration"],
        ),
        ([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}], False, ["health"]),
        ([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}], True, []),
        ([{"type": "Available", "status": "True"}], False, []),
    ],
)
def test_why_a_deployment_gets_no_pods(conditions: list[Obj], known: bool, kinds: list[str]) -> None:
    """A quota, an account; and that it takes too long, where its pods don't say why."""
    deployment = {"metadata": {"name": "web-blue"}, "status": {"conditions": conditions}}
    assert [kind for kind, _ in of_deployment(deployment, known=known)] == kinds
