"""Who may talk to whom, judged as Kubernetes does: a connection needs a rule on both of its ends."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from components.network import network_args, policies, reaches
from tests.unit.components.examples import example, small
from tidegate.model.slots import desired

if TYPE_CHECKING:
    from tidegate.model.slots import SlotSpec

Obj = dict[str, Any]


class Pod(NamedTuple):
    """One end of a connection."""

    labels: dict[str, str]
    namespace: str = "here"
    address: str = "10.1.2.3"


def named(name: str, component: str = "service") -> Pod:
    """A pod of this namespace."""
    return Pod({"app.kubernetes.io/name": name, "app.kubernetes.io/component": component})


def elsewhere(namespace: str, labels: dict[str, str] | None = None) -> Pod:
    """A pod of another namespace."""
    return Pod(labels or {}, namespace)


def outside(address: str) -> Pod:
    """Something that is no pod."""
    return Pod({}, "", address)


def matches(selector: Obj, labels: dict[str, str]) -> bool:
    """Whether a label selector selects."""
    operators = {"In": lambda value, values: value in values, "NotIn": lambda value, values: value not in values}
    return all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items()) and all(
        operators[e["operator"]](labels.get(e["key"]), e["values"]) for e in selector.get("matchExpressions", [])
    )


def is_peer(peer: Obj, pod: Pod) -> bool:
    """Whether a rule's peer is this pod."""
    if block := peer.get("ipBlock"):
        address = ipaddress.ip_address(pod.address)
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(part) for part in block.get("except", [])
        )
    if not pod.namespace:
        return False
    space = peer.get("namespaceSelector")
    there = pod.namespace == "here" if space is None else matches(space, {"kubernetes.io/metadata.name": pod.namespace})
    return there and matches(peer.get("podSelector", {}), pod.labels)


def side(specs: list[Obj], type_: str, own: Pod, other: Pod, port: int, protocol: str) -> bool:
    """Whether one end lets the connection through."""
    if own.namespace != "here":
        return True
    rules, peers = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}[type_]
    selecting = [spec for spec in specs if type_ in spec["policyTypes"] and matches(spec["podSelector"], own.labels)]
    return not selecting or any(
        any(is_peer(peer, other) for peer in rule[peers])
        and any(one["protocol"] == protocol and one["port"] <= port <= one.get("endPort", one["port"]) for one in rule["ports"])
        for spec in selecting
        for rule in spec.get(rules, [])
    )


class World:
    """The policies of an intent, and of what its slots run."""

    def __init__(self, intent: Any, slots: dict[str, list[SlotSpec]] | None = None) -> None:
        found = reaches(intent, slots or {})
        self.specs = {name: made(found) for name, made in policies(network_args(intent)).items()}

    def allows(self, source: Pod, target: Pod, port: int, protocol: str = "TCP") -> bool:
        """Whether the source may connect to the target."""
        specs = list(self.specs.values())
        return side(specs, "Egress", source, target, port, protocol) and side(specs, "Ingress", target, source, port, protocol)


