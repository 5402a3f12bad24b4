"""StatefulSets, DaemonSets, Jobs and pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.providers.kubernetes.awaiting.fakes import FakeCluster, refusal, wait
from tests.unit.providers.kubernetes.awaiting.objects import condition, obj, pod, unready

if TYPE_CHECKING:
    from tests.unit.providers.kubernetes.awaiting.objects import Obj

SELECTOR = {"selector": {"matchLabels": {"app": "web"}}}


def stateful_set(
    counts: str = "",
    *,
    revisions: str = "a a",
    generation: int = 1,
    seen: int | None = None,
    strategy: Obj | None = None,
    replicas: int = 2,
) -> Obj:
    """A StatefulSet with the counts: replicas, ready, current, updated."""
    names = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas")
    numbers = dict(zip(names, map(int, counts.split()), strict=False))
    current, update = revisions.split()
    status = numbers | {"observedGeneration": generation if seen is None else seen, "currentRevision": current, "updateRevision": update}
    spec = SELECTOR | {"replicas": replicas, "updateStrategy": strategy or {"type": "RollingUpdate"}}
    return obj("apps/v1", "StatefulSet", metadata={"generation": generation}, spec=spec, status=status)


ON_DELETE = {"type": "OnDelete"}
PARTITION = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
NOT_FORWARD = 'StatefulSet controller failed to advance from revision "a" to revision "b"'
FORWARD = "info: [2/3] Waiting for StatefulSet to update .status.currentRevision"


def rolling(there: int) -> str:
    """What is said in a roll-out."""
    return f"info: [1/3] Waiting for StatefulSet update to roll out ({there}/2 Pods ready)"


def none(there: int) -> str:
    """The reason when pods lack."""
    return f"{there} out of 2 replicas succeeded readiness checks"


@pytest.mark.parametrize(
    ("made", "said", "reasons"),
    [
        (stateful_set("1 1 1"), "info: [1/2] Waiting for StatefulSet to create Pods (1/2 Pods ready)", [none(1)]),
        (
            stateful_set("2 2 2", generation=2, seen=1),
            rolling(0),
            [none(0), 'StatefulSet controller failed to advance from revision "a" to revision "a"'],
        ),
        (stateful_set("2 2 1 1", generation=2, revisions="a b"), rolling(1), [none(1), NOT_FORWARD]),
        (stateful_set("2 1 0 2", generation=2, revisions="a b"), rolling(1), [none(1), NOT_FORWARD]),
        (stateful_set("2 2 2 2", generation=2, revisions="a b"), FORWARD, [NOT_FORWARD]),
        (stateful_set("2 1 1 1", generation=2, revisions="a b", strategy=ON_DELETE), rolling(1), [none(1)]),
        (stateful_set("2 2 2 0", generation=2, revisions="a b", strategy=PARTITION), FORWARD, [NOT_FORWARD]),
        (stateful_set("2 2 2"), "info: StatefulSet initialization complete", None),
        (stateful_set("0 0 0", replicas=0), "info: StatefulSet initialization complete", None),
        (stateful_set("2 2 1 0", generation=2, revisions="a b", strategy=ON_DELETE), "info: StatefulSet initialization complete", None),
        (stateful_set("2 2 1 1", generation=2, revisions="a b", strategy=PARTITION), "info: StatefulSet initialization complete", None),
    ],
)
def test_a_stateful_set_is_ready_when_its_pods_are_and_its_revision_is_current(made: Obj, said: str, reasons: list[str] | None) -> None:
    """By its update strategy."""
    outcome = wait(FakeCluster(made), made, timeout=5)
    assert outcome.said == [said]
    assert (outcome.reasons[1:] if outcome.error else None) == reasons


def test_a_stateful_sets_pods_explain() -> None:
    """An image that can't be pulled is said after ten seconds, and kept."""
    made = stateful_set("1 0 1")
    waiting = {"name": "app", "ready": False, "state": {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x"'}}}
    cluster = FakeCluster(made, unready(waiting, of=made, name="web-0"), pod(name="stranger", conditions=[]))
    outcome = wait(cluster, made, timeout=15)
    why = '[Pod shop/web-0]: containers with unready status: [app][ImagePullBackOff] Back-off pulling image "x"'
    assert outcome.reasons[1:] == [none(0), why]
    assert outcome.said[-1] == f"warning: {why}"


def daemon_set(counts: str = "", **status: Any) -> Obj:
    """A DaemonSet with the counts: desired, current, updated, available, ready."""
    names = ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady")
    return obj("apps/v1", "DaemonSet", spec=SELECTOR, status=dict(zip(names, map(int, counts.split()), strict=False)) | status)


@pytest.mark.parametrize(
    ("made", "message", "ready"),
    [
        (daemon_set(), "DaemonSet status.observedGeneration not found", False),
        (daemon_set(observedGeneration=0), "DaemonSet generation is 1, but latest observed generation is 0", False),
        (daemon_set(observedGeneration=1), "Missing .status.desiredNumberScheduled", False),
        (daemon_set("3 1 3 3 3", observedGeneration=1), "Current: 1/3", False),
        (daemon_set("3 3 1 3 3", observedGeneration=1), "Updated: 1/3", False),
        (daemon_set("3 3 3 2 3", observedGeneration=1), "Available: 2/3", False),
        (daemon_set("3 3 3 3 0", observedGeneration=1), "Ready: 0/3", False),
        (daemon_set("3 3 3 3 3", observedGeneration=1), "All replicas scheduled as expected. Replicas: 3", True),
        (daemon_set("0", observedGeneration=1), "All replicas scheduled as expected. Replicas: 0", True),
    ],
)
def test_a_daemon_set_is_ready_when_every_node_has_its_pod(made: Obj, message: str, ready: bool) -> None:
    """The counts in their order."""
    outcome = wait(FakeCluster(made), made, timeout=5)
    assert outcome.said == [f"info: {message}"]
    assert (outcome.error is None) is ready
    if not ready:
        assert outcome.reasons == ["timed out waiting for the condition", message]


def job(*conditions: Obj, **counts: int) -> Obj:
    """A Job that has started."""
    return obj("batch/v1", "Job", spec=SELECTOR, status={"startTime": "2026-01-01T00:00:00Z", "conditions": list(conditions)} | counts)


def test_a_job_is_ready_when_it_has_completed() -> None:
    """Its counts are told on the way."""
    new = obj("batch/v1", "Job", spec=SELECTOR)
    cluster = FakeCluster(new)
    outcome = wait(
        cluster, new, [(1, lambda: cluster.put(job(active=1))), (2, lambda: cluster.put(job(condition("Complete"), succeeded=1)))]
    )
    assert outcome.said == [
        'info: Waiting for Job "shop/web" to start',
        'info: Waiting for Job "shop/web" to succeed (Active: 1 | Succeeded: 0 | Failed: 0)',
        'info: Waiting for Job "shop/web" to succeed (Active: 0 | Succeeded: 1 | Failed: 0)',
    ]
    assert outcome.seconds == 2


def test_a_job_that_failed_is_not_waited_for_and_its_last_pod_explains() -> None:
    """The pod is gone when the Job says that it failed, its exit code isn't."""
    running = job(active=1)
    failed = job(condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"), failed=1)
    ended = {"name": "app", "ready": False, "state": {"terminated": {"reason": "Error", "exitCode": 3}}}
    crashed = unready(ended, of=running, name="web-x")
    cluster = FakeCluster(running, crashed)
    outcome = wait(cluster, running, [(1, lambda: cluster.remove(crashed)), (2, lambda: cluster.put(failed))])
    assert outcome.reasons == [
        "Resource 'web' was created but failed to initialize",
        "[BackoffLimitExceeded] Job has reached the specified backoff limit",
        '[Pod shop/web-x]: containers with unready status: [app]container "app" completed with exit code 3',
    ]
    assert outcome.seconds == 2


def test_a_job_that_failed_waits_a_moment_for_how_its_pod_ended() -> None:
    """The Job's failure may be known before its pod's; where the pod says nothing, it isn't waited for long."""
    running = job(active=1)
    failed = job(condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"), failed=1)
    starting = unready({"name": "app", "ready": False, "state": {"running": {}}}, of=running, name="web-x")
    ended = {"name": "app", "ready": False, "state": {"terminated": {"reason": "Error", "exitCode": 3, "message": "GET /: 500"}}}
    cluster = FakeCluster(running, starting)
    crashed = unready(ended, of=running, name="web-x")
    outcome = wait(cluster, running, [(1, lambda: cluster.put(failed)), (1.5, lambda: cluster.put(crashed))])
    assert outcome.seconds == 1.5
    assert any("GET /: 500" in reason for reason in outcome.reasons)
    cluster = FakeCluster(running, starting)
    assert wait(cluster, running, [(1, lambda: cluster.put(failed))]).seconds == 3


def test_a_job_that_failed_waits_for_a_server_that_is_slow_to_tell_of_its_pods() -> None:
    """Its pods are listed only at the second try, after the Job has failed; for pods that may not be read nobody waits."""
    failed = job(condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"), failed=1)
    ended = {"name": "app", "ready": False, "state": {"terminated": {"reason": "Error", "exitCode": 3, "message": "GET /: 500"}}}
    slow = FakeCluster(failed, unready(ended, of=failed, name="web-x"))
    slow.refuse["LIST", "pods"] = [refusal(503)]
    outcome = wait(slow, failed)
    assert outcome.seconds > 0
    assert any("GET /: 500" in reason for reason in outcome.reasons)
    forbidden = FakeCluster(failed)
    forbidden.refuse["LIST", "pods"] = [refusal(403)]
    assert wait(forbidden, failed).seconds == 0


def test_a_failed_pod_is_not_waited_for() -> None:
    """Its containers will not be started again."""
    ended = {"name": "app", "ready": False, "state": {"terminated": {"reason": "Error", "exitCode": 1}}}
    made = unready(ended, name="web")
    made["status"]["phase"] = "Failed"
    assert wait(FakeCluster(made), made).reasons == [
        "Resource 'web' was created but failed to initialize",
        '[Pod shop/web]: containers with unready status: [app]container "app" completed with exit code 1',
    ]


WAITING = [f'info: Waiting for Pod "shop/web" to be {stage}' for stage in ("scheduled", "initialized", "ready")]
UNSCHEDULABLE = condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.")


def container(state: Obj | None = None, last: Obj | None = None, name: str = "app") -> Obj:
    """A container's status."""
    return {"name": name, "ready": False, "state": state or {}, "lastState": {"terminated": last} if last else {}}


INITIALIZING = [
    condition("PodScheduled"),
    condition("Initialized", "False", "ContainersNotInitialized", "containers with incomplete status: [init]"),
]
CRASHING = """\
[Pod shop/web]: containers with unready status: [app][CrashLoopBackOff] back-off 10s restarting failed container=app
container "app" terminated at 2026-01-01T00:00:00Z (Error: exit code 137)"""
NO_MANIFEST = "rpc error: code = Unknown desc = Error response from daemon: manifest for app:2 not found: manifest unknown"
LAST = {"reason": "Error", "exitCode": 137, "finishedAt": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("made", "stages", "reason"),
    [
        (pod(name="web", conditions=[]), 1, "[Pod shop/web]: the scheduler has not taken notice of it yet"),
        (pod(name="web", conditions=[UNSCHEDULABLE]), 1, "[Pod shop/web]: 0/3 nodes are available: 3 Insufficient cpu."),
        (
            pod(name="web", conditions=[condition("PodScheduled")]) | {"spec": {"nodeName": "one"}},
            2,
            "[Pod shop/web]: the kubelet of node one has not taken notice of it yet",
        ),
        (
            pod(
                name="web",
                conditions=INITIALIZING,
                initContainerStatuses=[container({"waiting": {"reason": "ErrImagePull", "message": "none"}}, name="init")],
            ),
            2,
            "[Pod shop/web]: containers with incomplete status: [init][ErrImagePull] none",
        ),
        (pod(name="web", conditions=[condition("PodScheduled"), condition("Initialized")]), 3, None),
        (
            unready(container({"waiting": {"reason": "ContainerCreating"}}), name="web"),
            3,
            "[Pod shop/web]: containers with unready status: [app]",
        ),
        (
            unready(
                container({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container=app"}}, LAST),
                name="web",
            ),
            3,
            CRASHING,
        ),
        (
            unready(container({"terminated": {"reason": "OOMKilled", "exitCode": 137, "message": "out of memory"}}), name="web"),
            3,
            "[Pod shop/web]: containers with unready status: [app][OOMKilled] out of memory",
        ),
        (
            unready(container({"terminated": {"reason": "OOMKilled", "exitCode": 137}}), name="web"),
            3,
            '[Pod shop/web]: containers with unready status: [app]container "app" completed with exit code 137 (OOMKilled)',
        ),
        (
            unready(container({"terminated": {"reason": "Error", "exitCode": 2}}), name="web"),
            3,
            '[Pod shop/web]: containers with unready status: [app]container "app" completed with exit code 2',
        ),
        (
            unready(container({"waiting": {"reason": "ErrImagePull", "message": NO_MANIFEST}}), name="web"),
            3,
            "[Pod shop/web]: containers with unready status: [app][ErrImagePull] manifest for app:2 not found",
        ),
    ],
)
def test_a_pod_says_how_far_it_got_and_what_keeps_it(made: Obj, stages: int, reason: str | None) -> None:
    """Not scheduled, no image, crashed, not ready: with the API's words."""
    outcome = wait(FakeCluster(made), made, timeout=5)
    assert outcome.said == WAITING[:stages]
    assert outcome.reasons[1:] == ([reason] if reason else [])


def test_a_pod_that_has_done_its_work_is_ready() -> None:
    """Its containers aren't, nor need they be."""
    made = unready(container({"terminated": {"reason": "Completed", "exitCode": 0}}), name="web")
    made["status"]["phase"] = "Succeeded"
    assert wait(FakeCluster(made), made).error is None


def test_selectors_become_query_parameters() -> None:
    """Both forms of a label selector, as the API takes them."""
    from embedded.providers.kubernetes.awaiting.objects import selector_text

    rules = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "old", "operator": "DoesNotExist"},
        {"key": "new", "operator": "Exists"},
        {"key": "env", "operator": "NotIn", "values": ["dev"]},
    ]
    text = selector_text({"matchLabels": {"app": "web"}, "matchExpressions": rules})
    assert text == "app=web,tier in (a,b),!old,new,env notin (dev)"
