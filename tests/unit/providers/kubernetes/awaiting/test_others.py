"""Kinds with one condition, and conditions that a program makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.providers.kubernetes import awaiting
from embedded.providers.kubernetes.awaiting import kinds, waitfor
from embedded.providers.kubernetes.awaiting.generic import compute
from embedded.providers.kubernetes.awaiting.model import View
from embedded.providers.kubernetes.awaiting.waiting import explained
from tests.unit.providers.kubernetes.awaiting.fakes import FakeCluster, refusal, wait
from tests.unit.providers.kubernetes.awaiting.objects import condition, obj

if TYPE_CHECKING:
    from tests.unit.providers.kubernetes.awaiting.fakes import Outcome
    from tests.unit.providers.kubernetes.awaiting.objects import Obj


def claim(phase: str = "Pending") -> Obj:
    """A claim on the class `fast`."""
    return obj("v1", "PersistentVolumeClaim", "data", spec={"storageClassName": "fast"}, status={"phase": phase})


def storage_class(mode: str) -> Obj:
    """The class `fast`."""
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}, "volumeBindingMode": mode}


def test_a_claim_is_ready_when_bound() -> None:
    """Five minutes are enough for that, unless somebody says otherwise."""
    cluster = FakeCluster(claim(), storage_class("Immediate"))
    assert wait(cluster, claim(), [(2, lambda: cluster.put(claim("Bound")))]).seconds == 2
    outcome = wait(FakeCluster(claim(), storage_class("Immediate")), claim())
    assert outcome.seconds == 300
    assert outcome.reasons == ["'data' timed out waiting to be Ready", "PersistentVolumeClaim is not Bound. phase: Pending"]
    assert wait(FakeCluster(claim()), claim(), timeout=900).seconds == 900


@pytest.mark.parametrize("phase", ["Pending", "Bound"])
def test_a_claim_that_waits_for_a_pod_is_not_waited_for(phase: str) -> None:
    """Its class says so."""
    cluster = FakeCluster(claim(phase), storage_class("WaitForFirstConsumer"))
    assert wait(cluster, claim()).error is None


def test_a_class_that_may_not_be_read_is_taken_to_bind_at_once() -> None:
    """Claims are a user's, classes an administrator's."""
    cluster = FakeCluster(claim())
    cluster.refuse["LIST", "storageclasses"] = [refusal(403)]
    assert wait(cluster, claim(), [(2, lambda: cluster.put(claim("Bound")))]).error is None


TOKEN = "kubernetes.io/service-account-token"


@pytest.mark.parametrize(
    ("before", "after", "seconds", "reason"),
    [
        (
            obj("v1", "PersistentVolume"),
            {"status": {"phase": "Bound"}},
            300,
            "PersistentVolume is neither Available nor Bound. phase: unknown",
        ),
        (
            obj("v1", "ReplicationController", spec={"replicas": 2}),
            {"status": {"availableReplicas": 2}},
            600,
            "0 out of 2 replicas are available",
        ),
        (
            obj("v1", "ResourceQuota", spec={"hard": {"pods": "4"}}),
            {"status": {"hard": {"pods": "4"}}},
            60,
            "ResourceQuota is not enforced yet",
        ),
        (obj("v1", "Secret", type=TOKEN), {"data": {"token": "x"}}, 5, "no token was put into the Secret; does its service account exist?"),
        (
            obj("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            {"status": {"conditions": [condition("Established")]}},
            60,
            "the CustomResourceDefinition is not served yet",
        ),
    ],
)
def test_some_kinds_are_ready_by_a_field(before: Obj, after: Obj, seconds: float, reason: str) -> None:
    """Each with its own patience."""
    cluster = FakeCluster(before)
    assert wait(cluster, before, [(1, lambda: cluster.change(before, **after))]).seconds == 1
    outcome = wait(FakeCluster(before), before)
    assert (outcome.reasons, outcome.seconds) == (["'web' timed out waiting to be Ready", reason], seconds)


def test_other_secrets_are_not_waited_for() -> None:
    """Only those that a controller fills."""
    cluster = FakeCluster()
    assert wait(cluster, obj("v1", "Secret", type="Opaque")).error is None
    assert cluster.requests == []


def test_a_definition_whose_names_are_taken_fails_at_once() -> None:
    """It never gets established."""
    made = obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", "things.example.org")
    taken = {"conditions": [condition("NamesAccepted", "False", "PluralConflict", '"things" is already in use')]}
    cluster = FakeCluster(made)
    outcome = wait(cluster, made, [(1, lambda: cluster.change(made, status=taken))])
    assert outcome.reasons[1:] == ['[PluralConflict] "things" is already in use']
    assert outcome.seconds == 1


def test_a_definitions_outputs_are_the_servers_answer() -> None:
    """What its controller adds later isn't in the state, as with the real provider."""
    made = obj("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    cluster = FakeCluster(made)
    assert wait(cluster, made, [(1, lambda: cluster.change(made, status={"conditions": [condition("Established")]}))]).live == made


def thing(generation: int = 1, **status: Any) -> Obj:
    """A custom resource."""
    return obj("example.org/v1", "Thing", "t", metadata={"generation": generation}, status=status)


def until(made: Obj, wanted: str | list[str], *later: Obj) -> Outcome:
    """Wait for what the annotation wants, while the object changes each second."""
    cluster = FakeCluster(made)
    script: list[Any] = [(float(1 + i), lambda changed=changed: cluster.put(changed)) for i, changed in enumerate(later)]
    text = wanted if isinstance(wanted, str) else json.dumps(wanted)
    return wait(cluster, made, script, annotations={"pulumi.com/waitFor": text}, timeout=30)


def test_a_condition_is_waited_for() -> None:
    """By its type, in any case, of this generation."""
    waiting = condition("Ready", "False")
    outcome = until(
        thing(2),
        "condition=ready",
        thing(2, conditions=[waiting]),
        thing(2, conditions=[condition("Ready")], observedGeneration=1),
        thing(2, conditions=[condition("Ready")], observedGeneration=2),
    )
    assert outcome.said == [
        "warning: Has no .status.conditions",
        "info: Resource has condition ready=False (want True)",
        "info: Generation 1 is less than expected 2",
    ]
    assert (outcome.error, outcome.seconds) == (None, 3)


def test_a_conditions_status_may_be_another() -> None:
    """`condition=Stalled=False`."""
    assert until(thing(conditions=[condition("Stalled", "False")]), "condition=Stalled=False").error is None
    outcome = until(thing(conditions=[condition("Other")]), "condition=Stalled=False")
    assert outcome.reasons == ["timed out waiting for the condition", "Resource has no condition Stalled (want False)"]


def test_a_path_is_waited_for() -> None:
    """With a value, or with any."""
    outcome = until(thing(), "jsonpath={.status.phase}=Running", thing(phase="Pending"), thing(phase="Running"))
    assert outcome.said == [
        "info: {.status.phase} selected nothing",
        'info: Waiting for {.status.phase}=Running (found "Pending")',
        "info: Found {.status.phase}=Running",
    ]
    assert outcome.seconds == 2
    assert until(thing(phase={"deep": 1}), "jsonpath={.status.phase}").error is None
    assert until(thing(2, phase="Running", observedGeneration=1), "jsonpath={.status.phase}=Running").reasons[1:] == [
        "Generation 1 is less than expected 2"
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ('{.status.conditions[?(@.type=="Ready")].status}=True', {"conditions": [condition("Other", "False"), condition("Ready")]}),
        ("{.status.count}=3", {"count": 3}),
        ("{ .status.done }=true", {"done": True}),
        ("{$.status.list[0]}=a", {"list": ["a", "b"]}),
        ("{.status['with space']}=a=b", {"with space": "a=b"}),
    ],
)
def test_paths_are_those_of_json_path(path: str, status: Obj) -> None:
    """Filters, indexes, and values of any kind."""
    assert until(thing(**status), f"jsonpath={path}").error is None


