"""Requests are sent at their rate, split by weight, answered as the pods behave, and counted where they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.cluster.traffic.flows import Flow
from embedded.cluster.traffic.promql.evaluate import at_instant
from embedded.cluster.traffic.routing import Table
from tests.unit.cluster.traffic.world import World, to

if TYPE_CHECKING:
    from embedded.cluster.traffic.ports import Objects

WEB = Flow("users", "http://web.shop.svc/", 40)
BEHAVES = "sim.tidegate.dev/"


def ask(world: World, query: str) -> dict[tuple[tuple[str, str], ...], float]:
    """The answer right now, by label set."""
    return {t.labels: t.points[0][1] for t in at_instant(world.traffic.series, query, round(world.clock.now() * 1000)).tracks}


def value(world: World, query: str) -> float:
    """The only value of the answer."""
    (found,) = ask(world, query).values()
    return found


def used(world: World, pod: str) -> tuple[float, float]:
    """Cores and bytes of a pod."""
    usage = world.traffic.usage("shop", pod)
    assert usage is not None
    return usage.cpu, usage.memory


def two_slots(world: World, blue: int, green: int, **more: str) -> None:
    """A route over two Services of two pods each, with these weights; `more` are the green pods' annotations."""
    world.service("web-blue", 2, labels={"slot": "blue"}, image="web:1")
    world.service("web-green", 2, labels={"slot": "green"}, image="web:2", annotations={BEHAVES + k: v for k, v in more.items()})
    world.route("web", [{"backendRefs": [to("web-blue", blue), to("web-green", green)]}])
    world.traffic.set_flow(Flow("users", "http://shop.example/", 200))


@pytest.mark.parametrize(("rate", "seconds", "sent"), [(40, 10, 400), (0.3, 100, 30), (1, 3, 3), (0, 60, 0), (1000, 1, 1000)])
def test_rate(rate: float, seconds: float, sent: int) -> None:
    """Over time exactly the rate is sent."""
    world = World()
    world.service("web", 1)
    world.traffic.set_flow(Flow("users", "http://web.shop.svc", rate))
    world.clock.advance(seconds)
    (report,) = world.traffic.report()
    assert (report["requests"], report["failed"]) == (sent, 0)


def test_weights_split_requests() -> None:
    """Slots get their weights' shares."""
    world = World()
    two_slots(world, 90, 10)
    world.clock.advance(300)
    shares = {b["slot"]: b["requests"] for b in world.traffic.report()[0]["backends"]}
    assert sum(shares.values()) == 60_000
    assert shares["green"] == pytest.approx(6000, abs=300)


def test_error_rate() -> None:
    """A version's errors are its own, in the report and in the series."""
    world = World()
    two_slots(world, 50, 50, **{"error-rate": "0.1"})
    world.clock.advance(300)
    blue, green = world.traffic.report()[0]["backends"]
    assert blue["failed"] == 0
    assert green["failed"] == pytest.approx(green["requests"] * 0.1, rel=0.1)
    errors = 'sum by (slot) (rate(http_requests_total{code=~"5.."}[2m])) / sum by (slot) (rate(http_requests_total[2m]))'
    assert ask(world, errors) == {(("slot", "green"),): pytest.approx(0.1, abs=0.02)}


def test_latency() -> None:
    """A version's latency shows in its histogram: median, tail and mean."""
    world = World()
    two_slots(world, 50, 50, latency="400ms")
    world.clock.advance(300)
    quantile = "histogram_quantile({}, sum by (version, le) (rate(http_request_duration_seconds_bucket[2m])))"
    assert ask(world, quantile.format(0.5)) == {
        (("version", "1"),): pytest.approx(0.02, abs=0.004),
        (("version", "2"),): pytest.approx(0.4, abs=0.05),
    }
    # 1.28 s, as far as the buckets tell.
    assert 1.0 < ask(world, quantile.format(0.99))[("version", "2"),] < 2.5
    mean = (
        'sum(rate(http_request_duration_seconds_sum{slot="green"}[2m])) / sum(rate(http_request_duration_seconds_count{slot="green"}[2m]))'
    )
    assert value(world, mean) == pytest.approx(0.453, abs=0.02)


