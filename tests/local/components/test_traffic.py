"""The ways to a service's slots on a cluster: weights, testers, copies, hosts; and nobody is lost when they change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from tests.local.components.shop import HOST, SMOKE, SPACE, Position, intent_of, service, shop
from tidegate.model.intent.environment import Tls
from tidegate.model.intent.service import Match, Step, Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.components.shop import Shop
    from tidegate.model.intent.intent import Intent

ROUTES, SERVICES, INGRESSES = "gateway.networking.k8s.io/httproutes", "/services", "networking.k8s.io/ingresses"
TESTER: Final = {"X-Candidate": "yes"}
TRAFFIC: Final = Traffic(kind="gateway", host="www", preview_host="preview", match=Match(header="X-Candidate", value="yes"), mirror=10)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Shop]:
    """A cluster and an empty stack."""
    with shop(tmp_path) as made:
        yield made


def canary(version: str = "1.0", traffic: Traffic = TRAFFIC, **settings: Any) -> Intent:
    """An intent of a service whose traffic goes by weights."""
    return intent_of(service(version, strategy="canary", steps=(Step(weight=100),), traffic=traffic, checks=SMOKE, **settings))


def versions(there: Shop, *flows: str) -> list[set[str]]:
    """Which versions answer, from now on, in so many flows of users; nobody is lost."""
    headers = {"testers": TESTER}
    for name in flows:
        there.users(HOST, f"new {name}", headers=headers.get(name, {}))
    there.pass_time("5s")
    return [set(there.fared(f"new {name}")) for name in flows]


def test_traffic_shifts_by_steps_and_back(there: Shop) -> None:
    """Staged, a tenth, half, all, promoted, and taken back: each version gets its share, and nobody is lost, testers neither."""
    first = Position.installed(canary())
    there.up(first).well()
    there.users(HOST)
    there.users(HOST, "testers", headers=TESTER)
    there.users(name="inside")
    position = first.staged(canary("2.0"), "r2")
    there.up(position).well()
    assert versions(there, "users", "testers") == [{"1.0"}, {"2.0"}]
    for step, weight in enumerate((10, 50, 100), start=1):
        position = position.shifted(weight, step)
        there.up(position).well()
        there.users(HOST, "weighted")
        there.pass_time("20s")
        found = there.fared("weighted")
        assert found.get("2.0", 0) / sum(found.values()) == pytest.approx(weight / 100, abs=0.05)
    assert there.up(position).well().changes == {}
    there.up(position.flipped()).well()
    assert versions(there, "users", "testers") == [{"2.0"}, {"2.0"}]
    there.up(position.flipped().flipped()).well()
    assert versions(there, "users", "testers") == [{"1.0"}, {"1.0"}]
    for name in ("users", "testers", "inside"):
        there.fared(name)


def test_an_aborted_candidate_leaves_no_trace(there: Shop) -> None:
    """With weight 0 users and testers are back with the live version, though the candidate's pods are still there."""
    first = Position.installed(canary())
    staged = first.staged(canary("2.0"), "r2")
    there.up(first).well()
    there.users(HOST)
    there.up(staged.shifted(50)).well()
    there.up(replace(staged, trying=False)).well()
    assert versions(there, "users", "testers") == [{"1.0"}, {"1.0"}]
    assert there.ready("green") == 3
    there.fared()


