"""Deployments: rolled out, held up, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.providers.kubernetes.awaiting.fakes import FakeCluster, refusal, wait
from tests.unit.providers.kubernetes.awaiting.objects import (
    AVAILABLE,
    MINIMUM,
    PROGRESSED,
    PROGRESSING,
    REVISION,
    TOO_LATE,
    condition,
    deployment,
    obj,
    pod,
    replica_set,
    seen,
    unready,
)

if TYPE_CHECKING:
    from tests.unit.providers.kubernetes.awaiting.objects import Obj

COMPLETE = "info: Deployment initialization complete"


def step(there: int, wanted: int = 2) -> str:
    """What is said while pods are waited for."""
    return f"info: Waiting for app ReplicaSet to be available ({there}/{wanted} Pods available)"


def test_a_new_deployment_comes_up_as_the_recordings_show() -> None:
    """The messages of a first roll-out, each once and in this order."""
    new = deployment()
    cluster = FakeCluster(new)
    starting = deployment(status=seen(MINIMUM, PROGRESSING))
    outcome = wait(
        cluster,
        new,
        [
            (1, lambda: cluster.put(starting, replica_set(new))),
            (2, lambda: cluster.put(replica_set(new, ready=1))),
            (3, lambda: cluster.put(replica_set(new, ready=2), deployment(status=seen(AVAILABLE, PROGRESSED)))),
        ],
    )
    said = ["warning: [MinimumReplicasUnavailable] Deployment does not have minimum availability.", step(0), step(1), COMPLETE]
    assert outcome.said == said
    assert outcome.live
    assert outcome.live["status"] == seen(AVAILABLE, PROGRESSED)
    assert (outcome.live["kind"], outcome.seconds) == ("Deployment", 3)


def test_an_update_waits_for_the_new_replica_set() -> None:
    """The old ReplicaSet's pods don't count, nor does a status from before the update."""
    old = deployment(status=seen(AVAILABLE, PROGRESSED))
    written = deployment(generation=2, status=seen(AVAILABLE, PROGRESSED))
    cluster = FakeCluster(written, replica_set(old, ready=2))
    rolling = deployment(generation=2, revision=2, status=seen(AVAILABLE, PROGRESSING, generation=2))
    done = deployment(generation=2, revision=2, status=seen(AVAILABLE, PROGRESSED, generation=2))
    outcome = wait(
        cluster,
        written,
        [
            (1, lambda: cluster.put(rolling, replica_set(old, revision=2, replicas=1))),
            (2, lambda: cluster.put(replica_set(old, revision=2, replicas=1, ready=1))),
            (3, lambda: cluster.put(replica_set(old, revision=2, ready=1))),
            (4, lambda: cluster.put(replica_set(old, revision=2, ready=2))),
            (5, lambda: cluster.put(done)),
        ],
    )
    assert outcome.said == [step(0, 1), step(1), COMPLETE]
    assert outcome.seconds == 5


def test_a_deployment_that_never_gets_ready_says_why() -> None:
    """Headline, conditions in their order, what was missed, the pods: as the real provider keeps them."""
    stuck = deployment(replicas=1, status=seen(MINIMUM, TOO_LATE))
    owner = replica_set(stuck, replicas=1)
    cluster = FakeCluster(stuck, owner, unready({"name": "app", "ready": False, "state": {"running": {}}}, of=owner))
    outcome = wait(cluster, stuck, timeout=20)
    assert outcome.reasons == [
        "'web' timed out waiting to be Ready",
        "[MinimumReplicasUnavailable] Deployment does not have minimum availability.",
        '[ProgressDeadlineExceeded] ReplicaSet "web-1" has timed out progressing.',
        "Minimum number of live Pods was not attained",
        "[Pod shop/web-1-a]: containers with unready status: [app]",
    ]
    assert outcome.said == [
        "warning: [MinimumReplicasUnavailable] Deployment does not have minimum availability.",
        'warning: [ProgressDeadlineExceeded] ReplicaSet "web-1" has timed out progressing.',
        step(0, 1),
        "warning: [Pod shop/web-1-a]: containers with unready status: [app]",
    ]
    assert outcome.seconds == 20


@pytest.mark.parametrize(
    ("made", "ready", "reasons"),
    [
        (
            deployment(),
            0,
            ["the Deployment controller has not observed generation 1", "Minimum number of live Pods was not attained"],
        ),
        (
            deployment(status=seen(AVAILABLE, PROGRESSING)),
            1,
            ["Minimum number of Pods to consider the application live was not attained"],
        ),
        (
            deployment(revision=2, status=seen(AVAILABLE, PROGRESSING)),
            2,
            ["Minimum number of Pods to consider the application live was not attained"],
        ),
        (
            deployment(revision=2, status=seen(AVAILABLE, PROGRESSED)),
            1,
            ["Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live"],
        ),
        (
            deployment(status=seen(MINIMUM, condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota: small"))),
            0,
            [
                "[MinimumReplicasUnavailable] Deployment does not have minimum availability.",
                "[FailedCreate] exceeded quota: small",
                "Minimum number of live Pods was not attained",
            ],
        ),
        (
            deployment(status=seen(AVAILABLE, condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"))),
            1,
            ["[DeploymentPaused] Deployment is paused", "Minimum number of Pods to consider the application live was not attained"],
        ),
    ],
    ids=["unseen", "first revision", "not progressed", "not rolled", "no quota", "paused"],
)
def test_what_is_missing_is_said(made: Obj, ready: int, reasons: list[str]) -> None:
    """Each way of not being ready has its reason."""
    revision = int(made["metadata"]["annotations"].get(REVISION, 1))
    cluster = FakeCluster(made, replica_set(made, ready=ready, revision=revision))
    outcome = wait(cluster, made, timeout=5)
    assert outcome.reasons[1:] == reasons


def test_a_scaled_up_deployment_waits_for_its_replica_set_to_follow() -> None:
    """A ReplicaSet that is complete at its old size isn't the answer."""
    written = deployment(replicas=3, generation=2, status=seen(AVAILABLE, PROGRESSED, generation=2))
    cluster = FakeCluster(written, replica_set(written, ready=2))
    outcome = wait(
        cluster,
        written,
        [
            (1, lambda: cluster.put(replica_set(written, replicas=3, ready=2))),
            (2, lambda: cluster.put(replica_set(written, replicas=3, ready=3))),
        ],
    )
    assert (outcome.seconds, outcome.said) == (2, [step(2, 3), COMPLETE])