DNS: Final = elsewhere("kube-system", {"k8s-app": "kube-dns"})
PRODUCTION: Final = [
    # A service is called by those that depend on it, at its ports, and by nobody else.
    (named("dashboard"), named("agent-manager"), 3001, True),
    (named("dashboard"), named("agent-manager"), 3002, False),
    (named("agent-manager"), named("dashboard"), 3000, False),
    (named("agent-manager"), named("mcp-manager"), 3002, True),
    (named("mcp-manager"), named("openai-service"), 3003, False),
    (named("stranger"), named("dashboard"), 3000, False),
    (named("dashboard"), named("dashboard"), 3000, False),
    # Data services are called by those that depend on them, and by backups.
    (named("agent-manager"), named("postgres", "data"), 5432, True),
    (named("dashboard"), named("postgres", "data"), 5432, False),
    (named("dashboard"), named("redis", "data"), 6379, True),
    (named("openai-service"), named("redis", "data"), 6379, False),
    (named("postgres-backup", "backup"), named("postgres", "data"), 5432, True),
    (named("postgres-backup", "backup"), named("dashboard"), 3000, False),
    (named("postgres", "data"), named("redis", "data"), 6379, False),
    (named("postgres", "data"), outside("203.0.113.1"), 443, False),
    # Users come through the gateway, to services that have a host.
    (elsewhere("gateways"), named("dashboard"), 3000, True),
    (elsewhere("gateways"), named("agent-manager"), 3001, False),
    (elsewhere("ingress-nginx"), named("dashboard"), 3000, False),
    (elsewhere("default"), named("dashboard"), 3000, False),
    (outside("203.0.113.1"), named("dashboard"), 3000, False),
    # Prometheus reads metrics, of data services at their exporters.
    (elsewhere("monitoring"), named("agent-manager"), 3001, True),
    (elsewhere("monitoring"), named("postgres", "data"), 9187, True),
    (elsewhere("monitoring"), named("postgres", "data"), 5432, False),
    (elsewhere("monitoring"), named("redis", "data"), 9121, True),
    # Smoke checks see every service and nothing else, though they are a service's too.
    (named("agent-manager", "smoke"), named("agent-manager"), 3001, True),
    (named("agent-manager", "smoke"), named("dashboard"), 3000, True),
    (named("agent-manager", "smoke"), named("postgres", "data"), 5432, False),
    (named("agent-manager", "smoke"), outside("203.0.113.1"), 443, False),
    # End-to-end checks go where testers go.
    (named("dashboard", "smoke"), elsewhere("gateways"), 8443, True),
    (named("dashboard", "smoke"), elsewhere("default"), 443, False),
    (named("dashboard"), elsewhere("gateways"), 8443, False),
    (named("dashboard"), named("agent-manager", "smoke"), 8080, False),
    # The world outside is reached where the intent says so; what is inside isn't outside.
    (named("agent-manager"), outside("203.0.113.1"), 443, True),
    (named("agent-manager"), outside("203.0.113.1"), 80, False),
    (named("agent-manager"), outside("169.254.169.254"), 443, False),
    (named("agent-manager"), outside("10.96.0.1"), 443, False),
    (named("dashboard"), outside("203.0.113.1"), 443, False),
    # cert-manager's answers to a certificate authority.
    (elsewhere("gateways"), Pod({"acme.cert-manager.io/http01-solver": "true"}), 8089, True),
    (elsewhere("default"), Pod({"acme.cert-manager.io/http01-solver": "true"}), 8089, False),
    # What is in the namespace for no reason is alone.
    (named("stranger"), outside("203.0.113.1"), 443, False),
    (named("stranger"), DNS, 53, True),
    (named("stranger"), elsewhere("kube-system", {"k8s-app": "other"}), 53, False),
]


@pytest.mark.parametrize(("source", "target", "port", "allowed"), PRODUCTION)
def test_who_may_talk_to_whom_in_production(source: Pod, target: Pod, port: int, allowed: bool) -> None:
    """Exactly what dependencies, hosts, metrics and `egress` ask for."""
    assert World(example("production")).allows(source, target, port) is allowed


@pytest.mark.parametrize(
    "pod", [named("dashboard"), named("postgres", "data"), named("dashboard", "smoke"), named("x", "backup"), named("new")]
)
@pytest.mark.parametrize("protocol", ["TCP", "UDP"])
@pytest.mark.parametrize("server", [DNS, outside("169.254.20.10")])
def test_all_pods_may_ask_for_names(pod: Pod, protocol: str, server: Pod) -> None:
    """By both protocols, of the cluster's DNS and of its cache on the node."""
    assert World(example("production")).allows(pod, server, 53, protocol)


@pytest.mark.parametrize("stack", ["local", "staging", "production"])
def test_every_policy_is_complete(stack: str) -> None:
    """Both sides are always closed, each rule names its peers and its ports: an empty list of either would open it to all."""
    specs = World(example(stack)).specs
    assert specs["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, spec in specs.items():
        assert "Egress" in spec["policyTypes"]
        assert name == "dns" or spec["policyTypes"] == ["Ingress", "Egress"]
        assert all(rule["from"] and rule["ports"] for rule in spec.get("ingress", []))
        assert all(rule["to"] and rule["ports"] for rule in spec.get("egress", []))


def test_a_version_that_needs_less_does_not_cut_off_the_one_that_is_live() -> None:
    """What a slot still runs keeps its ports, those that it calls, and the places outside, until no slot runs it any more."""
    before = small({
        "web": {"depends_on": ["api"], "egress": [{"cidr": "203.0.113.0/24"}], "traffic": {"host": "www"}, "ports": {"http": 8000}},
        "api": {"ports": {"http": 9000}},
    })  # fmt: skip
    after = small({"web": {"traffic": {"host": "www"}, "ports": {"http": 8001}}, "api": {"ports": {"http": 9001}}})
    tried = [
        (named("web"), named("api"), 9000),
        (named("web"), outside("203.0.113.7"), 443),
        (elsewhere("ingress-nginx"), named("web"), 8000),
        (elsewhere("monitoring"), named("web"), 8000),
    ]
    during = World(after, {name: [desired(before, name), desired(after, name)] for name in ("web", "api")})
    done = World(after, {name: [desired(after, name)] * 2 for name in ("web", "api")})
    assert [during.allows(*one) for one in tried] == [True] * 4
    assert during.allows(elsewhere("ingress-nginx"), named("web"), 8001)
    assert [done.allows(*one) for one in tried] == [False] * 4


def test_a_service_that_is_renamed_is_known_by_both_names() -> None:
    """While it is, its old pods still call and are called; those that call it by its old name may, and the others don't come in."""
    cache = {"cache": {"kind": "redis", "secret": "s"}}
    secrets = {"s": {"required": ["redis-password"], "values": {"redis-password": "x"}}}
    before = small({"web": {"depends_on": ["cache"]}, "api": {"depends_on": ["web"]}}, data=cache, secrets=secrets)
    after = small({"site": {"renamed_from": "web", "depends_on": ["cache"]}, "api": {"depends_on": ["site"]}}, data=cache, secrets=secrets)
    old, new = World(before), World(after, {"api": [desired(before, "api"), desired(after, "api")]})
    # The old policy of the service is there as long as its old pods are.
    new.specs["service-web"] = old.specs["service-web"]
    for name in ("web", "site"):
        assert new.allows(named("api"), named(name), 8080)
        assert new.allows(named(name), named("cache", "data"), 6379)
    assert not new.allows(named("api"), named("cache", "data"), 6379)


@pytest.mark.parametrize(
    ("cidr", "excepted"),
    [
        ("0.0.0.0/0", ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]),
        ("::/0", ["fc00::/7", "fe80::/10"]),
        ("192.0.0.0/8", ["192.168.0.0/16"]),
        ("10.0.0.0/8", None),
        ("10.20.0.0/16", None),
        ("169.254.170.23/32", None),
        ("203.0.113.7/32", None),
    ],
)
def test_what_is_inside_is_left_out_of_what_is_outside(cidr: str, excepted: list[str] | None) -> None:
    """A range of inside that is named itself stays, for then it is what was meant; exceptions are always within their range."""
    spec = World(small({"web": {"egress": [{"cidr": cidr}]}})).specs["service-web"]
    (rule,) = spec["egress"]
    assert rule["to"][0]["ipBlock"] == {"cidr": cidr, **({"except": excepted} if excepted else {})}