def test_what_other_gateways_say_of_a_route_is_no_matter(there: Shop) -> None:
    """One that the route was attached to before has its word in the status still, before that of the one that counts."""
    first = Position.installed(canary())
    there.up(first).well()
    path = f"{there.cluster.url}/apis/gateway.networking.k8s.io/v1/namespaces/{SPACE}/httproutes/web"
    route = httpx.get(path, timeout=10).raise_for_status().json()
    condition = {"type": "Accepted", "status": "False", "reason": "Gone", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    said = {"parentRef": {"name": "former", "namespace": "gateways"}, "controllerName": "example.com/former", "conditions": [condition]}
    route["status"]["parents"].insert(0, said)
    httpx.put(f"{path}/status", json=route, timeout=10).raise_for_status()
    there.users(HOST)
    there.up(first.staged(canary("2.0"), "r2").shifted(100)).well()
    assert there.get(ROUTES, "web")["status"]["parents"][0] == said
    assert versions(there, "users") == [{"2.0"}]


def test_testers_wait_for_the_candidate(there: Shop) -> None:
    """While a candidate doesn't get ready, testers stay where they were, and nobody is lost."""
    first = Position.installed(canary())
    there.up(first).well()
    there.users(HOST)
    there.users(HOST, "testers", headers=TESTER)
    there.up(first.staged(canary("2.0-never-ready", ready_within="2s"), "r2")).failed("web-green")
    there.pass_time("5s")
    assert there.fared().keys() == there.fared("testers").keys() == {"1.0"}


def test_a_step_that_fails_leaves_the_weights(there: Shop) -> None:
    """A candidate that has become unready gets no more traffic: the update fails, and the route is as it was."""
    first = Position.installed(canary())
    there.up(first).well()
    staged = first.staged(canary("2.0", ready_within="2s"), "r2")
    there.up(staged).well()
    there.users(HOST)
    there.disturb("unready", "web-green-*")
    there.up(staged.shifted(10)).failed("web-green")
    weights = {b["name"]: b["weight"] for b in there.get(ROUTES, "web")["spec"]["rules"][0]["backendRefs"]}
    assert weights == {"web-blue": 100, "web-green": 0}
    there.pass_time("5s")
    assert there.fared().keys() == {"1.0"}


def test_copies_go_to_a_candidate_alone(there: Shop) -> None:
    """A tenth of the requests is sent to the candidate as well while it is tried, and none once it isn't."""
    first = Position.installed(canary())
    staged = first.staged(canary("2.0"), "r2")
    there.up(first).well()
    assert "filters" not in there.get(ROUTES, "web")["spec"]["rules"][0]
    there.users(HOST)
    there.up(staged).well()
    (mirror,) = there.get(ROUTES, "web")["spec"]["rules"][0]["filters"]
    assert mirror["requestMirror"] == {"backendRef": {"group": "", "kind": "Service", "name": "web-green", "port": 80}, "percent": 10}
    there.up(staged.shifted(100)).well()
    assert "filters" not in there.get(ROUTES, "web")["spec"]["rules"][0]
    there.pass_time("2s")
    there.fared()


def test_previews_follow_the_candidate(there: Shop) -> None:
    """The preview's host leads to the slot that isn't live."""
    first = Position.installed(canary())
    staged = first.staged(canary("2.0"), "r2")
    there.up(first).well()
    there.up(staged).well()
    there.users("http://preview.shop.example/", "preview")
    there.pass_time("5s")
    assert there.fared("preview").keys() == {"2.0"}
    there.up(staged.shifted(100).flipped()).well()
    there.users("http://preview.shop.example/", "preview")
    there.pass_time("5s")
    assert there.fared("preview").keys() == {"1.0"}


def test_a_cookie_and_a_session(there: Shop) -> None:
    """Testers may be known by a cookie among others; users may stay with a pod."""
    traffic = Traffic(kind="gateway", host="www", match=Match(cookie="candidate", value="v1.0"), affinity="1h")
    first = Position.installed(canary(traffic=traffic))
    there.up(first).well()
    there.up(first.staged(canary("2.0", traffic), "r2")).well()
    for cookies, version in (
        ("candidate=v1.0", "2.0"),
        ("a=b; candidate=v1.0; c=d", "2.0"),
        ("candidate=v1x0", "1.0"),
        ("xcandidate=v1.0", "1.0"),
        ("candidate=v1.01", "1.0"),
    ):
        there.users(HOST, "testers", headers={"Cookie": cookies})
        there.pass_time("1s")
        assert there.fared("testers").keys() == {version}, cookies
    assert there.get(ROUTES, "web")["spec"]["rules"][0]["sessionPersistence"]["absoluteTimeout"] == "3600s"
    assert there.get(SERVICES, "web")["spec"]["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 3600}}


def with_environment(intent: Intent, **settings: Any) -> Intent:
    """The intent in another environment."""
    return intent.model_copy(update={"environment": intent.environment.model_copy(update=settings)})


@pytest.mark.parametrize(
    ("tls", "secret", "issuer"),
    [(Tls(issuer="letsencrypt"), "web-tls", "letsencrypt"), (Tls(secret="wildcard"), "wildcard", None), (None, None, None)],
    ids=["issuer", "secret", "none"],
)
def test_an_ingress_with_its_certificate_and_name(there: Shop, tls: Tls | None, secret: str | None, issuer: str | None) -> None:
    """A service with a host and no weights has an Ingress: class, host, certificate and DNS name; a release doesn't touch it."""
    wanted = with_environment(intent_of(service(traffic=Traffic(host="@", path="/shop", preview_host="next"))), tls=tls, dns=True)
    first = Position.installed(wanted)
    there.up(first).well()
    users, preview = there.get(INGRESSES, "web"), there.get(INGRESSES, "web-preview")
    for ingress, host in ((users, "shop.example"), (preview, "next.shop.example")):
        assert ingress["spec"]["ingressClassName"] == "nginx"
        assert [rule["host"] for rule in ingress["spec"]["rules"]] == [host]
        assert ingress["metadata"]["annotations"].get("external-dns.alpha.kubernetes.io/hostname") == host
        assert ingress["metadata"]["annotations"].get("cert-manager.io/cluster-issuer") == issuer
    assert users["spec"].get("tls") == ([{"hosts": ["shop.example"], "secretName": secret}] if secret else None)
    (path,) = users["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["backend"]["service"]) == ("/shop", {"name": "web", "port": {"number": 80}})
    second = first.staged(with_environment(intent_of(service("2.0", traffic=wanted.services["web"].traffic)), tls=tls, dns=True), "r2")
    there.up(second.flipped()).well()
    assert there.get(INGRESSES, "web")["metadata"]["resourceVersion"] == users["metadata"]["resourceVersion"]


def test_ports_follow_the_slot(there: Shop) -> None:
    """A version that listens elsewhere, under another name, is reached all the same, at the port where the service always is."""
    first = Position.installed(intent_of(service(ports={"http": 8080})))
    there.up(first).well()
    there.users()
    there.up(first.staged(intent_of(service("2.0", ports={"web": 9090, "xtra": 9091})), "r2").flipped()).well()
    there.pass_time("5s")
    assert there.fared().keys() == {"1.0", "2.0"}
    ports = {p["name"]: (p["port"], p["targetPort"]) for p in there.get(SERVICES, "web")["spec"]["ports"]}
    assert ports == {"web": (80, "web"), "xtra": (9091, "xtra")}


def test_a_renamed_service_keeps_its_users(there: Shop) -> None:
    """Under another name everything is made beside what there is; users of the host go over when it is ready."""
    first = Position.installed(canary())
    there.up(first).well()
    there.users(HOST)
    renamed = intent_of(
        service(strategy="canary", steps=(Step(weight=100),), traffic=TRAFFIC, checks=SMOKE, renamed_from="web"), name="front"
    )
    slots = {slot: replace(held, intent=renamed) for slot, held in first.slots.items()}
    there.up(replace(first, name="front", slots=slots)).well()
    assert {name for name in there.all("apps/deployments") if not name.startswith("front")} == set()
    there.pass_time("5s")
    assert there.fared().keys() == {"1.0"}
