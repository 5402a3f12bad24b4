"""Services, Ingresses, Gateways and routes: who is reached by which name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.cluster.controllers.yard import Yard, template, words

if TYPE_CHECKING:
    from tests.unit.cluster.controllers.yard import Obj


def service(yard: Yard, name: str = "web", **spec: Any) -> None:
    """A Service for the pods called app=NAME."""
    yard.make("Service", name, {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}], **spec})


def endpoints(yard: Yard, name: str = "web") -> list[Obj]:
    """The endpoints of a Service's slices."""
    slices = [s for s in yard.all("EndpointSlice") if s["metadata"]["labels"]["kubernetes.io/service-name"] == name]
    return [e for s in slices for e in s["endpoints"]]


def test_a_slice_has_what_real_ones_have() -> None:
    """Addresses, conditions, references and ports."""
    yard = Yard()
    service(yard)
    yard.deploy(replicas=1)
    yard.wait(5)
    (found,) = yard.all("EndpointSlice")
    (pod,) = yard.pods()
    assert found["metadata"]["name"].startswith("web-")
    assert found["metadata"]["labels"] == {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": "web",
    }
    assert found["metadata"]["ownerReferences"][0]["kind"] == "Service"
    assert found["addressType"] == "IPv4"
    assert found["ports"] == [{"name": "", "protocol": "TCP", "port": 8080}]
    (endpoint,) = found["endpoints"]
    assert endpoint["addresses"] == [pod["status"]["podIP"]]
    assert endpoint["conditions"] == {"ready": True, "serving": True, "terminating": False}
    assert endpoint["targetRef"] == {"kind": "Pod", "namespace": "default", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
    (subset,) = (yard.get("Endpoints", "web") or {})["subsets"]
    assert [a["ip"] for a in subset["addresses"]] == [pod["status"]["podIP"]]


def test_a_terminating_pod_is_taken_out_at_once_but_still_serves() -> None:
    """It is terminating and serving, no longer ready."""
    yard = Yard()
    service(yard)
    yard.deploy(replicas=1, annotations={"stop-after": "5s"})
    yard.wait(5)
    yard.delete("Pod", yard.pods()[0]["metadata"]["name"])
    yard.wait(1)
    old = [e["conditions"] for e in endpoints(yard) if e["conditions"]["terminating"]]
    assert old == [{"ready": False, "serving": True, "terminating": True}]
    yard.wait(5)
    assert [e["conditions"]["ready"] for e in endpoints(yard)] == [True]


def test_a_selector_that_changes_moves_the_service() -> None:
    """As a switch between slots does: at one instant, the one's pods are exchanged for the other's."""
    yard = Yard()
    yard.deploy("blue")
    yard.deploy("green")
    service(yard, selector={"app": "blue"})
    yard.wait(5)
    yard.edit("Service", "web", lambda s: s["spec"].__setitem__("selector", {"app": "green"}))
    yard.clock.settle()
    green = {p["status"]["podIP"] for p in yard.pods(app="green")}
    assert {e["addresses"][0] for e in endpoints(yard)} == green
    assert len(yard.all("EndpointSlice")) == 1


def test_named_ports_are_looked_up_in_the_pods() -> None:
    """Pods that differ get slices of their own."""
    yard = Yard()
    for name, port in (("one", 8080), ("two", 9090)):
        made = template("web", container={"ports": [{"name": "http", "containerPort": port}], "readinessProbe": None})
        del made["spec"]["containers"][0]["readinessProbe"]
        yard.make("Pod", name, made["spec"], metadata=made["metadata"])
    service(yard, ports=[{"port": 80, "targetPort": "http"}])
    yard.wait(5)
    assert sorted((s["ports"][0]["port"], len(s["endpoints"])) for s in yard.all("EndpointSlice")) == [(8080, 1), (9090, 1)]


def test_a_service_without_pods_has_an_empty_slice() -> None:
    """And it goes with the Service."""
    yard = Yard()
    service(yard)
    yard.wait(1)
    (found,) = yard.all("EndpointSlice")
    assert not found.get("endpoints")
    yard.delete("Service", "web")
    yard.wait(1)
    assert (yard.all("EndpointSlice"), yard.get("Endpoints", "web")) == ([], None)


def test_a_load_balancer_gets_an_address() -> None:
    """After a moment; and loses it when the type changes."""
    yard = Yard()
    service(yard, type="LoadBalancer")
    service(yard, "other", type="LoadBalancer")
    yard.clock.settle()
    assert yard.status("Service", "web") == {"loadBalancer": {}}
    yard.wait(2)
    found = [yard.status("Service", name)["loadBalancer"]["ingress"][0]["ip"] for name in ("web", "other")]
    assert len(set(found)) == 2
    yard.edit("Service", "web", lambda s: s["spec"].__setitem__("type", "ClusterIP"))
    yard.wait(1)
    assert yard.status("Service", "web") == {"loadBalancer": {}}


def test_an_ingress_gets_an_address() -> None:
    """That of the cluster's ingress controller."""
    yard = Yard()
    service(yard)
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    yard.make("Ingress", "web", {"defaultBackend": backend})
    yard.wait(2)
    assert yard.status("Ingress", "web")["loadBalancer"]["ingress"][0]["ip"]


def gateway(yard: Yard, **listener: Any) -> None:
    """A Gateway of the cluster's own class."""
    listeners = [{"name": "http", "port": 80, "protocol": "HTTP", **listener}]
    yard.make("Gateway", "edge", {"gatewayClassName": "local", "listeners": listeners})


def route(yard: Yard, namespace: str = "default", **spec: Any) -> None:
    """A route to the Service web."""
    rules = [{"backendRefs": [{"name": "web", "port": 80}]}]
    full = {"parentRefs": [{"name": "edge", "namespace": "default"}], "rules": rules, **spec}
    yard.make("HTTPRoute", "web", full, namespace=namespace)


def verdict(yard: Yard, type_: str, namespace: str = "default") -> tuple[str, str]:
    """Status and reason of a condition of the route's parent."""
    (parent,) = yard.status("HTTPRoute", "web", namespace)["parents"]
    return words({"status": parent}, type_)[:2]


def test_a_gateway_is_programmed() -> None:
    """It has an address, and its listener counts its routes."""
    yard = Yard()
    service(yard)
    gateway(yard)
    route(yard)
    yard.wait(1)
    found = yard.get("Gateway", "edge")
    assert words(yard.get("GatewayClass", "local", ""), "Accepted")[0] == "True"
    assert words(found, "Accepted")[:2] == ("True", "Accepted")
    assert words(found, "Programmed")[:2] == ("True", "Programmed")
    status = yard.status("Gateway", "edge")
    assert status["addresses"][0]["value"]
    assert status["listeners"][0]["attachedRoutes"] == 1
    assert verdict(yard, "Accepted") == ("True", "Accepted")
    assert verdict(yard, "ResolvedRefs") == ("True", "ResolvedRefs")
    assert yard.status("HTTPRoute", "web")["parents"][0]["conditions"][0]["observedGeneration"] == 1


def test_a_route_sees_its_backends_come_and_go() -> None:
    """BackendNotFound until the Service is there, with the port asked for."""
    yard = Yard()
    gateway(yard)
    route(yard)
    yard.wait(1)
    assert verdict(yard, "ResolvedRefs") == ("False", "BackendNotFound")
    service(yard)
    yard.wait(1)
    assert verdict(yard, "ResolvedRefs") == ("True", "ResolvedRefs")
    yard.edit("Service", "web", lambda s: s["spec"]["ports"][0].__setitem__("port", 81))
    yard.wait(1)
    assert verdict(yard, "ResolvedRefs") == ("False", "BackendNotFound")


@pytest.mark.parametrize(
    ("listener", "spec", "reason"),
    [
        ({}, {"parentRefs": [{"name": "nobody"}]}, "NoMatchingParent"),
        ({}, {"parentRefs": [{"name": "edge", "sectionName": "https"}]}, "NoMatchingParent"),
        ({}, {"parentRefs": [{"name": "edge", "port": 8080}]}, "NoMatchingParent"),
        ({"hostname": "*.shop.test"}, {"hostnames": ["web.other.test"]}, "NoMatchingListenerHostname"),
        ({"hostname": "*.shop.test"}, {"hostnames": ["shop.test"]}, "NoMatchingListenerHostname"),
        ({"hostname": "*.shop.test"}, {"hostnames": ["web.shop.test"]}, "Accepted"),
        ({"hostname": "web.shop.test"}, {"hostnames": ["*.shop.test"]}, "Accepted"),
        ({"allowedRoutes": {"kinds": [{"kind": "GRPCRoute"}]}}, {}, "NotAllowedByListeners"),
    ],
)
def test_why_a_route_is_accepted_or_not(listener: Obj, spec: Obj, reason: str) -> None:
    """By the parent's listeners: their names, ports, hosts and kinds."""
    yard = Yard()
    service(yard)
    gateway(yard, **listener)
    route(yard, **spec)
    yard.wait(1)
    assert verdict(yard, "Accepted")[1] == reason


@pytest.mark.parametrize(
    ("spaces", "reason"),
    [
        ({"from": "Same"}, "NotAllowedByListeners"),
        ({"from": "All"}, "Accepted"),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "shop"}}}, "Accepted"),
        ({"from": "Selector", "selector": {"matchLabels": {"team": "other"}}}, "NotAllowedByListeners"),
    ],
)
def test_routes_of_other_namespaces(spaces: Obj, reason: str) -> None:
    """The listener says from where it takes them; a backend elsewhere needs a grant."""
    yard = Yard()
    service(yard)
    yard.make("Namespace", "shop", metadata={"labels": {"team": "shop"}})
    gateway(yard, allowedRoutes={"namespaces": spaces})
    route(yard, "shop", rules=[{"backendRefs": [{"name": "web", "namespace": "default", "port": 80}]}])
    yard.wait(1)
    assert verdict(yard, "Accepted", "shop")[1] == reason
    assert verdict(yard, "ResolvedRefs", "shop") == ("False", "RefNotPermitted")
    grant = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service"}],
    }
    yard.make("ReferenceGrant", "shop", grant)
    yard.wait(1)
    assert verdict(yard, "ResolvedRefs", "shop") == ("True", "ResolvedRefs")
