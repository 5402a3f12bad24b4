"""Who may talk to whom: nobody, but for what dependencies, hosts and metrics ask for.

A service's pods may be of two versions, and a release may change what they listen at and call. So each rule is made from all that a
service's slots run and are to run: a version that needs less doesn't cut off the one that is live, or the one to go back to.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Final, NotRequired, TypedDict

from components import labels
from tidegate.model.intent.data import Managed, Redis
from tidegate.model.intent.intent import Intent
from tidegate.model.slots import SlotSpec, desired

Obj = dict[str, Any]
_Range = ipaddress.IPv4Network | ipaddress.IPv6Network

BACKUP: Final = "backup"
"""The component that makes backups."""
_PROMETHEUS: Final = "prometheus"
_SPACE: Final = "kubernetes.io/metadata.name"
# Where pods of the cluster, its nodes and the cloud's credentials are: nothing that is outside.
_INSIDE: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")
)
# The address at which NodeLocal DNSCache listens on every node that has it.
_NODE_DNS: Final = "169.254.20.10/32"
# cert-manager answers ACME's challenges with pods of its own, in the namespace of the certificate.
_SOLVERS: Final[Obj] = {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}
_SOLVERS_PORT: Final = 8089
_SMOKE: Final[Obj] = {"matchLabels": {labels.COMPONENT: labels.SMOKE}}
_ANY_PORT: Final = [{"protocol": "TCP", "port": 1, "endPort": 65535}]
_BACKUP: Final[Obj] = {"matchLabels": {labels.COMPONENT: BACKUP}}

# Of all pods. Both protocols: an answer that is too long for UDP is asked for again by TCP.
_DNS: Final[Obj] = {
    "podSelector": {},
    "policyTypes": ["Egress"],
    "egress": [
        {
            "to": [
                {"namespaceSelector": {"matchLabels": {_SPACE: "kube-system"}}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}},
                {"ipBlock": {"cidr": _NODE_DNS}},
            ],
            "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
        }
    ],
}


class PlaceArgs(TypedDict):
    """Addresses outside the namespace that pods may reach."""

    cidr: str
    ports: list[int]


class ReachArgs(TypedDict):
    """What one version of a service listens at, and what it calls."""

    entry: int
    """The port where requests go."""
    ports: list[int]
    """All ports, for the services that depend on it."""
    metrics: NotRequired[int]
    calls: list[str]
    """Services and stores of the namespace."""
    outside: list[PlaceArgs]
    """Outside the cluster: addresses that are inside are left out of wider ranges."""
    managed: list[PlaceArgs]
    """Data services that something else runs, wherever they are."""


class StoreArgs(TypedDict):
    """A data service whose pods are in the namespace."""

    port: int
    metrics: NotRequired[int]
    backup: bool
    """Whether the pods that make backups reach it."""


class NetworkArgs(TypedDict):
    """Which rules there are. What is in them follows from the services' reach."""

    services: dict[str, list[str]]
    """The services, and for each the namespaces whose pods bring requests from outside."""
    former: dict[str, str]
    """What services were called before, by what they are called now: while one is renamed there are pods by both names."""
    stores: dict[str, StoreArgs]
    prometheus: NotRequired[str]
    """The namespace of the Prometheus that reads metrics; empty for this one."""
    smoke: bool
    """Whether there are pods that look at candidates."""
    tested: NotRequired[list[str]]
    """The namespaces of gateways through which they do, as testers do."""
    solvers: list[str]
    """The namespaces whose pods bring the challenges of a certificate authority."""


Reaches = Mapping[str, Sequence[ReachArgs]]
"""Of each service, of all its versions that run or are to run."""


