"""Services, routes into the cluster, and who is behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.api.tables.column import AGE, NAME, NONE, UNKNOWN, UNSET, Column, labels, selector, some, wide

if TYPE_CHECKING:
    from embedded.cluster.api.tables.column import Columns, Row
    from embedded.cluster.model.objects import Obj

_HOSTS: Final = 3


def _balancer(row: Row) -> list[str]:
    found = (row.status.get("loadBalancer") or {}).get("ingress") or []
    return [i.get("ip") or i.get("hostname") or "" for i in found]


def _external_ip(row: Row) -> str:
    kind, own = row.spec.get("type"), row.spec.get("externalIPs") or []
    if kind == "ExternalName":
        return str(row.spec.get("externalName"))
    if kind == "LoadBalancer":
        return ",".join([*_balancer(row), *own]) or "<pending>"
    return ",".join(own) or NONE


def _service_ports(row: Row) -> str:
    return ",".join(_service_port(p) for p in row.spec.get("ports") or []) or NONE


def _service_port(port: Obj) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def _endpoints(row: Row) -> str:
    found: list[str] = []
    for subset in row.obj.get("subsets") or []:
        addresses = [a["ip"] for a in subset.get("addresses") or []]
        ports = subset.get("ports") or []
        found += [f"{a}:{p['port']}" for p in ports for a in addresses] if ports else addresses
    return some(found, _HOSTS) or NONE


def _slice_ports(row: Row) -> str:
    ports = row.obj.get("ports") or []
    return some((str(p.get("port", "*")) for p in ports), _HOSTS) or UNSET


def _slice_endpoints(row: Row) -> str:
    addresses = [a for e in row.obj.get("endpoints") or [] for a in e.get("addresses") or []]
    return some(addresses, _HOSTS) or UNSET


def _hosts(row: Row) -> str:
    rules = row.spec.get("rules") or []
    named = [r["host"] for r in rules[:_HOSTS] if r.get("host")]
    more = f" + {len(rules) - _HOSTS} more..." if len(rules) > _HOSTS else ""
    return ",".join(named) + more if named else "*"


def _parameters(row: Row) -> str:
    given = row.spec.get("parameters")
    if not given:
        return NONE
    kind = f"{given['kind']}.{given['apiGroup']}" if given.get("apiGroup") else given["kind"]
    return f"{kind}/{given['name']}"


TABLES: Final[dict[str, Columns]] = {
    "/services": (
        NAME,
        Column("Type", lambda row: row.spec.get("type")),
        Column("Cluster-IP", lambda row: row.spec.get("clusterIP") or NONE),
        Column("External-IP", _external_ip),
        Column("Port(s)", _service_ports),
        AGE,
        wide("Selector", lambda row: labels(row.spec.get("selector"))),
    ),
    "/endpoints": (NAME, Column("Endpoints", _endpoints), AGE),
    "discovery.k8s.io/endpointslices": (
        NAME,
        Column("AddressType", lambda row: row.obj.get("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_endpoints),
        AGE,
    ),
    "networking.k8s.io/ingresses": (
        NAME,
        Column("Class", lambda row: row.spec.get("ingressClassName", NONE)),
        Column("Hosts", _hosts),
        Column("Address", lambda row: ",".join(_balancer(row))),
        Column("Ports", lambda row: "80, 443" if row.spec.get("tls") else "80"),
        AGE,
    ),
    "networking.k8s.io/ingressclasses": (
        NAME,
        Column("Controller", lambda row: row.spec.get("controller", UNKNOWN)),
        Column("Parameters", _parameters),
        AGE,
    ),
    "networking.k8s.io/networkpolicies": (NAME, Column("Pod-Selector", lambda row: selector(row.spec.get("podSelector"))), AGE),
}
