"""A service with its slots and its traffic, as a stack on a cluster, moved by hand: each test says what the planner would have said."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import httpx

from embedded.cluster.cluster import Cluster
from embedded.cluster.faults.disruptions import Disruption
from embedded.cluster.traffic.flows import Flow
from tests.local.kubernetes.stack import Stack
from tidegate.model.base import SLOTS, seconds
from tidegate.model.intent.environment import Environment, Gateway
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.service import Check, Checks, Probes, ReadyProbe, Service, StartupProbe
from tidegate.model.ledger import other
from tidegate.model.slots import desired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from embedded.cluster.model.objects import Obj
    from tests.local.kubernetes.stack import Run
    from tidegate.model.base import Slot
    from tidegate.model.intent.secrets import SecretSet

SPACE: Final = "shop"
# How fast the cluster's time passes.
RATE: Final = 20
SMOKE: Final = Checks(smoke=Check(paths=("/health",), timeout="10s", retries=0))
INSIDE: Final = f"http://web.{SPACE}.svc/"
HOST: Final = "http://www.shop.example/"
_GATEWAY: Final = (
    ("/api/v1/namespaces", {"metadata": {"name": "gateways"}}),
    (
        "/apis/gateway.networking.k8s.io/v1/namespaces/gateways/gateways",
        {
            "metadata": {"name": "public"},
            "spec": {
                "gatewayClassName": "local",
                "listeners": [{"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}],
            },
        },
    ),
)
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_QUICK: Final = Probes(startup=StartupProbe(period="1s"), ready=ReadyProbe(period="1s"))


def service(version: str = "1.0", **settings: Any) -> Service:
    """A service that is ready soon."""
    return Service(
        **{"image": "web", "version": version, "replicas": None if "autoscaling" in settings else 3, "probes": _QUICK, "drain": "5s"}
        | settings
    )


def intent_of(wanted: Service, name: str = "web", **secrets: SecretSet) -> Intent:
    """An intent of one service."""
    environment = Environment(
        name="test",
        tier="local",
        domain="shop.example",
        registry="registry.example",
        namespace=SPACE,
        team="shop",
        cost_centre="4711",
        gateway=Gateway(name="public", namespace="gateways"),
    )
    return Intent(environment=environment, services={name: wanted}, secrets=secrets)


@dataclass(frozen=True, slots=True)
class Held:
    """What a slot has."""

    intent: Intent
    release: str
    proven: str
    replicas: int
    scaling: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a service stands: what the planner says of it."""

    slots: dict[Slot, Held]
    live: Slot = "blue"
    weight: int = 0
    trying: bool = False
    name: str = "web"
    intent: Intent | None = None
    """What the user wants, which says what resources there are; what the live slot has if not given."""

    @classmethod
    def installed(cls, intent: Intent, replicas: int = 3, scaling: dict[str, Any] | None = None) -> Position:
        """Right after the first update."""
        held = Held(intent, "r1", "r1.0", replicas, scaling)
        return cls({"blue": held, "green": replace(held, replicas=0)})

    def staged(self, intent: Intent, release: str, replicas: int = 3, scaling: dict[str, Any] | None = None) -> Position:
        """With something new in the slot that isn't live, without traffic."""
        held = Held(intent, release, f"{release}.0", replicas, scaling)
        return replace(self, slots={**self.slots, other(self.live): held}, trying=True, intent=intent)

    def shifted(self, weight: int, step: int = 1) -> Position:
        """With so much traffic on the candidate, which is proven anew."""
        slot = other(self.live)
        held = self.slots[slot]
        return replace(self, weight=weight, slots={**self.slots, slot: replace(held, proven=f"{held.release}.{step}")})

    def flipped(self) -> Position:
        """With the candidate live."""
        return replace(self, live=other(self.live), weight=0, trying=False)

    def sized(self, slot: Slot, replicas: int, scaling: dict[str, Any] | None = None) -> Position:
        """With another size of a slot; 0 empties it."""
        return replace(self, slots={**self.slots, slot: replace(self.slots[slot], replicas=replicas, scaling=scaling)})

    @property
    def layout(self) -> dict[str, Any]:
        """What the planner's layout says of it."""
        candidate = other(self.live)
        weights = {self.live: 100 - self.weight, candidate: self.weight}
        slots: dict[str, Any] = {}
        for slot in SLOTS:
            held = self.slots[slot]
            spec = desired(held.intent, self.name)
            slots[slot] = {
                "spec": spec.model_dump(mode="json"),
                "hash": spec.hash,
                "config": spec.config_hash,
                "secrets": spec.secrets_hash,
                "release": held.release,
                "proven": held.proven,
                "replicas": held.replicas,
                "weight": weights[slot],
                "scaling": held.scaling,
            }
        return {"live": self.live, "weight": self.weight, "moving": True, "trying": self.trying, "slots": slots}