def test_counts_agree() -> None:
    """Report, counters and histogram count the same requests."""
    world = World()
    two_slots(world, 70, 30, **{"error-rate": "0.02"})
    world.clock.advance(60)
    requests = world.traffic.report()[0]["requests"]
    for metric in ("http_requests_total", "http_request_duration_seconds_count", 'http_request_duration_seconds_bucket{le="+Inf"}'):
        assert value(world, f"sum({metric})") == requests


def test_readiness_moves_requests() -> None:
    """A pod that isn't ready any more gets none, from the next tick on; without any, users see 503."""
    world = World()
    world.service("web", 2)
    world.traffic.set_flow(WEB)
    world.clock.advance(10)
    world.endpoints("web", ["web-1"], ("web-0",))
    before = ask(world, 'http_requests_total{pod="web-0"}')
    world.clock.advance(10)
    assert ask(world, 'http_requests_total{pod="web-0"}') == before
    world.endpoints("web", [], ("web-0", "web-1"))
    world.clock.advance(10)
    (report,) = world.traffic.report()
    assert report["codes"] == {"200": 800, "503": 400}
    assert (report["failed"], report["unanswered"]) == (400, {"Service shop/web has no ready endpoints": 400})
    assert value(world, 'sum(http_requests_total{service="web",code="503",pod=""})') == 400


def test_pods_that_say_what_they_are() -> None:
    """Metrics are an application's, by whichever of its Services it was reached; so are its requests that reached no pod."""
    world = World()
    said = {"app.kubernetes.io/name": "web", "slot": "blue"}
    world.service("web", ["web-0"], selector=said)
    world.service("web-blue", ["web-0"], selector=said)
    world.pod("web-0", labels=said)
    for service in ("web", "web-blue"):
        world.traffic.set_flow(Flow(service, f"http://{service}.shop.svc/", 10))
    world.clock.advance(20)
    assert value(world, 'http_requests_total{service="web",slot="blue"}') == 400
    assert {b["service"]: b["requests"] for flow in world.traffic.report() for b in flow["backends"]} == {"web": 200, "web-blue": 200}
    world.endpoints("web-blue", [], ("web-0",))
    world.clock.advance(10)
    assert value(world, 'http_requests_total{service="web",slot="blue",code="503"}') > 0


def test_pods_of_a_lost_node_time_out() -> None:
    """Requests to them fail from the first moment until their endpoints are taken out; back again, they count on where they stopped."""
    world = World()
    world.node("near")
    world.node("far")
    world.pod("web-0", node="near", image="web:1")
    world.pod("web-1", node="far", image="web:2")
    world.service("web", ["web-0", "web-1"])
    world.traffic.set_flow(WEB)
    world.clock.advance(60)
    (before,) = ask(world, 'http_requests_total{pod="web-1"}').values()
    world.node("far", lost=True)
    world.clock.advance(10)
    (report,) = world.traffic.report()
    failed = report["codes"]["504"]
    assert failed == report["failed"] == pytest.approx(200, abs=40)
    assert report["unanswered"] == {"a pod of Service shop/web doesn't answer": failed}
    assert {b["version"]: b["failed"] for b in report["backends"]} == {"1": 0, "2": failed}
    assert value(world, 'http_requests_total{code="504"}') == failed
    assert ask(world, "sum by (pod) (up)") == {(("pod", "web-0"),): 1, (("pod", "web-1"),): 0}
    assert {pod for ((_, pod),) in ask(world, "sum by (pod) (container_memory_working_set_bytes)")} == {"web-0"}
    world.endpoints("web", ["web-0"], ("web-1",))
    world.clock.advance(60)
    assert world.traffic.report()[0]["failed"] == failed
    world.node("far")
    world.endpoints("web", ["web-0", "web-1"])
    world.clock.advance(60)
    assert world.traffic.report()[0]["failed"] == failed
    assert value(world, 'http_requests_total{pod="web-1"}') == pytest.approx(before + 1200, abs=150)


