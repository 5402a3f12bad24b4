"""The same seed and the same requests are the same run, to the byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from embedded.cluster.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = {"app": "web"}
TEMPLATE = {
    "metadata": {"labels": LABELS | {"slot": "blue"}, "annotations": {"sim.tidegate.dev/error-rate": "0.02"}},
    "spec": {"containers": [{"name": "web", "image": "shop:1.0", "readinessProbe": {"httpGet": {"path": "/", "port": 80}}}]},
}
DEPLOYMENT = {"metadata": {"name": "web"}, "spec": {"replicas": 4, "selector": {"matchLabels": LABELS}, "template": TEMPLATE}}
SERVICE = {"metadata": {"name": "web"}, "spec": {"selector": LABELS, "ports": [{"port": 80}]}}
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "500", "verb": "create", "resource": "configmaps", "probability": 0.3},
    {"kind": "crash", "pod": "shop/web-*", "after": 20, "period": 10, "probability": 0.3},
    {"kind": "unready", "pod": "shop/web-*", "after": 30, "lasts": 15, "count": 1},
    {"kind": "evict", "pod": "shop/*", "after": 50, "count": 1},
    {"kind": "node-lost", "node": "*", "after": 60, "lasts": 90, "count": 1},
)


def requests(url: str) -> Iterator[httpx.Response]:
    """A run in which much goes on and much goes wrong."""
    with httpx.Client(base_url=url, timeout=30) as client:
        for fault in FAULTS:
            yield client.post("/control/faults", json=fault)
        yield client.post("/api/v1/namespaces", json={"metadata": {"name": "shop"}})
        yield client.post("/apis/apps/v1/namespaces/shop/deployments", json=DEPLOYMENT)
        yield client.post("/api/v1/namespaces/shop/services", json=SERVICE)
        yield client.post("/control/flows", json={"name": "users", "url": "http://web.shop.svc/", "rate": 77})
        for number in range(20):
            yield client.post("/api/v1/namespaces/shop/configmaps", json={"metadata": {"generateName": "c-"}, "data": {"n": str(number)}})
            yield client.post("/control/clock", json={"advance": 7.3})
        patch = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "shop:2.0-slow"}]}}}}
        merge = {"Content-Type": "application/strategic-merge-patch+json"}
        yield client.patch("/apis/apps/v1/namespaces/shop/deployments/web", json=patch, headers=merge)
        yield client.post("/control/clock", json={"advance": 120})
        yield client.delete("/api/v1/namespaces/shop")
        yield client.post("/control/clock", json={"advance": 60})


def run(seed: int) -> tuple[str, list[int], str]:
    """The journal, the statuses of the answers, and all metrics at the end."""
    with Cluster(seed=seed, rate=0) as cluster:
        codes = [answer.status_code for answer in requests(cluster.url)]
        journal = httpx.get(f"{cluster.url}/control/journal", timeout=30).text
        metrics = httpx.get(f"{cluster.prometheus}/api/v1/query", params={"query": '{__name__=~".+"}[10m]'}, timeout=30).text
    return journal, codes, metrics


def test_the_same_seed_is_the_same_run() -> None:
    """The journals are byte-equal, and so are the answers and all metrics; another seed is another run."""
    first, second, other = run(7), run(7), run(8)
    assert first == second
    assert first[0] != other[0]
    kinds = {line.split('"kind":"')[1].partition('"')[0] for line in first[0].splitlines()}
    assert kinds >= {"object", "strike", "flow", "traffic"}
    assert len(first[0].splitlines()) > 100
    assert {201, 500} <= set(first[1])
