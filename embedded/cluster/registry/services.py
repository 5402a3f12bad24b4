"""A Service's addresses and node ports: drawn when it is made, kept as long as it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.errors import Cause, invalid
from embedded.cluster.model.objects import name_of, namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.schema.resource import Resource

# 10.96.0.0/16, the range of most clusters; the first address is the API server's, the tenth the name server's.
_PREFIX: Final = "10.96"
_RESERVED: Final = 256
_ADDRESSES: Final = 65_536 - _RESERVED - 1
_FIRST_PORT: Final = 30_000
_PORTS: Final = 2_768
_SERVICES: Final = "/services"
_ADDRESS_FIELDS: Final = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
_OUTSIDE: Final = frozenset({"NodePort", "LoadBalancer"})
# Fields that only some types of Services have.
_OF_TYPES: Final = {
    "allocateLoadBalancerNodePorts": frozenset({"LoadBalancer"}),
    "loadBalancerClass": frozenset({"LoadBalancer"}),
    "externalTrafficPolicy": frozenset({"LoadBalancer", "NodePort"}),
}


def allocate(registry: Registry, resource: Resource, service: Obj) -> None:
    """Give a new Service what its type needs, in place."""
    if resource.storage == _SERVICES:
        _allocate(registry, service, "")


def carry(registry: Registry, resource: Resource, live: Obj, new: Obj) -> None:
    """Keep what the present Service has where the next version doesn't say otherwise, in place."""
    if resource.storage != _SERVICES or "spec" not in new:
        return
    old, spec = live["spec"], dict(new["spec"])
    new["spec"] = spec
    _carry_addresses(old, spec)
    _carry_ports(old, spec)
    for field, types in _OF_TYPES.items():
        # What goes with the old type goes with it, unless somebody changes it in the same breath: that is an error.
        if old.get("type") in types and spec.get("type") not in types and spec.get(field) == old.get(field):
            spec.pop(field, None)
    _allocate(registry, new, name_of(live))


def _carry_addresses(old: Obj, spec: Obj) -> None:
    if spec.get("type") != "ExternalName" and old.get("type") != "ExternalName":
        for field in _ADDRESS_FIELDS:
            if not spec.get(field) and field in old:
                spec[field] = old[field]
    if spec.get("type") == "ExternalName" != old.get("type"):
        for field in (*_ADDRESS_FIELDS, "internalTrafficPolicy"):
            spec.pop(field, None)


def _carry_ports(old: Obj, spec: Obj) -> None:
    if spec.get("type") in _OUTSIDE:
        ports = {(p["port"], p.get("protocol", "TCP")): p["nodePort"] for p in old.get("ports") or [] if p.get("nodePort")}
        spec["ports"] = [_with_port(p, ports.get((p.get("port"), p.get("protocol", "TCP")))) for p in spec.get("ports") or []]
    elif old.get("type") in _OUTSIDE:
        before = {p.get("nodePort") for p in old.get("ports") or []}
        spec["ports"] = [{k: v for k, v in p.items() if k != "nodePort" or v not in before} for p in spec.get("ports") or []]


def _with_port(port: dict[str, Any], number: int | None) -> dict[str, Any]:
    return port if port.get("nodePort") or number is None else {**port, "nodePort": number}


def _allocate(registry: Registry, service: Obj, itself: str) -> None:
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return
    others = [s["spec"] for s in registry.store.all(_SERVICES) if (namespace_of(s), name_of(s)) != (namespace_of(service), itself)]
    taken = {address for s in others for address in s.get("clusterIPs") or []}
    if not spec.get("clusterIP"):
        spec["clusterIP"] = next(a for a in _addresses(registry, service) if a not in taken)
    elif spec["clusterIP"] in taken - {"None"}:
        why = f'Invalid value: "{spec["clusterIP"]}": failed to allocate IP {spec["clusterIP"]}: provided IP is already allocated'
        raise invalid("", "Service", name_of(service), [Cause("FieldValueInvalid", why, "spec.clusterIPs")])
    spec["clusterIPs"] = [spec["clusterIP"], *(spec.get("clusterIPs") or [])[1:]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec.get("type") in _OUTSIDE and spec.get("allocateLoadBalancerNodePorts", True):
        _node_ports(registry, service, {p["nodePort"] for s in others for p in s.get("ports") or [] if p.get("nodePort")})


def _node_ports(registry: Registry, service: Obj, taken: set[int]) -> None:
    for at, port in enumerate(service["spec"].get("ports") or []):
        number = port.get("nodePort")
        if number in taken:
            why = f"Invalid value: {number}: provided port is already allocated"
            raise invalid("", "Service", name_of(service), [Cause("FieldValueInvalid", why, f"spec.ports[{at}].nodePort")])
        if not number:
            number = port["nodePort"] = next(n for n in _numbers(registry, service, port["port"]) if n not in taken)
        taken.add(number)


def _addresses(registry: Registry, service: Obj) -> Iterator[str]:
    for at in _tries(registry, _ADDRESSES, "address", namespace_of(service), name_of(service)):
        number = _RESERVED + at
        yield f"{_PREFIX}.{number // 256}.{number % 256}"


def _numbers(registry: Registry, service: Obj, port: int) -> Iterator[int]:
    for at in _tries(registry, _PORTS, "port", namespace_of(service), name_of(service), port):
        yield _FIRST_PORT + at


def _tries(registry: Registry, size: int, *key: object) -> Iterator[int]:
    """All numbers of a range, beginning anywhere: what is drawn hangs on the name, not on who came first."""
    start = int(registry.draws.fraction(*key) * size)
    yield from range(start, size)
    yield from range(start)