def test_hanging_pods_time_out() -> None:
    """From the moment that it hangs a pod answers neither users nor scrapes, though its container goes on; a restart helps."""
    world = World()
    world.service("web", 1, annotations={BEHAVES + "hangs-after": "20s"})
    world.traffic.set_flow(WEB)
    world.clock.advance(19)
    assert (world.traffic.report()[0]["failed"], value(world, "up")) == (0, 1)
    world.clock.advance(11)
    assert world.traffic.report()[0]["codes"] == {"200": 790, "504": 410}
    assert value(world, "up") == 0
    assert used(world, "web-0")[1] > 0
    world.pod("web-0", restarts=1, annotations={BEHAVES + "hangs-after": "20s"})
    world.clock.advance(15)
    assert world.traffic.report()[0]["failed"] == 410
    assert value(world, "up") == 1


def test_restart_begins_counters_anew() -> None:
    """A container's restart resets its counters, as in life, and rate() sees no negative growth."""
    world = World()
    world.service("web", 1)
    world.traffic.set_flow(WEB)
    world.clock.advance(60)
    world.pod("web-0", restarts=1)
    world.clock.advance(30)
    assert value(world, 'http_requests_total{code="200"}') == 1200
    assert value(world, "resets(http_requests_total[1m])") == 1
    assert value(world, "rate(http_requests_total[1m])") == pytest.approx(40, rel=0.1)
    assert value(world, "kube_pod_container_status_restarts_total") == 1


def test_series_of_gone_pods_go_stale() -> None:
    """A pod that is gone has no values from the next scrape on."""
    world = World()
    world.service("web", 2)
    world.traffic.set_flow(WEB)
    world.clock.advance(20)
    world.store.remove("/pods", "shop", "web-0")
    world.endpoints("web", ["web-1"])
    world.clock.advance(5)
    assert {dict(labels)["pod"] for labels in ask(world, '{namespace="shop"}')} == {"web-1"}
    assert len(ask(world, "last_over_time(up[1m])")) == 2


def test_up() -> None:
    """A pod whose app doesn't run is down; one that is over isn't looked at."""
    world = World()
    world.pod("runs")
    world.pod("crashes", running=False)
    done = world.pod("done")
    world.store.put("/pods", {**done, "status": {"phase": "Succeeded"}})
    world.clock.advance(5)
    assert {dict(labels)["pod"]: up for labels, up in ask(world, "up").items()} == {"runs": 1, "crashes": 0}


def test_usage() -> None:
    """What pods use follows their requests, their age and their limits."""
    world = World()
    world.service("web", 1, annotations={BEHAVES + "cpu": "5ms", BEHAVES + "memory": "32Mi", BEHAVES + "leak": "1Mi"})
    world.pod("limited", annotations={BEHAVES + "leak": "10Mi"}, resources={"limits": {"memory": "128Mi"}})
    world.traffic.set_flow(WEB)
    assert world.traffic.usage("shop", "web-0") is None
    world.clock.advance(60)
    mega = 1 << 20
    assert used(world, "web-0") == pytest.approx((0.202, 92 * mega))
    assert used(world, "limited") == pytest.approx((0.002, 128 * mega))
    assert value(world, 'rate(container_cpu_usage_seconds_total{pod="web-0"}[30s])') == pytest.approx(0.202)
    assert value(world, 'container_memory_working_set_bytes{pod="limited"}') == 128 * mega