def test_all_of_a_list_have_to_hold() -> None:
    """What is missing is said for each."""
    wanted = ["condition=Ready", "jsonpath={.status.phase}=Up"]
    outcome = until(thing(phase="Up"), wanted, thing(phase="Up", conditions=[condition("Ready")]))
    assert (outcome.error, outcome.seconds) == (None, 1)
    assert until(thing(phase="Down"), wanted).reasons[1:] == [
        "Has no .status.conditions",
        'Waiting for {.status.phase}=Up (found "Down")',
    ]


def test_the_annotation_goes_before_the_kinds_own_rules() -> None:
    """A Job may be done when it has started."""
    job = obj("batch/v1", "Job", status={"startTime": "2026-01-01T00:00:00Z"})
    cluster = FakeCluster(job)
    assert wait(cluster, job, annotations={"pulumi.com/waitFor": "jsonpath={.status.startTime}"}).seconds == 0


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ("Ready", 'expected a "jsonpath=" or "condition=" prefix, got "Ready"'),
        ("[]", "at least one condition must be specified"),
        ("condition=", '"condition=" needs the condition\'s type'),
        ("jsonpath=.status", "the format is jsonpath={.path}=value or jsonpath={.path}, got .status"),
        ("jsonpath='{.status}'", "the format is jsonpath={.path}=value or jsonpath={.path}, got '{.status}'"),
        ("jsonpath={.status}=", "{.status}= requires a value"),
        ('["condition=Ready", "x"]', 'expected a "jsonpath=" or "condition=" prefix, got "x"'),
    ],
)
def test_an_annotation_that_makes_no_sense_is_refused(wanted: str, problem: str) -> None:
    """Before anything is made; and if it was made all the same, the object is kept."""
    assert awaiting.problems({"metadata": {"annotations": {"pulumi.com/waitFor": wanted}}}) == [problem]
    outcome = until(thing(), wanted)
    assert outcome.reasons == [f"pulumi.com/waitFor: {problem}"]
    assert outcome.error
    assert outcome.error.live == thing()


