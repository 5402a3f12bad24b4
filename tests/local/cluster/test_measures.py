"""Traffic, controllers and faults know of each other: autoscalers scale by what pods use, a lost node is felt until it is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedded.cluster.cluster import Cluster
from embedded.cluster.traffic.usage import Measures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.model.objects import Obj

LABELS = {"app": "web"}
CONTAINER = {"name": "web", "image": "shop:1.0", "resources": {"requests": {"cpu": "500m", "memory": "64Mi"}}}
DEPLOYMENT = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER]}},
    },
}
SERVICE = {"metadata": {"name": "web"}, "spec": {"selector": LABELS, "ports": [{"port": 80}]}}
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
BY_PODS = {
    "type": "Pods",
    "pods": {"metric": {"name": "http_requests_per_second"}, "target": {"type": "AverageValue", "averageValue": "125"}},
}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A service with two pods, at 1,000 requests a second for two minutes."""
    with Cluster(rate=0) as running:
        with httpx.Client(base_url=running.url, timeout=30) as client:
            client.post("/apis/apps/v1/namespaces/default/deployments", json=DEPLOYMENT).raise_for_status()
            client.post("/api/v1/namespaces/default/services", json=SERVICE).raise_for_status()
            running.advance(30)
            client.post("/control/flows", json={"name": "users", "url": "http://web.default.svc/", "rate": 1000}).raise_for_status()
            running.advance(120)
        yield running


def test_what_pods_use(cluster: Cluster) -> None:
    """Half of the requests each, at two milliseconds of processor time; other metrics by Prometheus's names, or not at all."""
    measures = Measures(cluster.traffic, cluster.clock)
    pod = cluster.call(lambda: next(iter(cluster.store.all("/pods", "default"))))["metadata"]["name"]

    def custom(metric: str, of: str = pod) -> float | None:
        return cluster.call(lambda: measures.custom("default", of, metric))

    assert cluster.call(lambda: measures.resource("default", pod, "cpu")) == pytest.approx(1.0, rel=0.1)
    assert cluster.call(lambda: measures.resource("default", pod, "memory")) == pytest.approx(64 << 20, rel=0.5)
    assert cluster.call(lambda: measures.resource("default", "other", "cpu")) is None
    assert custom("http_requests_per_second") == pytest.approx(500, rel=0.1)
    assert custom("up") == 1.0
    assert [custom("nothing"), custom("no name"), custom("up", 'x"} or vector(1) #')] == [None, None, None]


@pytest.mark.parametrize(
    ("selector", "described", "total"),
    [
        ({"matchLabels": {"service": "web"}}, None, 1000),
        (None, {"kind": "Service", "name": "web"}, 1000),
        ({"matchLabels": {"service": "other"}}, None, None),
    ],
)
def test_what_services_get(cluster: Cluster, selector: Obj | None, described: Obj | None, total: float | None) -> None:
    """Of all pods together."""
    measures = Measures(cluster.traffic, cluster.clock)
    found = cluster.call(lambda: measures.external("default", "http_requests_per_second", selector, described))
    assert found == (None if total is None else pytest.approx(total, rel=0.1))


@pytest.mark.parametrize("metric", [CPU, BY_PODS], ids=["cpu", "requests"])
def test_an_autoscaler_scales_by_it(cluster: Cluster, metric: dict[str, Any]) -> None:
    """1,000 requests a second are eight pods' work by either measure."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    body = {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 20, "metrics": [metric]}}
    path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    httpx.post(f"{cluster.url}{path}", json=body, timeout=30).raise_for_status()
    cluster.advance(300)
    deployment = cluster.call(lambda: cluster.store.get("apps/deployments", "default", "web"))
    assert deployment is not None
    assert 7 <= deployment["spec"]["replicas"] <= 9


def test_a_lost_node_is_felt_until_it_is_noticed(cluster: Cluster) -> None:
    """Half of the requests time out, until the endpoints on the silent node are taken out; what takes its pods' place answers again."""
    node = cluster.call(lambda: next(iter(cluster.store.all("/pods", "default"))))["spec"]["nodeName"]

    def failed() -> int:
        return int(cluster.call(cluster.traffic.report)[0]["failed"])

    httpx.post(f"{cluster.url}/control/faults", json={"kind": "node-lost", "node": node}, timeout=30).raise_for_status()
    cluster.advance(60)
    # A node counts as unreachable after forty silent seconds.
    unnoticed = failed()
    assert unnoticed == pytest.approx(40 * 500, rel=0.1)
    assert cluster.call(cluster.traffic.report)[0]["codes"]["504"] == unnoticed
    cluster.advance(600)
    assert failed() == unnoticed
