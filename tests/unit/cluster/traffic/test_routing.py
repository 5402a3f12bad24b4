"""Requests find their way as the Gateway API and Services say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.traffic.flows import Flow
from embedded.cluster.traffic.routing import Table
from tests.unit.cluster.traffic.world import World, to

if TYPE_CHECKING:
    from embedded.cluster.traffic.routing import Plan


def plan(world: World, url: str = "http://shop.example/", method: str = "GET", **headers: str) -> Plan:
    """The plan of a flow."""
    flow = Flow("users", url, 1, method, tuple((name.replace("_", "-"), value) for name, value in headers.items()))
    return Table(world.store).plan(flow)


def ends(found: Plan) -> dict[str, float]:
    """Weights by Service, or by the code where no Service answers."""
    return {d.service if d.endpoints else f"{d.code} {d.why}": weight for weight, d in found.shares}


def test_service() -> None:
    """A Service's requests go to its ready pods, whose labels and image say slot and version."""
    world = World()
    world.service("web", 2, labels={"slot": "blue", "version": "3"}, image="web:9")
    world.pod("late", labels={"slot": "green"}, image="reg.example:5000/web:9.1-slow@sha256:abc")
    world.endpoints("web", ["web-0", "late", "gone"], ("web-1",))
    destination = plan(world, "http://web.shop.svc/").shares[0][1]
    assert [(e.pod, e.slot, e.version) for e in destination.endpoints] == [("web-0", "blue", "3"), ("late", "green", "9.1-slow")]


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("http://none.shop.svc", "503 there is no Service shop/none"),
        ("http://web.shop.svc:81", "503 Service shop/web has no port 81"),
        ("http://empty.shop.svc", "503 Service shop/empty has no ready endpoints"),
        ("http://other.example/x", "404 no accepted HTTPRoute takes GET other.example/x"),
    ],
)
def test_dead_ends(url: str, end: str) -> None:
    """What can't be answered says why."""
    world = World()
    world.service("web", 1)
    world.service("empty", 0)
    assert ends(plan(world, url)) == {end: 1.0}


def test_ports_that_pods_lack() -> None:
    """A Service's port that its pods don't have by that name has no endpoints."""
    world = World()
    world.service("web", 1)
    ports = [{"port": 80, "targetPort": "http"}, {"name": "admin", "port": 81, "targetPort": "admin"}]
    world.store.put("/services", {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"ports": ports}})
    assert ends(plan(world, "http://web.shop.svc:80")) == {"web": 1.0}
    assert ends(plan(world, "http://web.shop.svc:81")) == {"503 Service shop/web has no ready endpoints": 1.0}


def test_slot_without_pods() -> None:
    """A Service without pods still has the slot that it selects."""
    world = World()
    world.service("web", 0, selector={"app": "web", "slot": "green"})
    assert plan(world, "http://web.shop.svc").shares[0][1].slot == "green"


MATCHES: list[tuple[str, dict[str, Any]]] = [
    ("any", {}),
    ("cart", {"path": {"type": "PathPrefix", "value": "/cart"}}),
    ("deep", {"path": {"type": "PathPrefix", "value": "/cart/deep/"}}),
    ("exact", {"path": {"type": "Exact", "value": "/cart/deep"}}),
    ("regex", {"path": {"type": "RegularExpression", "value": "/r[0-9]+"}}),
    ("post", {"method": "POST"}),
    ("tester", {"headers": [{"name": "X-Tester", "value": "yes"}]}),
    ("both", {"headers": [{"name": "X-Tester", "value": "yes"}, {"name": "X-Kind", "type": "RegularExpression", "value": "a|b"}]}),
    ("query", {"queryParams": [{"name": "preview", "value": "1"}]}),
]


@pytest.mark.parametrize(
    ("method", "url", "headers", "service"),
    [
        ("GET", "/", {}, "any"),
        ("GET", "/cart", {}, "cart"),
        ("GET", "/cart/x", {}, "cart"),
        ("GET", "/cartoon", {}, "any"),
        ("GET", "/cart/deep", {}, "exact"),
        ("GET", "/cart/deep/er", {}, "deep"),
        ("GET", "/r12", {}, "any"),
        ("POST", "/x", {}, "post"),
        ("POST", "/cart", {}, "cart"),
        ("GET", "/x", {"x_tester": "yes"}, "tester"),
        ("GET", "/x", {"X_Tester": "no"}, "any"),
        ("GET", "/x", {"X_Tester": "yes", "X_Kind": "b"}, "both"),
        ("GET", "/x", {"X_Tester": "yes", "X_Kind": "abc"}, "tester"),
        ("GET", "/x?preview=1", {}, "query"),
        ("GET", "/x?preview=2", {}, "any"),
    ],
)
def test_precedence(method: str, url: str, headers: dict[str, str], service: str) -> None:
    """The most specific match takes the request, as the Gateway API orders them."""
    world = World()
    for name, _ in MATCHES:
        world.service(name, 1)
    world.route("route", [{"matches": [match], "backendRefs": [to(name)]} for name, match in reversed(MATCHES)])
    assert ends(plan(world, f"http://shop.example{url}", method, **headers)) == {service: 1.0}