def test_scaled_to_nothing_is_ready_with_a_warning() -> None:
    """No replicas wanted, none there."""
    made = deployment(replicas=0, status=seen(AVAILABLE, PROGRESSED))
    outcome = wait(FakeCluster(made, replica_set(made, replicas=0)), made)
    assert outcome.said == ['warning: Replicas scaled to 0 for Deployment "web"', COMPLETE]


def test_unbound_claims_hold_a_deployment_up() -> None:
    """Only claims that its pods mount count, and they are named."""
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "tmp", "emptyDir": {}}]
    made = deployment(volumes=volumes, status=seen(AVAILABLE, PROGRESSED))
    data = obj("v1", "PersistentVolumeClaim", "data", status={"phase": "Pending"})
    other = obj("v1", "PersistentVolumeClaim", "other", status={"phase": "Pending"})
    cluster = FakeCluster(made, replica_set(made, ready=2), data, other)
    assert wait(cluster, made, timeout=5).reasons[1:] == ['Failed to bind PersistentVolumeClaim(s): "data"']
    outcome = wait(cluster, made, [(1, lambda: cluster.change(data, status={"phase": "Bound"}))])
    assert outcome.said == ["warning: PersistentVolumeClaim: [data] is not ready. status.phase currently at: Pending", COMPLETE]


def test_only_pods_of_the_newest_replica_set_explain() -> None:
    """What the old version's pods do is no news."""
    made = deployment(revision=2, status=seen(MINIMUM, PROGRESSING))
    old, new = replica_set(made), replica_set(made, revision=2)
    cluster = FakeCluster(made, old, new, unready(of=old), unready(name="web-2-a", of=new), pod(new, "web-2-b"))
    assert wait(cluster, made, timeout=5).reasons[-1] == "[Pod shop/web-2-a]: containers with unready status: [app]"


def test_pods_that_may_not_be_read_only_lack_in_the_explanation() -> None:
    """A user without rights to pods can still deploy."""
    made = deployment(status=seen(AVAILABLE, PROGRESSED))
    cluster = FakeCluster(made, replica_set(made, ready=2))
    cluster.refuse["LIST", "pods"] = [refusal(403)]
    cluster.refuse["LIST", "events"] = [refusal(403)]
    assert wait(cluster, made).said == [COMPLETE]


def test_replica_sets_that_may_not_be_read_are_an_error_that_says_what_to_do() -> None:
    """Without them nobody knows; the Deployment itself exists and is kept."""
    made = deployment(status=seen(AVAILABLE, PROGRESSED))
    cluster = FakeCluster(made)
    cluster.refuse["LIST", "replicasets"] = [refusal(403, 'replicasets.apps is forbidden: User "ann" cannot list')]
    outcome = wait(cluster, made)
    assert outcome.reasons == [
        "'web' can't be awaited: could not read replicasets: replicasets.apps is forbidden: User \"ann\" cannot list",
        "waiting needs the rights to get, list and watch them; the annotation pulumi.com/skipAwait does without",
    ]
    assert outcome.error
    assert outcome.error.live["metadata"]["name"] == "web"
