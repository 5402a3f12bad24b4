"""What is done to pods and nodes by hand."""

from __future__ import annotations

import pytest

from embedded.cluster.model.errors import StatusError
from tests.unit.cluster.controllers.yard import Yard, words


def running() -> tuple[Yard, str]:
    """A Deployment with two ready pods behind a Service, and the name of one."""
    yard = Yard()
    yard.make("Service", "web", {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]})
    yard.deploy()
    yard.wait(5)
    return yard, yard.pods()[0]["metadata"]["name"]


def ready_addresses(yard: Yard) -> int:
    """How many endpoints of the Service are ready."""
    (found,) = yard.all("EndpointSlice")
    return sum(e["conditions"]["ready"] for e in found["endpoints"])


def test_a_crash_is_seen_everywhere_and_heals() -> None:
    """The pod is unready at once, in its Service and its Deployment, and starts again."""
    yard, name = running()
    yard.manager.crash_pod("default", name)
    yard.clock.settle()
    assert (ready_addresses(yard), yard.status("Deployment", "web")["readyReplicas"]) == (1, 1)
    yard.wait(5)
    assert (ready_addresses(yard), yard.status("Deployment", "web")["readyReplicas"]) == (2, 2)
    assert yard.status("Pod", name)["containerStatuses"][0]["restartCount"] == 1


def test_out_of_memory() -> None:
    """The container's last state says it."""
    yard, name = running()
    yard.manager.oom_pod("default", name)
    yard.wait(5)
    assert yard.status("Pod", name)["containerStatuses"][0]["lastState"]["terminated"]["reason"] == "OOMKilled"


def test_unready_until_told_otherwise_or_for_a_while() -> None:
    """The pod is taken out of its Service without a restart, and comes back."""
    yard, name = running()
    yard.manager.unready_pod("default", name)
    yard.wait(60)
    assert ready_addresses(yard) == 1
    assert words(yard.get("Deployment", "web"), "Available")[0] == "False"
    yard.manager.ready_pod("default", name)
    yard.wait(2)
    assert ready_addresses(yard) == 2
    yard.manager.unready_pod("default", name, 10)
    yard.wait(5)
    assert ready_addresses(yard) == 1
    yard.wait(10)
    assert ready_addresses(yard) == 2
    assert yard.status("Pod", name)["containerStatuses"][0]["restartCount"] == 0


def test_an_evicted_pod_is_replaced() -> None:
    """It stays as failed, with the reason, and another takes its place."""
    yard, name = running()
    yard.manager.evict_pod("default", name)
    yard.wait(5)
    status = yard.status("Pod", name)
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert words(yard.get("Pod", name), "DisruptionTarget")[1] == "TerminationByKubelet"
    assert yard.ready() == 2
    assert ready_addresses(yard) == 2


def test_a_lost_node_is_noticed_and_its_pods_are_replaced() -> None:
    """After 40 seconds it is unreachable and its pods unready, after 5 more minutes they are replaced; when it is back it is clean."""
    yard, name = running()
    pod = yard.get("Pod", name)
    assert pod is not None
    node = pod["spec"]["nodeName"]
    yard.manager.lose_node(node)
    yard.wait(39)
    assert ready_addresses(yard) == 2
    yard.wait(2)
    assert words(yard.get("Node", node), "Ready")[:2] == ("Unknown", "NodeStatusUnknown")
    assert ready_addresses(yard) == 1
    yard.wait(301)
    found = yard.get("Pod", name)
    assert found is not None
    assert "deletionTimestamp" in found["metadata"]
    assert yard.ready() == 2
    assert all(p["spec"]["nodeName"] != node for p in yard.pods())
    yard.manager.restore_node(node)
    yard.wait(5)
    assert yard.get("Pod", name) is None
    assert words(yard.get("Node", node), "Ready")[:2] == ("True", "KubeletReady")
    back = yard.get("Node", node)
    assert back is not None
    assert "taints" not in back["spec"]


def test_a_node_that_comes_back_soon_keeps_its_pods() -> None:
    """Nothing restarts."""
    yard, name = running()
    pod = yard.get("Pod", name)
    assert pod is not None
    yard.manager.lose_node(pod["spec"]["nodeName"])
    yard.wait(60)
    assert ready_addresses(yard) == 1
    yard.manager.restore_node(pod["spec"]["nodeName"])
    yard.wait(2)
    assert ready_addresses(yard) == 2
    assert yard.status("Pod", name)["containerStatuses"][0]["restartCount"] == 0


@pytest.mark.parametrize("taint", [{"key": "maintenance", "effect": "NoExecute"}, {"key": "maintenance", "effect": "NoSchedule"}])
def test_taints_send_pods_away_or_keep_them_off(taint: dict[str, str]) -> None:
    """NoExecute empties the node, NoSchedule leaves who is there."""
    yard, name = running()
    pod = yard.get("Pod", name)
    assert pod is not None
    node = pod["spec"]["nodeName"]
    yard.edit("Node", node, lambda n: n["spec"].__setitem__("taints", [taint]))
    yard.wait(10)
    assert (yard.get("Pod", name) is None) == (taint["effect"] == "NoExecute")
    yard.scale("web", 6)
    yard.wait(10)
    there = [p for p in yard.pods() if p["spec"]["nodeName"] == node]
    assert len(there) == (0 if taint["effect"] == "NoExecute" else 1)


@pytest.mark.parametrize("act", ["crash_pod", "oom_pod", "unready_pod", "ready_pod", "evict_pod"])
def test_what_is_not_there_cannot_fail(act: str) -> None:
    """The error names the pod."""
    with pytest.raises(StatusError, match='pods "nobody" not found'):
        getattr(Yard().manager, act)("default", "nobody")


def test_unknown_nodes_are_named() -> None:
    """The error names the node."""
    with pytest.raises(StatusError, match='nodes "node-9" not found'):
        Yard().manager.lose_node("node-9")


def test_a_pod_that_is_stopping_is_not_evicted() -> None:
    """It ends as it would have."""
    yard, name = running()
    yard.delete("Pod", name)
    yard.clock.settle()
    yard.manager.evict_pod("default", name)
    yard.wait(5)
    assert yard.get("Pod", name) is None


def test_ready_again_means_as_its_probe_says() -> None:
    """A pod whose own readiness is still to come doesn't become ready sooner by that."""
    yard = Yard()
    yard.deploy(replicas=1, annotations={"ready-after": "30s", "pull-time": "0s"})
    yard.wait(5)
    name = yard.pods()[0]["metadata"]["name"]
    yard.manager.unready_pod("default", name)
    yard.wait(5)
    yard.manager.ready_pod("default", name)
    yard.wait(15)
    assert yard.ready() == 0
    yard.wait(10)
    assert yard.ready() == 1
