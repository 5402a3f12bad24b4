"""What simulated traffic costs: processor seconds a virtual second, for a flow through an HTTPRoute over two Services of five pods each.

`python -m benchmarks.traffic [--rate N] [--seconds N]` prints it, with what a typical analysis query takes after that. Time passes by hand,
so nothing is measured but the work.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.journal import Journal
from embedded.cluster.store.store import Store
from embedded.cluster.traffic.flows import Flow
from embedded.cluster.traffic.model import Traffic
from embedded.cluster.traffic.promql.evaluate import over_range
from embedded.cluster.traffic.routing import PODS, ROUTES, SERVICES, SLICES

QUERY = "histogram_quantile(0.99, sum by (slot, le) (rate(http_request_duration_seconds_bucket[1m])))"


def flowing(rate: float) -> tuple[Traffic, Clock]:
    """The traffic model over two slots behind one route."""
    store, clock = Store(), Clock()
    traffic = Traffic(store, clock, Draws(0), Journal(clock))
    for slot, errors in (("blue", "0.001"), ("green", "0.02")):
        _slot(store, clock, slot, {"sim.tidegate.dev/error-rate": errors})
    refs = [{"name": "web-blue", "port": 80, "weight": 90}, {"name": "web-green", "port": 80, "weight": 10}]
    accepted = {"parentRef": {"name": "gateway"}, "conditions": [{"type": "Accepted", "status": "True"}]}
    store.put(ROUTES, {"metadata": _named("web"), "spec": {"rules": [{"backendRefs": refs}]}, "status": {"parents": [accepted]}})
    traffic.start()
    traffic.set_flow(Flow("users", "http://shop.example/", rate))
    return traffic, clock


def _slot(store: Store, clock: Clock, slot: str, annotations: dict[str, str]) -> None:
    endpoints = []
    for i in range(5):
        name = f"web-{slot}-{i}"
        running = {"name": "app", "restartCount": 0, "state": {"running": {"startedAt": clock.stamp()}}}
        pod = {
            "metadata": {**_named(name), "uid": name, "labels": {"slot": slot}, "annotations": annotations},
            "spec": {"containers": [{"name": "app", "image": "web:1"}]},
            "status": {"phase": "Running", "containerStatuses": [running]},
        }
        store.put(PODS, pod)
        endpoints.append({"conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": name}})
    store.put(SERVICES, {"metadata": _named(f"web-{slot}"), "spec": {"ports": [{"port": 80}]}})
    labels = {"kubernetes.io/service-name": f"web-{slot}"}
    store.put(SLICES, {"metadata": {**_named(f"web-{slot}"), "labels": labels}, "endpoints": endpoints, "ports": [{"port": 8080}]})


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "shop"}


def cost(rate: float = 1000, seconds: float = 600) -> float:
    """Processor seconds a virtual second."""
    traffic, clock = flowing(rate)
    begun = time.process_time()
    clock.advance(seconds)
    spent = time.process_time() - begun
    traffic.stop()
    return spent / seconds


def query_time(seconds: float = 600) -> float:
    """Seconds that a range query of a hundred steps takes, after so many virtual seconds."""
    traffic, clock = flowing(1000)
    clock.advance(seconds)
    now = round(clock.now() * 1000)
    begun = time.perf_counter()
    over_range(traffic.series, QUERY, now - 500_000, now, 5000)
    return time.perf_counter() - begun


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    print(f"processor seconds a second at {options.rate:g} requests/s: {cost(options.rate, options.seconds):.6f} (goal: 0.1)")
    print(f"seconds for a range query of 100 steps over 120 series of buckets: {query_time():.3f}")


if __name__ == "__main__":
    main()