def program(position: Position) -> Callable[[], None]:
    """A program that brings the position about, in the order in which the real one does."""

    def run() -> None:
        import pulumi
        from pulumi_kubernetes.core.v1 import Namespace, ServiceAccount

        from components import traffic, workload

        name = position.name
        space = Namespace("space", metadata={"name": SPACE}).metadata["name"]
        account = ServiceAccount("account", metadata={"name": "web", "namespace": space}).metadata["name"]
        intent = position.intent or position.slots[position.live].intent
        old = intent.services[name].renamed_from
        opts = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=old)] if old else [])
        layout: pulumi.Output[Any] = space.apply(lambda _: position.layout)
        routes: list[pulumi.Resource] = []

        def slot_of(slot: Slot) -> pulumi.Output[Any]:
            return layout.apply(lambda all_: all_["slots"][slot])

        def before_pods(slot: Slot) -> pulumi.Output[Any]:
            return layout.apply(lambda all_: [] if all_["slots"][slot]["weight"] else list(routes))

        pods = workload.Workload(
            name,
            workload.arguments(intent, name, space, account, {slot: slot_of(slot) for slot in SLOTS}),
            opts,
            waits={slot: before_pods(slot) for slot in SLOTS},
        )
        proofs = layout.apply(lambda all_: [proof for slot in SLOTS if all_["slots"][slot]["weight"] for proof in pods.proofs[slot]])
        routes += traffic.Traffic(name, traffic.arguments(intent, name, space, layout), opts, waits=proofs, workload=pods).routes

    return run


@dataclass(slots=True)
class Shop:
    """A cluster with the stack on it, and users that count how they fare."""

    cluster: Cluster
    stack: Stack
    flows: dict[str, str] = field(default_factory=dict)

    def up(self, position: Position) -> Run:
        """Update."""
        return self.stack.up(program(position))

    def users(self, url: str = INSIDE, name: str = "users", rate: float = 200, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        """Begin to send requests; what was counted under this name so far is forgotten."""
        self.cluster.call(lambda: self.cluster.traffic.end_flow(name))
        self.cluster.call(lambda: self.cluster.traffic.set_flow(Flow(name, url, rate, headers=tuple(headers.items()))))

    def fared(self, name: str = "users") -> dict[str, int]:
        """How many requests each version answered; some were sent, and none may have failed."""
        (told,) = (one for one in self.cluster.call(self.cluster.traffic.report) if one["name"] == name)
        assert told["failed"] == 0, told
        assert told["requests"] > 0, told
        found: dict[str, int] = {}
        for backend in told["backends"]:
            found[backend["version"]] = found.get(backend["version"], 0) + backend["requests"]
        return found

    def pass_time(self, duration: str) -> None:
        """Let time pass."""
        self.cluster.advance(seconds(duration))

    def create(self, path: str, obj: Obj) -> None:
        """Make an object that is not the stack's."""
        httpx.post(self.cluster.url + path, json=obj, timeout=10).raise_for_status()

    def disturb(self, kind: str, pods: str) -> None:
        """Let a fault happen to pods, at once; one that lasts, lasts."""
        self.cluster.call(lambda: self.cluster.faults.add(Disruption(kind, f"{SPACE}/{pods}")))
        self.pass_time("10s")

    def get(self, kind: str, name: str) -> Obj:
        """An object of the namespace; `kind` is its group and plural, as the store has it."""
        found = self.cluster.call(lambda: self.cluster.store.get(kind, SPACE, name))
        assert found is not None, f"no {kind} {name}"
        return dict(found)

    def all(self, kind: str) -> dict[str, Obj]:
        """All objects of the namespace, by name."""
        return {o["metadata"]["name"]: o for o in self.cluster.call(lambda: list(self.cluster.store.all(kind, SPACE)))}

    def ready(self, slot: Slot) -> int:
        """How many of a slot's pods are ready."""
        return int(self.get("apps/deployments", f"web-{slot}").get("status", {}).get("readyReplicas", 0))


@contextmanager
def shop(folder: Path, *, rate: float = RATE) -> Iterator[Shop]:
    """A cluster with a Gateway, and an empty stack."""
    with Cluster(rate=rate) as cluster:
        for path, obj in _GATEWAY:
            httpx.post(cluster.url + path, json=obj, timeout=10).raise_for_status()
        yield Shop(cluster, Stack(folder / "stack", cluster.kubeconfig_file(folder / "kubeconfig")))