def test_regular_expression_path() -> None:
    """A path may be matched as a whole by a regular expression; one that is none matches nothing."""
    world = World()
    world.service("a", 1)
    world.route(
        "route", [{"matches": [{"path": {"type": "RegularExpression", "value": v}}], "backendRefs": [to("a")]} for v in ("/r.", "(")]
    )
    assert ends(plan(world, "http://shop.example/r1")) == {"a": 1.0}
    assert plan(world, "http://shop.example/r12").shares[0][1].code == 404


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("shop.example", "exact"),
        ("a.shop.example", "narrow"),
        ("other.example", "wide"),
        ("example", "all"),
        ("b.a.shop.example", "narrow"),
    ],
)
def test_hostnames(host: str, service: str) -> None:
    """The most exact host name wins, over paths too."""
    world = World()
    hostnames = {"all": [], "wide": ["*.example"], "narrow": ["*.shop.example", "x.y"], "exact": ["shop.example"]}
    for name, hosts in hostnames.items():
        world.service(name, 1)
        world.route(name, [{"backendRefs": [to(name)]}], hostnames=hosts)
    assert ends(plan(world, f"http://{host}/")) == {service: 1.0}


def test_oldest_route_first() -> None:
    """Among equal routes the oldest takes the request, then the first by name."""
    world = World()
    for name, created in (("a", "2026-01-02T00:00:00Z"), ("c", "2026-01-01T00:00:00Z"), ("b", "2026-01-01T00:00:00Z")):
        world.service(name, 1)
        world.route(name, [{"backendRefs": [to(name)]}], created=created)
    assert ends(plan(world)) == {"b": 1.0}


def test_weights() -> None:
    """Backends have their weights; what is wrong with one is its share's answer."""
    world = World()
    world.service("blue", 1)
    world.service("empty", 0)
    refs = [to("blue", 90), to("empty", 5), to("none", 3), to("blue", 2, port=81), to("x", 1, kind="Bucket", group="s3")]
    world.route("route", [{"backendRefs": refs}])
    assert ends(plan(world)) == {
        "blue": 90,
        "503 Service shop/empty has no ready endpoints": 5,
        "500 there is no Service shop/none": 3,
        "500 Service shop/blue has no port 81": 2,
        "500 backend x is a Bucket, not a Service": 1,
    }


@pytest.mark.parametrize(
    ("rule", "end"),
    [
        ({}, "500 HTTPRoute shop/route has no backend with a weight"),
        ({"backendRefs": [to("blue", 0)]}, "500 HTTPRoute shop/route has no backend with a weight"),
        ({"filters": [{"type": "RequestRedirect", "requestRedirect": {"statusCode": 301}}]}, "301 HTTPRoute shop/route redirects"),
    ],
)
def test_rules_without_backends(rule: dict[str, Any], end: str) -> None:
    """A rule may answer by itself."""
    world = World()
    world.service("blue", 1)
    world.route("route", [rule])
    assert ends(plan(world)) == {end: 1.0}


@pytest.mark.parametrize(
    ("mirror", "share"),
    [({}, 1.0), ({"percent": 20}, 0.2), ({"fraction": {"numerator": 1, "denominator": 8}}, 0.125), ({"percent": 0}, 0.0)],
)
def test_mirrors(mirror: dict[str, Any], share: float) -> None:
    """A share of requests is copied to another Service."""
    world = World()
    world.service("blue", 1)
    world.service("green", 1)
    filters = [{"type": "RequestMirror", "requestMirror": {"backendRef": to("green"), **mirror}}]
    world.route("route", [{"backendRefs": [to("blue")], "filters": filters}])
    assert [(fraction, destination.service) for fraction, destination in plan(world).mirrors] == [(share, "green")]


@pytest.mark.parametrize(("granted", "end"), [(None, "500 no"), ("", "503 there"), ("far", "503 there"), ("else", "500 no")])
def test_other_namespaces(granted: str | None, end: str) -> None:
    """A Service of another namespace takes requests only if a ReferenceGrant there says so."""
    world = World()
    world.store.put("/services", {"metadata": {"name": "far", "namespace": "away"}, "spec": {"ports": [{"port": 80}]}})
    if granted is not None:
        world.grant("away", "shop", granted or None)
    world.route("route", [{"backendRefs": [to("far", namespace="away")]}])
    found = next(iter(ends(plan(world))))
    assert found.startswith("503 Service away/far has no ready" if end == "503 there" else "500 no ReferenceGrant lets HTTPRoutes of shop")


@pytest.mark.parametrize(
    "rule",
    [
        {"backendRefs": [{"weight": 1}]},
        {"backendRefs": [{**to("blue"), "weight": "much"}]},
        {"matches": ["all"]},
        {
            "filters": [
                {"type": "RequestMirror", "requestMirror": {"backendRef": to("blue"), "fraction": {"numerator": 1, "denominator": "x"}}}
            ]
        },
    ],
)
def test_malformed_routes(rule: dict[str, Any]) -> None:
    """A route that can't be read is its users' trouble only."""
    world = World()
    world.service("blue", 1)
    world.route("route", [rule])
    (destination,) = [destination for _, destination in plan(world).shares]
    assert (destination.code, "is malformed" in destination.why) == (500, True)
    assert ends(plan(world, "http://blue.shop.svc")) == {"blue": 1.0}


def test_only_accepted_routes() -> None:
    """A route that no parent has accepted takes no requests."""
    world = World()
    world.service("web", 1)
    world.route("route", [{"backendRefs": [to("web")]}], accepted=False)
    assert plan(world).shares[0][1].code == 404


def test_routes_of_services() -> None:
    """A route may hang on a Service: it splits that Service's requests, and no Gateway's."""
    world = World()
    for name in ("web", "blue"):
        world.service(name, 1)
    world.route("route", [{"backendRefs": [to("blue")]}], hostnames=[], parent={"kind": "Service", "group": "", "name": "web"})
    assert ends(plan(world, "http://web.shop.svc/")) == {"blue": 1.0}
    assert ends(plan(world, "http://blue.shop.svc/")) == {"blue": 1.0}
    assert plan(world).shares[0][1].code == 404
