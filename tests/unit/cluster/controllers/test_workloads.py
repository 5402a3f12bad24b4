"""StatefulSets, DaemonSets, Jobs and CronJobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.model.objects import is_true
from tests.unit.cluster.controllers.yard import Yard, template, words, workload

if TYPE_CHECKING:
    from tests.unit.cluster.controllers.yard import Obj


def stateful(yard: Yard, replicas: int = 3, **more: Any) -> None:
    """A StatefulSet called db."""
    spec = workload("db", "local/db:1", replicas, **more) | {"serviceName": "db"}
    yard.make("StatefulSet", "db", spec)


def names(yard: Yard) -> list[str]:
    """The names of the pods."""
    return [p["metadata"]["name"] for p in yard.pods()]


def images(yard: Yard) -> dict[str, str]:
    """The tags of the pods' images, by name."""
    return {p["metadata"]["name"]: p["spec"]["containers"][0]["image"].partition(":")[2] for p in yard.pods()}


def new_image(kind: str, name: str, yard: Yard, image: str) -> None:
    """Change the template."""
    yard.edit(kind, name, lambda o: o["spec"]["template"]["spec"]["containers"][0].__setitem__("image", image))


def test_a_stateful_set_grows_in_order() -> None:
    """Each pod is made when the one before it is ready; the status is that of a real cluster."""
    yard = Yard()
    stateful(yard, annotations={"ready-after": "5s"})
    yard.wait(3)
    assert names(yard) == ["db-0"]
    yard.wait(7)
    assert names(yard) == ["db-0", "db-1"]
    yard.wait(15)
    status = yard.status("StatefulSet", "db")
    revision = status["updateRevision"]
    assert revision.startswith("db-")
    assert status == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "currentReplicas": 3,
        "updatedReplicas": 3,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    }
    pod = yard.pods()[1]
    assert pod["metadata"]["labels"] == {
        "app": "db",
        "apps.kubernetes.io/pod-index": "1",
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": "db-1",
    }
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-1", "db")