def test_mirrored_requests() -> None:
    """Copies reach the pods, and nobody's report."""
    world = World()
    world.service("blue", 1, labels={"slot": "blue"})
    world.service("green", 1, labels={"slot": "green"}, annotations={BEHAVES + "error-rate": "1"})
    filters = [{"type": "RequestMirror", "requestMirror": {"backendRef": to("green"), "percent": 50}}]
    world.route("web", [{"backendRefs": [to("blue")], "filters": filters}])
    world.traffic.set_flow(Flow("users", "http://shop.example", 100))
    world.clock.advance(60)
    (report,) = world.traffic.report()
    assert (report["requests"], report["failed"], [b["slot"] for b in report["backends"]]) == (6000, 0, ["blue"])
    assert value(world, 'http_requests_total{slot="green",code="500"}') == pytest.approx(3000, rel=0.1)


def test_flows_change_and_end() -> None:
    """A changed flow goes on counting; one that ended sends no more, and begins anew if it comes back."""
    world = World()
    world.service("web", 1)
    world.traffic.set_flow(WEB)
    world.clock.advance(10)
    world.traffic.set_flow(Flow("users", WEB.url, 10))
    world.clock.advance(10)
    assert world.traffic.report()[0]["requests"] == 500
    assert world.traffic.end_flow("users")
    assert not world.traffic.end_flow("users")
    world.clock.advance(10)
    assert world.traffic.report() == []
    world.traffic.set_flow(WEB)
    world.clock.advance(1)
    assert world.traffic.report()[0]["requests"] == 40


def test_tables_are_made_on_change_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Routing is worked out again when its objects change, and not otherwise."""
    world = World()
    made: list[Table] = []

    def table(objects: Objects) -> Table:
        made.append(Table(objects))
        return made[-1]

    monkeypatch.setattr("embedded.cluster.traffic.model.Table", table)
    world.service("web", 1)
    world.traffic.set_flow(WEB)
    world.clock.advance(10)
    world.store.put("/configmaps", {"metadata": {"name": "x", "namespace": "shop"}})
    world.clock.advance(10)
    assert len(made) == 1
    world.endpoints("web", [])
    world.clock.advance(10)
    assert len(made) == 2


def story(seed: int) -> tuple[list[str], str, str]:
    """A run with all sorts of things happening; its journal, report and series."""
    world = World(seed)
    two_slots(world, 80, 20, **{"error-rate": "0.05", "latency": "120ms"})
    world.traffic.set_flow(Flow("more", "http://web-blue.shop.svc/", 33.3))
    world.clock.advance(61)
    world.pod("web-green-0", restarts=1)
    world.endpoints("web-blue", ["web-blue-1"])
    world.clock.advance(100)
    world.traffic.end_flow("more")
    world.clock.advance(7.3)
    series = [(s.labels, s.times.tolist(), [repr(v) for v in s.values]) for s in world.traffic.series.series()]
    return world.journal.lines(), repr(world.traffic.report()), repr(series)


def test_same_seed_same_run() -> None:
    """The same seed gives the same journal, report and series, byte for byte; another one another."""
    assert story(3) == story(3)
    assert story(3)[0] != story(4)[0]


def test_how_time_passes_does_not_matter() -> None:
    """One long step of the clock or many small ones: the same requests with the same ends."""
    reports = []
    for step in (32.0, 0.25, 0.125):
        world = World()
        two_slots(world, 80, 20, **{"error-rate": "0.05"})
        for _ in range(round(32 / step)):
            world.clock.advance(step)
        reports.append(world.traffic.report())
    assert reports[0] == reports[1] == reports[2]


def test_stop() -> None:
    """After the end nothing goes on."""
    world = World()
    world.service("web", 1)
    world.traffic.set_flow(WEB)
    world.clock.advance(10)
    world.traffic.stop()
    world.clock.advance(10)
    assert world.traffic.report()[0]["requests"] == 400
    assert world.clock.next_due() is None
