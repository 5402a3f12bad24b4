"""Faults at work in a running cluster: what clients see of each, and what becomes of pods."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from embedded.cluster.cluster import Cluster
from embedded.cluster.faults.disruptions import Disrupted, Disruption
from embedded.cluster.faults.rules import Rule, Where
from embedded.cluster.model.objects import is_true, name_of
from tests.local.cluster.matrix import KINDS, cases, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.faults.requests import Request
    from embedded.cluster.model.objects import Obj
    from tests.local.cluster.matrix import Case

MAPS: Final = "/api/v1/namespaces/default/configmaps"
MERGE: Final = {"Content-Type": "application/merge-patch+json"}
# All that a program does with an object, one request after the other.
STEPS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("GET", "/apis", {}),
    ("POST", MAPS, {"json": {"metadata": {"name": "x"}}}),
    ("GET", f"{MAPS}/x", {}),
    ("GET", MAPS, {"params": {"watch": "1"}}),
    ("PATCH", f"{MAPS}/x", {"json": {"data": {"a": "b"}}, "headers": MERGE}),
    ("GET", f"{MAPS}/x", {}),
    ("DELETE", f"{MAPS}/x", {}),
)
# The object, and the one that each namespace has.
WATCHED: Final = 2
HANDLED: Final = frozenset({"slow", "lost", "watch-drop"})


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster whose time goes by hand."""
    with Cluster(rate=0) as running:
        yield running


def play(cluster: Cluster, until: int = len(STEPS)) -> list[tuple[str, bool]]:
    """Take the steps; returns what came of each: a status, or how the connection broke, and whether something was changed."""
    found: list[tuple[str, bool]] = []
    with httpx.Client(base_url=cluster.url, timeout=10) as client:
        for method, path, given in STEPS[:until]:
            before = cluster.call(lambda: cluster.store.version)
            try:
                with client.stream(method, path, **given) as answer:
                    said = str(answer.status_code)
                    lines = answer.iter_lines()
                    for _ in range(WATCHED if "params" in given and answer.is_success else 1):
                        next(lines)
            except httpx.TransportError as error:
                said = "cut" if "incomplete" in str(error) else "no answer"
            found.append((said, cluster.call(lambda: cluster.store.version) != before))
    return found


def test_each_kind_at_each_request() -> None:
    """It strikes that request and no other; the client sees what the kind says, and what the kind says has been done is done."""
    with Cluster(rate=0) as cluster:
        well: list[tuple[str, bool]] = []
        requests = recorded(cluster, lambda: well.extend(play(cluster)))
    assert [request.verb for request in requests] == ["get", "create", "get", "watch", "patch", "get", "delete"]
    assert [changed for _, changed in well] == [False, True, False, False, True, False, True]
    tried = cases(requests)
    assert ({case.kind for case in tried}, len(tried)) == (set(KINDS), 7 * 6 + 3 + 1)
    for case in tried:
        with Cluster(rate=0) as cluster:
            struck = case.strike(cluster)
            at = _place(case, requests)
            found = play(cluster, at + 1)
        assert list(struck.hits) == [str(case.request)], case
        assert found[:at] == well[:at], case
        seen = {"drop": "no answer", "lost": "no answer", "slow": well[at][0], "watch-drop": "cut"}.get(case.kind, case.kind)
        assert found[at] == (seen, well[at][1] and case.kind in HANDLED), case


def _place(case: Case, requests: list[Request]) -> int:
    """Which of the steps a case strikes."""
    places = [n for n, request in enumerate(requests) if request == case.request]
    return places[case.occurrence - 1]


def test_slow_is_slow(cluster: Cluster) -> None:
    """In real time: it is the client's patience that is tried."""
    cluster.call(lambda: cluster.faults.add(Rule("slow", delay=0.3, count=1)))

    def seconds() -> float:
        begin = time.perf_counter()
        httpx.get(f"{cluster.url}/api", timeout=10)
        return time.perf_counter() - begin

    assert seconds() >= 0.3
    # A busy machine may be slow as well, but not each time.
    assert any(seconds() < 0.3 for _ in range(20))