def network_args(intent: Intent) -> NetworkArgs:
    """Which rules an intent asks for."""
    environment, monitoring = intent.environment, intent.monitoring
    gateway = environment.gateway
    doors = {
        "selector": environment.ingress.namespace,
        "gateway": gateway and (gateway.proxies or gateway.namespace or environment.namespace),
    }
    services = {
        name: [door] if (door := doors[one.traffic.kind]) and (one.traffic.host or one.traffic.preview_host) else []
        for name, one in intent.services.items()
    }
    args: NetworkArgs = {
        "services": services,
        "former": _former(intent),
        "stores": {name: _store(intent, name) for name, data in intent.data.items() if not isinstance(data, Managed)},
        "smoke": any(one.checks.smoke or one.checks.end_to_end for one in intent.services.values()),
        "solvers": sorted(set(chain(*services.values()))) if environment.tls and environment.tls.issuer else [],
    }
    if tested := {door for name, one in intent.services.items() if one.checks.end_to_end and one.traffic.match for door in services[name]}:
        args["tested"] = sorted(tested)
    if monitoring.kind != "none":
        args["prometheus"] = monitoring.namespace if monitoring.kind == "operator" else ""
    return args


def reaches(intent: Intent, slots: Mapping[str, Iterable[SlotSpec]]) -> dict[str, list[ReachArgs]]:
    """What the services listen at and call: as the intent says, and as their slots are; each version once."""
    managed = {name: data for name, data in intent.data.items() if isinstance(data, Managed)}
    now = {old: name for name, old in _former(intent).items()}
    found: dict[str, list[ReachArgs]] = {}
    for name in intent.services:
        found[name] = []
        for spec in (desired(intent, name), *slots.get(name, ())):
            one = reach(spec, managed)
            one["calls"] = sorted({now.get(called, called) for called in one["calls"]})
            found[name] += [one] if one not in found[name] else []
    return found


def reach(spec: SlotSpec, managed: Mapping[str, Managed]) -> ReachArgs:
    """What a version listens at and calls."""
    entry = spec.ports[spec.entry]
    elsewhere = [managed[name] for name in spec.depends_on if name in managed]
    made: ReachArgs = {
        "entry": entry,
        "ports": sorted(spec.ports.values()),
        "calls": sorted(name for name in spec.depends_on if name not in managed),
        "outside": [{"cidr": one.cidr, "ports": sorted(one.ports)} for one in spec.egress],
        "managed": [{"cidr": one.cidr, "ports": [one.port]} for one in elsewhere],
    }
    if spec.metrics is not None:
        made["metrics"] = spec.ports.get(spec.metrics.port, entry) if spec.metrics.port else entry
    return made