def test_a_stateful_set_is_updated_from_the_top() -> None:
    """The highest pod is replaced first; above a partition only."""
    yard = Yard()
    stateful(yard, spec={"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}})
    yard.wait(10)
    new_image("StatefulSet", "db", yard, "local/db:2")
    yard.wait(30)
    assert images(yard) == {"db-0": "1", "db-1": "1", "db-2": "2"}
    status = yard.status("StatefulSet", "db")
    assert status["currentRevision"] != status["updateRevision"]
    assert (status["currentReplicas"], status["updatedReplicas"]) == (2, 1)
    yard.delete("Pod", "db-0")
    yard.wait(10)
    assert images(yard)["db-0"] == "1"
    yard.edit("StatefulSet", "db", lambda s: s["spec"]["updateStrategy"]["rollingUpdate"].__setitem__("partition", 0))
    yard.wait(30)
    assert set(images(yard).values()) == {"2"}
    status = yard.status("StatefulSet", "db")
    assert status["currentRevision"] == status["updateRevision"]
    assert len(yard.all("ControllerRevision")) == 2


def test_on_delete_waits_for_the_user() -> None:
    """Nothing is replaced until a pod is deleted."""
    yard = Yard()
    stateful(yard, 2, spec={"updateStrategy": {"type": "OnDelete"}})
    yard.wait(10)
    new_image("StatefulSet", "db", yard, "local/db:2")
    yard.wait(20)
    assert set(images(yard).values()) == {"1"}
    yard.delete("Pod", "db-1")
    yard.wait(10)
    assert images(yard) == {"db-0": "1", "db-1": "2"}


def test_a_stateful_set_shrinks_from_the_top_and_keeps_its_claims() -> None:
    """The claims of pods that are gone stay, and are used again."""
    yard = Yard()
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    stateful(yard, 2, spec={"volumeClaimTemplates": [claim]})
    yard.wait(20)
    assert [c["status"]["phase"] for c in yard.all("PersistentVolumeClaim")] == ["Bound", "Bound"]
    assert yard.ready() == 2
    volumes = {c["spec"]["volumeName"] for c in yard.all("PersistentVolumeClaim")}
    yard.scale("db", 0, "StatefulSet")
    yard.wait(20)
    assert (yard.pods(), len(yard.all("PersistentVolumeClaim"))) == ([], 2)
    yard.scale("db", 2, "StatefulSet")
    yard.wait(20)
    assert yard.ready() == 2
    assert {c["spec"]["volumeName"] for c in yard.all("PersistentVolumeClaim")} == volumes


def test_parallel_pods_come_at_once() -> None:
    """PodManagementPolicy Parallel doesn't wait."""
    yard = Yard()
    stateful(yard, annotations={"ready-after": "60s"}, spec={"podManagementPolicy": "Parallel"})
    yard.wait(1)
    assert names(yard) == ["db-0", "db-1", "db-2"]


def test_a_daemon_set_is_on_every_node() -> None:
    """One pod each, also on a node that joins later; a node that it may not be on has none."""
    yard = Yard()
    yard.make("DaemonSet", "agent", workload("agent", "local/agent:1", None))
    yard.wait(5)
    assert sorted(p["spec"]["nodeName"] for p in yard.pods()) == ["node-1", "node-2", "node-3"]
    assert yard.status("DaemonSet", "agent") == {
        "currentNumberScheduled": 3,
        "desiredNumberScheduled": 3,
        "numberMisscheduled": 0,
        "numberReady": 3,
        "numberAvailable": 3,
        "updatedNumberScheduled": 3,
        "observedGeneration": 1,
    }
    yard.edit("DaemonSet", "agent", lambda d: d["spec"]["template"]["spec"].__setitem__("nodeSelector", {"disk": "fast"}))
    yard.edit("Node", "node-2", lambda n: n["metadata"]["labels"].__setitem__("disk", "fast"))
    yard.wait(10)
    assert [p["spec"]["nodeName"] for p in yard.pods()] == ["node-2"]
    assert yard.status("DaemonSet", "agent")["desiredNumberScheduled"] == 1


@pytest.mark.parametrize(
    ("strategy", "most_missing", "most"),
    [({"maxUnavailable": 1}, 1, 3), ({"maxUnavailable": "100%"}, 3, 3), ({"maxSurge": 1, "maxUnavailable": 0}, 0, 4)],
)
def test_a_daemon_set_rolls_within_its_bounds(strategy: Obj, most_missing: int, most: int) -> None:
    """As many may be missing, or double, as the strategy says."""
    yard = Yard()
    rolling = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": strategy}}
    yard.make("DaemonSet", "agent", workload("agent", "local/agent:1", None, spec=rolling))
    yard.wait(5)
    new_image("DaemonSet", "agent", yard, "local/agent:2")
    missing, living = 0, 0
    for _ in range(300):
        yard.wait(0.1)
        missing = max(missing, 3 - len({p["spec"].get("nodeName") for p in yard.pods() if is_true(p, "Ready")}))
        living = max(living, len(yard.pods()))
    assert set(images(yard).values()) == {"2"}
    assert (missing, living) == (most_missing, most)


def job(yard: Yard, name: str = "work", *, annotations: dict[str, str] | None = None, policy: str = "Never", **spec: Any) -> None:
    """A Job."""
    made = template(name, f"local/{name}:1", annotations=annotations or {}, pod={"restartPolicy": policy})
    del made["spec"]["containers"][0]["readinessProbe"]
    yard.make("Job", name, {"template": made, **spec})


def test_a_job_completes() -> None:
    """It counts its pods' success and has the conditions of a real one."""
    yard = Yard()
    job(yard, completions=3, parallelism=2)
    yard.wait(1.2)
    assert yard.status("Job", "work")["active"] == 2
    yard.wait(20)
    status = yard.status("Job", "work")
    assert (status["succeeded"], status["ready"], status["terminating"]) == (3, 0, 0)
    assert words(yard.get("Job", "work"), "Complete") == ("True", "CompletionsReached", "Reached expected number of succeeded pods")
    assert [c["type"] for c in status["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert status["startTime"] < status["completionTime"]
    assert len(yard.pods(living=False)) == 3


def test_a_job_that_keeps_failing_fails() -> None:
    """After backoffLimit failures, with the real reason."""
    yard = Yard()
    job(yard, annotations={"exit-code": "1"}, backoffLimit=2)
    yard.wait(120)
    assert yard.status("Job", "work")["failed"] == 3
    assert words(yard.get("Job", "work"), "Failed") == (
        "True",
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
    )


def test_a_job_that_takes_too_long_fails() -> None:
    """Its pods are ended at the deadline."""
    yard = Yard()
    job(yard, annotations={"completes-after": "1000s"}, activeDeadlineSeconds=30)
    yard.wait(29)
    assert len(yard.pods()) == 1
    yard.wait(10)
    assert yard.pods() == []
    assert words(yard.get("Job", "work"), "Failed")[1] == "DeadlineExceeded"


def test_an_indexed_job_does_each_index_once() -> None:
    """Also when one of its pods fails."""
    yard = Yard()
    job(yard, completions=4, parallelism=2, completionMode="Indexed")
    yard.wait(1.2)
    yard.manager.crash_pod("default", next(p["metadata"]["name"] for p in yard.pods() if p["status"]["phase"] == "Running"))
    yard.wait(60)
    status = yard.status("Job", "work")
    assert (status["succeeded"], status["failed"], status["completedIndexes"]) == (4, 1, "0-3")
    assert words(yard.get("Job", "work"), "Complete")[0] == "True"


def test_a_suspended_job_waits() -> None:
    """It has no pods until it is resumed."""
    yard = Yard()
    job(yard, suspend=True)
    yard.wait(10)
    assert yard.pods(living=False) == []
    assert words(yard.get("Job", "work"), "Suspended")[:2] == ("True", "JobSuspended")
    yard.edit("Job", "work", lambda j: j["spec"].__setitem__("suspend", False))
    yard.wait(10)
    assert words(yard.get("Job", "work"), "Complete")[0] == "True"


def test_a_finished_job_is_deleted_in_time() -> None:
    """After ttlSecondsAfterFinished, with its pods."""
    yard = Yard()
    job(yard, ttlSecondsAfterFinished=60)
    yard.wait(30)
    assert yard.get("Job", "work") is not None
    yard.wait(60)
    assert yard.get("Job", "work") is None
    assert yard.all("Pod") == []


def cron(yard: Yard, annotations: dict[str, str] | None = None, **spec: Any) -> None:
    """A CronJob for every minute."""
    made = template("tick", "local/tick:1", annotations=annotations or {}, pod={"restartPolicy": "Never"})
    yard.make("CronJob", "tick", {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": made}}, **spec})


def test_a_cron_job_starts_jobs_and_keeps_the_last() -> None:
    """One each minute; three of those that succeeded stay."""
    yard = Yard()
    cron(yard)
    yard.wait(59)
    assert yard.all("Job") == []
    yard.wait(2)
    (first,) = yard.all("Job")
    assert first["metadata"]["name"] == f"tick-{int(yard.clock.now()) // 60}"
    assert yard.status("CronJob", "tick")["active"][0]["name"] == first["metadata"]["name"]
    yard.wait(600)
    assert len(yard.all("Job")) in {3, 4}
    assert yard.status("CronJob", "tick")["lastSuccessfulTime"].startswith("2026-01-01T00:1")


@pytest.mark.parametrize(("policy", "count"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)])
def test_jobs_of_one_schedule_may_overlap_or_not(policy: str, count: int) -> None:
    """As the concurrency policy says."""
    yard = Yard()
    cron(yard, {"completes-after": "1000s"}, concurrencyPolicy=policy)
    yard.wait(190)
    found = yard.all("Job")
    assert len(found) == count
    if policy == "Replace":
        assert found[0]["metadata"]["name"] == f"tick-{int(yard.clock.now()) // 60}"


@pytest.mark.parametrize("kind", ["ReplicaSet", "StatefulSet", "DaemonSet", "Job"])
def test_pods_that_are_refused_are_tried_again(kind: str) -> None:
    """More and more seldom, with an event; and made as soon as there is room."""
    yard = Yard()
    yard.make("ResourceQuota", "none", {"hard": {"pods": "0"}})
    if kind == "Job":
        job(yard)
    else:
        yard.make(kind, "work", workload("work", "local/work:1", None if kind == "DaemonSet" else 1))
    yard.wait(600)
    assert 5 < len(yard.messages("FailedCreate")) + sum(e.get("count", 1) for e in yard.all("Event")) < 60
    assert yard.all("Pod") == []
    yard.delete("ResourceQuota", "none")
    yard.wait(100)
    assert len(yard.all("Pod")) == (3 if kind == "DaemonSet" else 1)
