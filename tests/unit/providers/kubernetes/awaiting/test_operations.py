"""What the annotations and timeouts make of waiting, deletion, and a refresh's look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.providers.kubernetes import awaiting
from tests.unit.providers.kubernetes.awaiting.fakes import FakeCluster, always, refusal, run, wait
from tests.unit.providers.kubernetes.awaiting.objects import (
    AVAILABLE,
    MINIMUM,
    PROGRESSED,
    condition,
    deployment,
    obj,
    replica_set,
    seen,
    unready,
)

if TYPE_CHECKING:
    from tests.unit.providers.kubernetes.awaiting.objects import Obj

STUCK = deployment(status=seen(MINIMUM))


@pytest.mark.parametrize(
    ("annotations", "timeout", "seconds"),
    [
        ({}, 0, 600),
        ({"pulumi.com/timeoutSeconds": "30"}, 0, 30),
        ({"pulumi.com/timeoutSeconds": "30"}, 20, 20),
        ({"pulumi.com/timeoutSeconds": "soon"}, 0, 600),
    ],
)
def test_the_resource_option_goes_before_the_annotation(annotations: dict[str, str], timeout: float, seconds: float) -> None:
    """And ten minutes are the default."""
    outcome = wait(FakeCluster(STUCK), STUCK, annotations=annotations, timeout=timeout)
    assert (outcome.seconds, str(outcome.error)) == (seconds, "'web' timed out waiting to be Ready")


@pytest.mark.parametrize("made", [STUCK, obj("v1", "ConfigMap"), obj("example.org/v1", "Thing")])
def test_skip_await_asks_nothing(made: Obj) -> None:
    """The server's answer is the outcome, whatever the kind."""
    cluster = FakeCluster()
    outcome = wait(cluster, made, annotations={"pulumi.com/skipAwait": "true"})
    assert (outcome.live, outcome.said, cluster.requests) == (made, ["info: Skipping await logic"], [])


def test_a_kind_without_rules_is_ready_when_made() -> None:
    """Nothing is asked or said."""
    cluster, made = FakeCluster(), obj("v1", "ConfigMap")
    outcome = wait(cluster, made)
    assert (outcome.live, outcome.said, cluster.requests) == (made, [], [])


def test_all_kinds_are_awaited_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """PULUMI_K8S_AWAIT_ALL goes by the conventions."""
    monkeypatch.setenv("PULUMI_K8S_AWAIT_ALL", "true")
    made = obj("example.org/v1", "Thing", status={"conditions": [condition("Ready", "False", "Wait", "still cooking")]})
    cluster = FakeCluster(made)
    done = {"conditions": [condition("Ready")]}
    outcome = wait(cluster, made, [(3, lambda: cluster.change(made, status=done))])
    assert (outcome.said, outcome.seconds) == (["info: still cooking", "info: Resource is Ready"], 3)
    assert wait(FakeCluster(made), made, timeout=2).reasons == ["timed out waiting for the condition", "still cooking"]


def leaving(made: Obj, *finalizers: str) -> Obj:
    """The object with its deletion accepted."""
    return {**made, "metadata": {**made["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": list(finalizers)}}


def test_deletion_waits_until_the_object_is_gone() -> None:
    """And says that it is on its way."""
    made = leaving(STUCK, "foregroundDeletion")
    cluster = FakeCluster(made)
    outcome = wait(cluster, made, [(1, cluster.drop), (2, cluster.expire), (3, lambda: cluster.remove(made))], gone=True)
    assert (outcome.error, outcome.said) == (None, ["info: Resource scheduled for deletion"])
    assert 3 <= outcome.seconds < 4


@pytest.mark.parametrize("what", ["gone", "replaced", "kind gone"])
def test_deletion_is_done_when_the_object_is_not_there(what: str) -> None:
    """Also if another has taken its name, or its kind went with it."""
    cluster = FakeCluster()
    if what == "replaced":
        cluster.put({**STUCK, "metadata": {**STUCK["metadata"], "uid": "another"}})
    if what == "kind gone":
        cluster.refuse["LIST", "deployments"] = [refusal(404)]
    outcome = wait(cluster, STUCK, gone=True)
    assert (outcome.error, outcome.said, outcome.seconds) == (None, [], 0)


def test_a_deletion_that_hangs_names_the_finalizers() -> None:
    """They are said for good, and kept."""
    made = leaving(obj("example.org/v1", "Thing", "t"), "example.org/hold", "example.org/more")
    outcome = wait(FakeCluster(made), made, gone=True, timeout=30)
    hold = "finalizers might be preventing deletion (example.org/hold, example.org/more)"
    assert outcome.reasons == ["timed out waiting for the condition", hold]
    assert outcome.said == ["info: Resource scheduled for deletion", f"warning!: {hold}"]
    assert outcome.seconds == 30


def test_a_namespace_that_hangs_tells_what_is_left_in_it() -> None:
    """Its own conditions know."""
    left = condition(
        "NamespaceContentRemaining", "True", "SomeResourcesRemain", "Some resources are remaining: things. has 1 resource instances"
    )
    made = leaving({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "uid": "u"}})
    made |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Terminating", "conditions": [left, condition("X", "False")]}}
    outcome = wait(FakeCluster(made), made, gone=True)
    assert outcome.reasons == [
        "timed out waiting for the condition",
        "finalizers might be preventing deletion (kubernetes)",
        "Some resources are remaining: things. has 1 resource instances",
    ]


