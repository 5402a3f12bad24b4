"""Services get addresses and ports of their own, keep them, and share them with nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.cluster.registry.clients import refused

if TYPE_CHECKING:
    from tests.unit.cluster.registry.clients import Client


def _service(name: str = "web", **spec: Any) -> dict[str, Any]:
    spec = {"ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def test_each_has_an_address_of_its_own(client: Client) -> None:
    """Drawn by its name: the same in each run, whoever comes first."""
    made = {name: client.create(_service(name))["spec"]["clusterIP"] for name in ("a", "b", "c")}
    assert len(set(made.values())) == 3
    assert all(address.startswith("10.96.") for address in made.values())
    client.delete(_service("b"))
    client.create(_service("d"))
    assert client.create(_service("b"))["spec"]["clusterIP"] == made["b"]


def test_it_keeps_what_it_has(client: Client) -> None:
    """A client that doesn't know the address doesn't take it away."""
    made = client.create(_service(type="NodePort"))
    after = client.update(_service(type="NodePort", selector={"a": "b"}))
    assert after["spec"]["clusterIPs"] == made["spec"]["clusterIPs"]
    assert after["spec"]["ports"] == made["spec"]["ports"]


def test_it_can_ask_for_an_address_that_is_free(client: Client) -> None:
    """Or for none."""
    assert client.create(_service("a", clusterIP="10.96.7.7"))["spec"]["clusterIPs"] == ["10.96.7.7"]
    error = refused(lambda: client.create(_service("b", clusterIP="10.96.7.7")))
    assert (error.code, "provided IP is already allocated" in error.message) == (422, True)
    assert client.create(_service("c", clusterIP="None"))["spec"]["clusterIPs"] == ["None"]
    assert client.create(_service("d", clusterIP="None"))["spec"]["clusterIP"] == "None"


def test_node_ports(client: Client) -> None:
    """Each port gets one that is free, or the one that it asks for."""
    made = client.create(_service("a", type="NodePort"))
    number = made["spec"]["ports"][0]["nodePort"]
    assert 30_000 <= number < 32_768
    error = refused(lambda: client.create(_service("b", type="LoadBalancer", ports=[{"port": 80, "nodePort": number}])))
    assert "spec.ports[0].nodePort: Invalid value" in error.message


def test_types_change(client: Client) -> None:
    """What a type doesn't have goes with it."""
    client.create(_service(type="NodePort"))
    plain = client.patch(_service(), {"spec": {"type": "ClusterIP"}})["spec"]
    assert "nodePort" not in plain["ports"][0]
    named = client.patch(_service(), {"spec": {"type": "ExternalName", "externalName": "example.org"}})["spec"]
    assert "clusterIP" not in named
    again = client.patch(_service(), {"spec": {"type": "ClusterIP", "externalName": None}})["spec"]
    assert again["clusterIP"] == plain["clusterIP"]


def test_an_external_name_has_no_address(client: Client) -> None:
    """It is only another name."""
    assert "clusterIP" not in client.create(_service(type="ExternalName", externalName="example.org"))["spec"]