def test_a_managed_data_service_is_reached_wherever_it_is() -> None:
    """Nothing is left out of its addresses: it may well be inside."""
    data = {"db": {"kind": "managed", "host": "db.example", "port": 5432, "cidr": "0.0.0.0/0"}}
    world = World(small({"web": {"depends_on": ["db"]}, "api": {}}, data=data))
    assert world.allows(named("web"), outside("10.9.9.9"), 5432)
    assert not world.allows(named("web"), outside("10.9.9.9"), 443)
    assert not world.allows(named("api"), outside("10.9.9.9"), 5432)
    assert "data-db" not in world.specs


@pytest.mark.parametrize(
    ("kind", "prometheus"),
    [("own", named("prometheus", "monitoring")), ("operator", elsewhere("monitoring")), ("none", None)],
)
def test_metrics_are_read_by_the_prometheus_that_there_is(kind: str, prometheus: Pod | None) -> None:
    """The stack's own, the operator's, or nobody."""
    secrets = {"m": {"required": ["grafana-password"], "values": {"grafana-password": "x"}}}
    monitoring = {"kind": kind, **({"secret": "m"} if kind == "own" else {})}
    web = {"metrics": {"port": "admin"}, "ports": {"http": 80, "admin": 81}}
    world = World(small({"web": web}, secrets=secrets, monitoring=monitoring))
    readers = [named("prometheus", "monitoring"), elsewhere("monitoring")]
    # What the Prometheus itself may call is said where it is declared.
    ingress = [side(list(world.specs.values()), "Ingress", named("web"), reader, 81, "TCP") for reader in readers]
    assert ingress == [reader == prometheus for reader in readers]


@pytest.mark.parametrize(
    ("traffic", "visitor"),
    [
        ({"host": "www"}, "ingress-nginx"),
        ({"kind": "gateway", "host": "@"}, "gateways"),
        ({"preview_host": "p"}, "ingress-nginx"),
    ],
)
def test_who_brings_requests_from_outside(traffic: dict[str, Any], visitor: str) -> None:
    """The ingress controller or the gateway, whichever the service has, to its first port."""
    world = World(small({"web": {"traffic": traffic, "ports": {"http": 80, "admin": 81}}}))
    spaces = ("ingress-nginx", "gateways", "default")
    assert [world.allows(elsewhere(space), named("web"), 80) for space in spaces] == [space == visitor for space in spaces]
    assert not world.allows(elsewhere(visitor), named("web"), 81)


def test_a_gateway_s_pods_may_be_elsewhere() -> None:
    """Then it is they that bring requests, and nobody from where the Gateway itself is."""
    gateway = {"name": "public", "namespace": "gateways", "proxies": "envoy-gateway-system"}
    world = World(small({"web": {"traffic": {"kind": "gateway", "host": "@"}}}, {"gateway": gateway}))
    assert world.allows(elsewhere("envoy-gateway-system"), named("web"), 8080)
    assert not world.allows(elsewhere("gateways"), named("web"), 8080)