def test_an_open_watch_is_dropped_on_demand(cluster: Cluster) -> None:
    """It needs no event for that; a watch of something else goes on."""
    with (
        httpx.Client(base_url=cluster.url, timeout=10) as client,
        client.stream("GET", MAPS, params={"watch": "1"}) as maps,
        client.stream("GET", "/api/v1/nodes", params={"watch": "1"}) as nodes,
    ):
        lines = nodes.iter_lines()
        next(lines)
        cluster.call(lambda: cluster.faults.add(Rule("watch-drop", Where(resource="configmaps"))))
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            maps.read()
        assert next(lines)


def deployed(cluster: Cluster, image: str = "shop:1.0") -> None:
    """A deployment of three pods, or a new version of it."""
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    spec = {"replicas": 3, "selector": {"matchLabels": labels}, "template": template}
    path = f"{cluster.url}/apis/apps/v1/namespaces/default/deployments/web?fieldManager=me&force=true"
    answer = httpx.patch(path, json=body | {"spec": spec}, headers={"Content-Type": "application/apply-patch+yaml"}, timeout=10)
    assert answer.is_success, answer.text
    cluster.advance(60)


def pods(cluster: Cluster) -> list[Obj]:
    """The pods that aren't on their way out."""
    found = cluster.call(lambda: list(cluster.store.all("/pods", "default")))
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"] and pod["status"]["phase"] != "Failed"]


def add(cluster: Cluster, disruption: Disruption) -> Disrupted:
    """Put it in force."""
    found = cluster.call(lambda: cluster.faults.add(disruption))
    assert isinstance(found, Disrupted)
    return found


@pytest.mark.parametrize(("kind", "reason"), [("crash", "Error"), ("oom", "OOMKilled")])
def test_a_pod_crashes_and_comes_back(cluster: Cluster, kind: str, reason: str) -> None:
    """It is restarted, and says why."""
    deployed(cluster)
    struck = add(cluster, Disruption(kind, "default/web-*", count=1))
    cluster.advance(60)
    restarts = {name_of(pod): pod["status"]["containerStatuses"][0] for pod in pods(cluster)}
    assert {f"default/{name}" for name, status in restarts.items() if status["restartCount"]} == set(struck.hits)
    assert restarts[struck.hits[0].partition("/")[2]]["lastState"]["terminated"]["reason"] == reason
    assert all(is_true(pod, "Ready") for pod in pods(cluster))


def test_an_evicted_pod_is_replaced(cluster: Cluster) -> None:
    """By another one."""
    deployed(cluster)
    before = {name_of(pod) for pod in pods(cluster)}
    struck = add(cluster, Disruption("evict", "default/*", count=1))
    cluster.advance(60)
    after = {name_of(pod) for pod in pods(cluster)}
    assert (len(after), {f"default/{name}" for name in before - after}) == (3, set(struck.hits))


def test_unready_pods_hold_a_rollout_up(cluster: Cluster) -> None:
    """The new version's pods are struck as well, as they come; when the fault ends, the rollout goes on by itself."""
    deployed(cluster)
    fault = add(cluster, Disruption("unready", "default/web-*"))
    deployed(cluster, "shop:2.0")
    assert not any(is_true(pod, "Ready") for pod in pods(cluster))
    assert {container["image"] for pod in pods(cluster) for container in pod["spec"]["containers"]} == {"shop:1.0", "shop:2.0"}
    cluster.call(lambda: cluster.faults.remove(fault.ident))
    cluster.advance(60)
    assert [(is_true(pod, "Ready"), pod["spec"]["containers"][0]["image"]) for pod in pods(cluster)] == [(True, "shop:2.0")] * 3


def test_a_lost_nodes_pods_move(cluster: Cluster) -> None:
    """After the cluster's usual patience; when it is back, it takes pods again."""
    deployed(cluster)
    fault = add(cluster, Disruption("node-lost", "node-1"))
    cluster.advance(600)
    assert {pod["spec"]["nodeName"] for pod in pods(cluster)} == {"node-2", "node-3"}
    cluster.call(lambda: cluster.faults.remove(fault.ident))
    cluster.advance(60)
    nodes = cluster.call(lambda: list(cluster.store.all("/nodes")))
    assert all(is_true(node, "Ready") for node in nodes)
