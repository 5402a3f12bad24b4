"""Deployments: what rollout status, the Pulumi provider and release tools look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.cluster.model.errors import StatusError
from tests.unit.cluster.controllers.yard import Yard, words

if TYPE_CHECKING:
    from tests.unit.cluster.controllers.yard import Obj

REVISION = "deployment.kubernetes.io/revision"


def noted(yard: Yard, kind: str, name: str) -> dict[str, str]:
    """The object's annotations."""
    found = yard.get(kind, name)
    assert found is not None
    return found["metadata"].get("annotations") or {}


def new_set(yard: Yard) -> Obj:
    """The ReplicaSet of the latest revision."""
    return max(yard.all("ReplicaSet"), key=lambda s: int(s["metadata"]["annotations"][REVISION]))


def test_a_new_deployment_ends_in_the_status_of_a_real_cluster() -> None:
    """Once all pods are ready, the status has the real server's fields, reasons and messages."""
    yard = Yard()
    yard.deploy()
    yard.wait(5)
    (replica_set,) = yard.all("ReplicaSet")
    status = yard.status("Deployment", "web")
    counts = {k: v for k, v in status.items() if k != "conditions"}
    assert counts == {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 0,
    }
    assert [(c["type"], c["status"], c["reason"], c["message"]) for c in status["conditions"]] == [
        ("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
        ("Progressing", "True", "NewReplicaSetAvailable", f'ReplicaSet "{replica_set["metadata"]["name"]}" has successfully progressed.'),
    ]
    assert noted(yard, "Deployment", "web") == {REVISION: "1"}


def test_the_controllers_fields_are_owned_as_on_a_real_cluster() -> None:
    """The revision's annotation and the status belong to one entry of managedFields, of the status sub-resource."""
    yard = Yard()
    yard.deploy()
    yard.wait(5)
    found = yard.get("Deployment", "web")
    assert found is not None
    entries = [(e["manager"], e["operation"], e.get("subresource", "")) for e in found["metadata"]["managedFields"]]
    assert entries == [("tester", "Update", ""), ("kube-controller-manager", "Update", "status")]
    owned = found["metadata"]["managedFields"][1]["fieldsV1"]
    assert owned["f:metadata"]["f:annotations"] == {".": {}, f"f:{REVISION}": {}}
    assert set(owned["f:status"]) >= {"f:availableReplicas", "f:terminatingReplicas", "f:updatedReplicas", "f:observedGeneration"}


def test_the_names_tell_of_the_template() -> None:
    """A ReplicaSet is named after its template's hash, which its pods and its selector carry; the same template has the same hash."""
    names = []
    for seed in (1, 2):
        yard = Yard(seed)
        yard.deploy()
        yard.wait(5)
        (replica_set,) = yard.all("ReplicaSet")
        name, digest = replica_set["metadata"]["name"], replica_set["metadata"]["labels"]["pod-template-hash"]
        assert name == f"web-{digest}"
        assert len(digest) in {9, 10}
        assert set(digest) <= set("bcdfghjklmnpqrstvwxz2456789")
        assert replica_set["spec"]["selector"]["matchLabels"]["pod-template-hash"] == digest
        assert all(p["metadata"]["name"].startswith(f"{name}-") for p in yard.pods(**{"pod-template-hash": digest}))
        names.append(name)
    assert names[0] == names[1]


def test_a_deployment_that_never_gets_ready_says_so_in_time() -> None:
    """After the deadline without progress the conditions and counts are those of the recording of a real cluster."""
    yard = Yard()
    yard.deploy(replicas=1, annotations={"never-ready": "true"}, spec={"progressDeadlineSeconds": 5})
    yard.wait(4)
    assert words(yard.get("Deployment", "web"), "Progressing")[1] == "ReplicaSetUpdated"
    yard.wait(3)
    name = new_set(yard)["metadata"]["name"]
    found = yard.get("Deployment", "web")
    assert words(found, "Progressing") == ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')
    assert words(found, "Available") == ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    status = yard.status("Deployment", "web")
    assert {k: v for k, v in status.items() if k != "conditions"} == {
        "observedGeneration": 1,
        "replicas": 1,
        "updatedReplicas": 1,
        "unavailableReplicas": 1,
        "terminatingReplicas": 0,
    }
    (pod,) = yard.pods()
    assert words(pod, "Ready") == ("False", "ContainersNotReady", "containers with unready status: [app]")


def test_a_probe_of_a_port_that_nobody_serves_never_succeeds() -> None:
    """As in the recording: port 9 refuses, and the event says so."""
    yard = Yard()
    yard.deploy(replicas=1, container={"readinessProbe": {"httpGet": {"path": "/health", "port": 9}, "periodSeconds": 1}})
    yard.wait(30)
    assert yard.ready() == 0
    (message,) = yard.messages("Unhealthy")
    assert message.startswith('Readiness probe failed: Get "http://10.244.')
    assert message.endswith("connect: connection refused")


def test_a_rollout_replaces_pods_and_counts_revisions() -> None:
    """A new template gets a new ReplicaSet with the next revision, the old one is scaled to nothing and kept."""
    yard = Yard()
    yard.deploy(replicas=3)
    yard.wait(5)
    old = new_set(yard)
    yard.set_image("web", "local/app:2")
    yard.wait(20)
    new = new_set(yard)
    assert new["metadata"]["annotations"][REVISION] == "2"
    assert (new["spec"]["replicas"], new["status"]["availableReplicas"]) == (3, 3)
    kept = yard.get("ReplicaSet", old["metadata"]["name"])
    assert kept is not None
    assert (kept["spec"]["replicas"], kept["status"]["replicas"]) == (0, 0)
    assert noted(yard, "Deployment", "web")[REVISION] == "2"
    assert words(yard.get("Deployment", "web"), "Progressing")[:2] == ("True", "NewReplicaSetAvailable")
    assert all(p["spec"]["containers"][0]["image"] == "local/app:2" for p in yard.pods())


def test_going_back_takes_the_old_replica_set_again() -> None:
    """A former template's ReplicaSet gets the next revision, and remembers those that it had."""
    yard = Yard()
    yard.deploy()
    yard.wait(5)
    first = new_set(yard)["metadata"]["name"]
    yard.set_image("web", "local/app:2")
    yard.wait(20)
    yard.set_image("web", "local/app:1")
    yard.wait(20)
    found = noted(yard, "ReplicaSet", first)
    assert (found[REVISION], found["deployment.kubernetes.io/revision-history"]) == ("3", "1")
    assert noted(yard, "Deployment", "web")[REVISION] == "3"
    assert len(yard.all("ReplicaSet")) == 2


def test_history_is_limited() -> None:
    """Old ReplicaSets beyond the limit are deleted."""
    yard = Yard()
    yard.deploy(replicas=1, spec={"revisionHistoryLimit": 2})
    for version in range(1, 6):
        yard.set_image("web", f"local/app:{version}")
        yard.wait(10)
    assert sorted(s["metadata"]["annotations"][REVISION] for s in yard.all("ReplicaSet")) == ["3", "4", "5"]


def test_a_bad_rollout_stops_before_it_hurts() -> None:
    """Pods that never get ready hold the old ones in place, and going back removes the bad ones."""
    yard = Yard()
    yard.deploy(replicas=4, spec={"progressDeadlineSeconds": 10})
    yard.wait(5)
    yard.set_image("web", "local/app:2-never-ready")
    yard.wait(30)
    status = yard.status("Deployment", "web")
    assert (status["availableReplicas"], status["updatedReplicas"]) == (3, 2)
    assert words(yard.get("Deployment", "web"), "Progressing")[1] == "ProgressDeadlineExceeded"
    assert words(yard.get("Deployment", "web"), "Available")[0] == "True"
    yard.set_image("web", "local/app:1")
    yard.wait(20)
    assert yard.status("Deployment", "web")["availableReplicas"] == 4
    assert words(yard.get("Deployment", "web"), "Progressing")[1] == "NewReplicaSetAvailable"
    assert len(yard.pods()) == 4


def test_recreate_waits_for_the_last_old_pod() -> None:
    """No new pod is made before the old ones are gone."""
    yard = Yard()
    yard.deploy(replicas=2, annotations={"stop-after": "5s"}, spec={"strategy": {"type": "Recreate"}})
    yard.wait(5)
    yard.set_image("web", "local/app:2")
    yard.wait(4)
    assert {p["spec"]["containers"][0]["image"] for p in yard.pods(living=False)} == {"local/app:1"}
    yard.wait(4)
    assert [p["spec"]["containers"][0]["image"] for p in yard.pods(living=False)] == ["local/app:2"] * 2
    assert yard.ready() == 2


def test_a_paused_deployment_waits() -> None:
    """While paused a new template changes nothing; scaling works; resumed it goes on."""
    yard = Yard()
    yard.deploy()
    yard.wait(5)
    yard.edit("Deployment", "web", lambda d: d["spec"].__setitem__("paused", True))
    yard.wait(1)
    assert words(yard.get("Deployment", "web"), "Progressing") == ("Unknown", "DeploymentPaused", "Deployment is paused")
    yard.set_image("web", "local/app:2")
    yard.scale("web", 3)
    yard.wait(10)
    assert [p["spec"]["containers"][0]["image"] for p in yard.pods()] == ["local/app:1"] * 3
    assert yard.status("Deployment", "web")["observedGeneration"] == 4
    yard.edit("Deployment", "web", lambda d: d["spec"].pop("paused"))
    yard.wait(20)
    assert [p["spec"]["containers"][0]["image"] for p in yard.pods()] == ["local/app:2"] * 3
    assert words(yard.get("Deployment", "web"), "Progressing")[1] == "NewReplicaSetAvailable"


def test_scaling_in_the_middle_of_a_rollout_is_proportional() -> None:
    """Old and new pods grow by their shares, so that a stuck rollout doesn't take over by scaling."""
    yard = Yard()
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    yard.deploy(replicas=10, spec={"strategy": rolling})
    yard.wait(10)
    yard.set_image("web", "local/app:2-never-ready")
    yard.wait(10)
    assert sorted(s["spec"]["replicas"] for s in yard.all("ReplicaSet")) == [5, 8]
    yard.scale("web", 15)
    yard.wait(10)
    assert sorted(s["spec"]["replicas"] for s in yard.all("ReplicaSet")) == [7, 11]


def test_min_ready_seconds_hold_back_availability() -> None:
    """A pod counts as available only after it has been ready for that long."""
    yard = Yard()
    yard.deploy(spec={"minReadySeconds": 10})
    yard.wait(5)
    status = yard.status("Deployment", "web")
    assert (status["readyReplicas"], status.get("availableReplicas")) == (2, None)
    yard.wait(8)
    assert yard.status("Deployment", "web")["availableReplicas"] == 2


def test_a_quota_that_forbids_pods_is_reported() -> None:
    """The server's refusal is on the ReplicaSet and on the Deployment, and goes away with more room."""
    yard = Yard()
    yard.make("ResourceQuota", "small", {"hard": {"pods": "1"}})
    yard.deploy(replicas=2)
    yard.wait(5)
    status, reason, message = words(yard.get("Deployment", "web"), "ReplicaFailure")
    assert (status, reason) == ("True", "FailedCreate")
    assert "exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1" in message
    assert yard.status("ResourceQuota", "small") == {"hard": {"pods": "1"}, "used": {"pods": "1"}}
    yard.edit("ResourceQuota", "small", lambda q: q["spec"]["hard"].__setitem__("pods", "5"))
    yard.wait(120)
    assert words(yard.get("Deployment", "web"), "ReplicaFailure") == ("", "", "")
    assert yard.ready() == 2


def test_events_tell_the_story_of_a_rollout() -> None:
    """Each scaling is an event of the Deployment, as `kubectl describe` shows it."""
    yard = Yard()
    yard.deploy(replicas=1)
    yard.wait(5)
    old = new_set(yard)["metadata"]["name"]
    yard.set_image("web", "local/app:2")
    yard.wait(20)
    new = new_set(yard)["metadata"]["name"]
    assert yard.messages("ScalingReplicaSet") == sorted(
        [
            f"Scaled up replica set {old} from 0 to 1",
            f"Scaled up replica set {new} from 0 to 1",
            f"Scaled down replica set {old} from 1 to 0",
        ]
    )


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_a_deleted_deployment_leaves_nothing(propagation: str) -> None:
    """ReplicaSets and pods go with it; in the foreground it goes last."""
    yard = Yard()
    yard.deploy()
    yard.wait(5)
    yard.delete("Deployment", "web", "Foreground" if propagation == "Foreground" else "Background")
    assert (yard.get("Deployment", "web") is not None) == (propagation == "Foreground")
    yard.wait(0.05)
    assert (yard.get("Deployment", "web") is not None) == (propagation == "Foreground")
    yard.wait(5)
    assert yard.get("Deployment", "web") is None
    assert (yard.all("ReplicaSet"), yard.all("Pod")) == ([], [])


def test_orphans_are_left_and_adopted() -> None:
    """With propagation Orphan the ReplicaSet stays, and a new Deployment of the same selector takes it."""
    yard = Yard()
    yard.deploy()
    yard.wait(5)
    before = {p["metadata"]["uid"] for p in yard.pods()}
    yard.delete("Deployment", "web", "Orphan")
    yard.wait(5)
    (left,) = yard.all("ReplicaSet")
    assert "ownerReferences" not in left["metadata"]
    yard.deploy()
    yard.wait(5)
    (adopted,) = yard.all("ReplicaSet")
    assert adopted["metadata"]["ownerReferences"][0]["kind"] == "Deployment"
    assert {p["metadata"]["uid"] for p in yard.pods()} == before


def test_unknown_pods_are_refused_by_name() -> None:
    """A fault for a pod that isn't there says so."""
    with pytest.raises(StatusError, match='pods "nobody" not found'):
        Yard().manager.crash_pod("default", "nobody")