def policies(args: NetworkArgs) -> dict[str, Callable[[Reaches], Any]]:
    """The NetworkPolicies' specifications by name, each made from the reaches once they are known."""
    made: dict[str, Callable[[Reaches], Any]] = {
        "default-deny": lambda _: {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "dns": lambda _: _DNS,
    }
    for name in args["services"]:
        made[policy_of(name)] = partial(_service, name, args)
    for name in args["stores"]:
        made[f"data-{name}"] = partial(_data, name, args)
    if args["smoke"]:
        # Whatever port a gateway's pods listen at, behind the one that users know.
        doors = [{"to": [_space(space)], "ports": _ANY_PORT} for space in args.get("tested", [])]
        made["smoke"] = lambda found: _policy(_SMOKE, egress=[*(_to([name], _entries(found[name])) for name in sorted(found)), *doors])
    if backed_up := [name for name, store in args["stores"].items() if store["backup"]]:
        egress = [_to([name], {args["stores"][name]["port"]}) for name in sorted(backed_up)]
        made["backup"] = lambda _: _policy(_BACKUP, egress=egress)
    if args["solvers"]:
        ingress = [_rule("from", [_space(space) for space in args["solvers"]], {_SOLVERS_PORT})]
        made["acme-solver"] = lambda _: _policy(_SOLVERS, ingress=ingress)
    return made


def policy_of(service: str) -> str:
    """The name of a service's policy."""
    return f"service-{service}"


def _service(name: str, args: NetworkArgs, found: Reaches) -> Obj:
    own = found[name]
    ports = {port for one in own for port in one["ports"]}
    ingress = []
    if callers := _callers(name, args, found):
        ingress.append(_rule("from", [_pods(callers)], ports))
    visitors = [_space(space) for space in args["services"][name]]
    visitors += [{"podSelector": _SMOKE}] if args["smoke"] else []
    if visitors:
        ingress.append(_rule("from", visitors, _entries(own)))
    if metrics := {one["metrics"] for one in own if "metrics" in one}:
        ingress += _scraped(args, metrics)
    called = sorted({other for one in own for other in one["calls"]})
    known = {other: {port for one in found[other] for port in one["ports"]} for other in called if other in found}
    known |= {other: {args["stores"][other]["port"]} for other in called if other in args["stores"]}
    egress = [_to(_names([other], args), known[other]) for other in called if other in known]
    egress += [_rule("to", [_block(cidr, _INSIDE)], open_) for cidr, open_ in _places(one["outside"] for one in own)]
    egress += [_rule("to", [_block(cidr)], open_) for cidr, open_ in _places(one["managed"] for one in own)]
    # A smoke check's pods are the service's too, but reach nothing beside what they look at.
    own_pods = {"matchLabels": {labels.NAME: name}, "matchExpressions": [_component("NotIn", labels.SMOKE)]}
    return _policy(own_pods, ingress=ingress, egress=egress)


def _data(name: str, args: NetworkArgs, found: Reaches) -> Obj:
    store = args["stores"][name]
    visitors = [_pods(callers)] if (callers := _callers(name, args, found)) else []
    visitors += [{"podSelector": _BACKUP}] if store["backup"] else []
    ingress = [_rule("from", visitors, {store["port"]})] if visitors else []
    ingress += _scraped(args, {store["metrics"]}) if "metrics" in store else []
    return _policy({"matchLabels": {labels.NAME: name}}, ingress=ingress)


def _store(intent: Intent, name: str) -> StoreArgs:
    redis = isinstance(intent.data[name], Redis)
    return {"port": 6379 if redis else 5432, "metrics": 9121 if redis else 9187, "backup": intent.backup is not None}


def _former(intent: Intent) -> dict[str, str]:
    return {name: service.renamed_from for name, service in intent.services.items() if service.renamed_from}


def _names(services: Iterable[str], args: NetworkArgs) -> list[str]:
    former = args["former"]
    return sorted({*services, *(former[name] for name in services if name in former)})


def _callers(name: str, args: NetworkArgs, found: Reaches) -> list[str]:
    return _names([other for other, versions in found.items() if any(name in one["calls"] for one in versions)], args)


def _entries(versions: Iterable[ReachArgs]) -> set[int]:
    return {one["entry"] for one in versions}


def _scraped(args: NetworkArgs, ports: set[int]) -> list[Obj]:
    if "prometheus" not in args:
        return []
    space = args["prometheus"]
    return [_rule("from", [_space(space) if space else _pods([_PROMETHEUS])], ports)]


def _policy(pods: Obj, *, ingress: Sequence[Obj] = (), egress: Sequence[Obj] = ()) -> Obj:
    # Both types, always: without its type, a side that has no rules would be open.
    return {"podSelector": pods, "policyTypes": ["Ingress", "Egress"], "ingress": list(ingress), "egress": list(egress)}


def _component(operator: str, *values: str) -> Obj:
    return {"key": labels.COMPONENT, "operator": operator, "values": list(values)}


def _to(names: list[str], ports: Iterable[int]) -> Obj:
    return _rule("to", [_pods(names)], ports)


def _rule(side: str, peers: list[Obj], ports: Iterable[int]) -> Obj:
    return {side: peers, "ports": [{"protocol": "TCP", "port": port} for port in sorted(ports)]}


def _pods(names: list[str]) -> Obj:
    if len(names) == 1:
        return {"podSelector": {"matchLabels": {labels.NAME: names[0]}}}
    return {"podSelector": {"matchExpressions": [{"key": labels.NAME, "operator": "In", "values": names}]}}


def _space(name: str) -> Obj:
    return {"namespaceSelector": {"matchLabels": {_SPACE: name}}}


def _places(found: Iterable[Iterable[PlaceArgs]]) -> list[tuple[str, tuple[int, ...]]]:
    return sorted({(place["cidr"], tuple(place["ports"])) for places in found for place in places})


def _block(cidr: str, without: Iterable[_Range] = ()) -> Obj:
    """A range of addresses, without those parts of it."""
    whole = ipaddress.ip_network(cidr, strict=False)
    of_its_kind = [part for part in without if part.version == whole.version and part != whole]
    parts = [str(part) for part in of_its_kind if part.subnet_of(whole)]  # type: ignore[arg-type] # both of one version
    return {"ipBlock": {"cidr": str(whole), **({"except": parts} if parts else {})}}