def test_a_broken_path_is_refused() -> None:
    """With the parser's words."""
    [problem] = awaiting.problems({"metadata": {"annotations": {"pulumi.com/waitFor": "jsonpath={.a[}"}}})
    assert problem.startswith('parsing "{.a[}": ')
    assert awaiting.problems({}) == []


@given(st.text())
def test_no_annotation_breaks_the_provider(wanted: str) -> None:
    """It is rules or a ValueError, and rules judge any object."""
    try:
        kind = waitfor.kind(wanted)
    except ValueError:
        return
    kind.judge(View(thing()))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3), max_leaves=3
)
PARTS = st.dictionaries(
    st.sampled_from(
        ["conditions", "replicas", "phase", "selector", "template", "loadBalancer", "type", "rules", "containerStatuses", "data", "hard"]
    ),
    ANYTHING | st.lists(st.dictionaries(st.sampled_from(["type", "status", "state", "name", "http"]), ANYTHING, max_size=3), max_size=2),
)


@given(st.sampled_from(sorted(kinds._KINDS)), PARTS, PARTS, ANYTHING)
def test_no_object_breaks_the_rules(key: str, spec: Obj, status: Obj, metadata: Any) -> None:
    """A server may send what it likes: there is a verdict and, if need be, an explanation."""
    made = {"metadata": {"name": "x", "annotations": metadata, "generation": metadata}, "spec": spec, "status": status}
    kind = kinds._KINDS[key]
    related = {source.name: {"x": made} for source in kind.sources(made)}
    view = View(made, related)
    assert explained(kind, view, kind.judge(view)) is not None


@pytest.mark.parametrize(
    ("made", "current", "message"),
    [
        (thing(), True, "Resource is current"),
        (thing(2, observedGeneration=1), False, "Thing generation is 2, but latest observed generation is 1"),
        (thing(conditions=[condition("Reconciling", "True", "x", "at it")]), False, "at it"),
        (thing(conditions=[condition("Stalled", "True", "x", "stuck"), condition("Ready")]), False, "stuck"),
        (thing(conditions=[condition("Ready", "Unknown", "x", "who knows")]), False, "who knows"),
        (thing(conditions=[condition("Ready")]), True, "Resource is Ready"),
        (obj("apps/v1", "ReplicaSet", spec={"replicas": 2}, status={"fullyLabeledReplicas": 1}), False, "Labelled: 1/2"),
        (
            obj("apps/v1", "ReplicaSet", status={"conditions": [condition("ReplicaFailure")]}),
            False,
            "Replica Failure condition. Check Pods",
        ),
        (obj("apps/v1", "ReplicaSet", spec={"replicas": 0}, status={"replicas": 1}), False, "Pending termination: 1"),
        (obj("apps/v1", "ReplicaSet", spec={"replicas": 0}), True, "ReplicaSet is available. Replicas: 0"),
    ],
)
def test_the_conventions(made: Obj, current: bool, message: str) -> None:
    """What any kind may show of itself."""
    assert compute(made) == (current, message)