def test_the_last_look_counts() -> None:
    """A watch that shows nothing does not keep a deletion from being seen."""
    cluster = FakeCluster(STUCK)
    cluster.refuse["LIST", "deployments"] = always(refusal(503))
    outcome = wait(cluster, STUCK, [(5, lambda: cluster.remove(STUCK))], gone=True, timeout=10)
    assert (outcome.error, outcome.seconds) == (None, 10)


@pytest.mark.parametrize(
    ("made", "skipped"),
    [(STUCK, True), (obj("v1", "Service"), False), ({**obj("v1", "Namespace", "shop"), "metadata": {"name": "shop"}}, True)],
)
def test_only_some_kinds_skip_the_wait_for_deletion(made: Obj, skipped: bool) -> None:
    """Those for which the real provider does."""
    cluster = FakeCluster(made)
    outcome = wait(cluster, made, gone=True, annotations={"pulumi.com/skipAwait": "true"}, timeout=5)
    assert (outcome.error is None) is skipped
    assert (cluster.requests == []) is skipped


@pytest.mark.parametrize(
    ("wanted", "policy"), [("", "Foreground"), ("background", "Background"), ("Orphan", "Orphan"), ("whatever", "Foreground")]
)
def test_what_is_owned_goes_first_unless_said_otherwise(wanted: str, policy: str) -> None:
    """The annotation deletionPropagationPolicy."""
    assert awaiting.propagation_policy({"metadata": {"annotations": {"pulumi.com/deletionPropagationPolicy": wanted}}}) == policy


def look(cluster: FakeCluster, made: Obj, **annotations: str) -> list[str]:
    """What a refresh finds wrong."""
    inputs = {"metadata": {"annotations": {f"pulumi.com/{name}": value for name, value in annotations.items()}}}
    try:
        run(awaiting.check(cluster, made, inputs))
    except awaiting.NotReadyError as error:
        return [str(error), *error.reasons]
    return []


def test_a_refresh_judges_by_the_same_rules_at_once() -> None:
    """A Deployment that lost its pods shows it, with the pods' reasons."""
    fine = deployment(status=seen(AVAILABLE, PROGRESSED))
    owner = replica_set(fine, ready=2)
    assert look(FakeCluster(owner), fine) == []
    crashed = {"name": "app", "ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}}
    assert look(FakeCluster(owner, unready(crashed, of=owner)), STUCK) == [
        "Resource 'web' was created but failed to initialize",
        "[MinimumReplicasUnavailable] Deployment does not have minimum availability.",
        "Minimum number of live Pods was not attained",
        "[Pod shop/web-1-a]: containers with unready status: [app][CrashLoopBackOff] back-off",
    ]
    assert look(FakeCluster(), STUCK, skipAwait="true") == []


def test_a_refresh_does_not_wait_for_a_service_to_be_quiet() -> None:
    """It takes what it sees."""
    service = obj("v1", "Service", spec={"selector": {"app": "web"}})
    slice_ = obj("discovery.k8s.io/v1", "EndpointSlice", endpoints=[{"conditions": {"ready": True}}])
    assert look(FakeCluster(slice_), service) == []


def test_a_refresh_leaves_claims_and_unknown_kinds_alone() -> None:
    """As the real provider does."""
    assert look(FakeCluster(), obj("v1", "PersistentVolumeClaim", status={"phase": "Pending"})) == []
    assert look(FakeCluster(), obj("example.org/v1", "Thing")) == []


def test_a_refresh_explains_as_far_as_it_may() -> None:
    """Pods that may not be listed are left out; ReplicaSets that may not are an error."""
    cluster = FakeCluster()
    cluster.refuse["LIST", "pods"] = [refusal(403)]
    assert look(cluster, STUCK)[1:] == [
        "[MinimumReplicasUnavailable] Deployment does not have minimum availability.",
        "Minimum number of live Pods was not attained",
    ]
    cluster.refuse["LIST", "replicasets"] = [refusal(403, "you may not")]
    with pytest.raises(Exception, match="you may not"):
        look(cluster, STUCK)
