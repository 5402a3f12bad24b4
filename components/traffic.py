"""What sends requests to a service's slots: by its selector, which flips, or by a route's weights, which shift.

All of it is there from the first update on, and only what it says changes. Testers have a route of their own, which follows the candidate,
so that it changes only when the candidate is ready, and the users' route needn't wait for that.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.networking.v1 import Ingress

from components import labels, routes
from components.given import given
from components.ports import service_ports
from components.routes import GatewayArgs
from components.slots import after, slot_of
from components.workload import Workload
from tidegate.model.base import SLOTS, Slot, digest_of
from tidegate.model.intent.environment import Environment
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.service import Match
from tidegate.model.ledger import other

# The field manager of what a release moves: who must be fast writes as the same one, and the next update finds nothing to argue with.
MANAGER: Final = "tidegate"
_MANAGED: Final = {"pulumi.com/patchFieldManager": MANAGER}


class PositionArgs(TypedDict):
    """Where a service's traffic is to go: the planner's word."""

    live: str
    """The slot that takes the users: blue or green."""
    weights: dict[str, int]
    """Percent of the users' requests for each slot."""
    trying: bool
    """Whether the other slot has a candidate that testers are to reach."""
    ports: dict[str, dict[str, int]]
    """Each slot's ports."""


class MatchArgs(TypedDict):
    """Requests that reach the candidate whatever the weight."""

    header: NotRequired[str]
    cookie: NotRequired[str]
    value: str


class TrafficArgs(TypedDict):
    """What a service's traffic is made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    position: pulumi.Input[PositionArgs]
    gateway: NotRequired[GatewayArgs]
    """If requests from outside go by weights."""
    ingress_class: NotRequired[str]
    """If they go through an Ingress: its class."""
    host: NotRequired[str]
    """Without one the service is reached from inside only."""
    path: NotRequired[str]
    preview_host: NotRequired[str]
    """A host that leads to the candidate."""
    match: NotRequired[MatchArgs]
    mirror: NotRequired[int]
    """Percent of the users' requests that are sent to the candidate as well."""
    affinity: NotRequired[str]
    """How long a user stays with the same pod: `1h`."""
    tls_secret: NotRequired[str]
    """The Secret with the host's certificate, if it is there already."""
    tls_issuer: NotRequired[str]
    """Or the ClusterIssuer of cert-manager that gives one."""
    dns: NotRequired[bool]
    """Whether ExternalDNS makes the hosts' records."""


class Traffic(pulumi.ComponentResource):
    """What sends requests to a service's slots."""

    def __init__(
        self,
        name: str,
        args: TrafficArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        waits: pulumi.Output[Sequence[pulumi.Resource]] | None = None,
        workload: Workload | None = None,
    ) -> None:
        """`waits` is what must be there before users are moved; testers wait for nothing but the workload's candidate."""
        super().__init__("tidegate:index:Traffic", name, None, opts)
        self._name, self._args = name, args
        self._position: pulumi.Output[Any] = given(args["position"])
        self._backends = workload.backends if workload is not None else []
        self._waits, self._trial = waits, self._position.apply(lambda p: _proofs(p, workload))
        service = self._service(name, lambda p: slot_of(p["live"]), after(waits))
        preview = self._service(f"{name}-preview", _candidate, after(self._trial))
        # Resources of any kind: not an output of the package's schema, which would have to name the kind.
        self.routes: list[pulumi.Resource] = [service]
        """What sends users to slots."""
        if "gateway" in args:
            self._by_weights(args["gateway"], service, preview)
        elif "ingress_class" in args:
            self._by_selector(args["ingress_class"], service, preview)
        self.register_outputs({"service": service.metadata["name"], "preview": preview.metadata["name"]})

    def _service(self, name: str, to: Callable[[PositionArgs], Slot], depends_on: Any) -> Service:
        affinity = routes.by_address(self._args.get("affinity"))

        def spec(position: PositionArgs) -> Any:
            slot = to(position)
            return {"selector": labels.selector(self._name, slot), "ports": service_ports(position["ports"][slot]), **affinity}

        # The slots are proven ready before this is touched; the provider's own wait would cost ten seconds at each flip.
        metadata = self._metadata(name, {"pulumi.com/skipAwait": "true"} | _MANAGED)
        return Service(name, metadata=metadata, spec=self._position.apply(spec), opts=self._options(depends_on))

    def _by_weights(self, gateway: GatewayArgs, service: Service, preview: Service) -> None:
        name, args, path = self._name, self._args, self._args.get("path", "/")
        host, preview_host = args.get("host"), args.get("preview_host")
        if host is None:
            raise ValueError(f"{name}: traffic by weights needs a host, by which the gateway knows the service's requests")

        def users(position: PositionArgs) -> Any:
            mirrored = routes.mirror(slot_of(position["live"]), _weights(position), args.get("mirror"), trying=position["trying"])
            return routes.route(gateway, host, routes.weighted(name, path, _weights(position), mirrored, args.get("affinity")))

        self.routes.append(self._route(gateway, name, host, self._position.apply(users), after(self._waits, *self._backends)))
        if (match := args.get("match")) is not None:
            wanted = Match(**match)

            def testers(position: PositionArgs) -> Any:
                slot = _candidate(position) if position["trying"] else None
                return routes.route(gateway, host, routes.testers(name, path, wanted, slot))

            self._route(gateway, f"{name}-testers", host, self._position.apply(testers), after(self._trial, service, *self._backends))
        if preview_host is not None:
            spec = routes.route(gateway, preview_host, {"backendRefs": [routes.backend(f"{name}-preview")]})
            self._route(gateway, f"{name}-preview", preview_host, spec, [preview])

    def _by_selector(self, class_name: str, service: Service, preview: Service) -> None:
        name, host, preview_host = self._name, self._args.get("host"), self._args.get("preview_host")
        if host is not None:
            self._ingress(class_name, name, host, self._args.get("path", "/"), service)
        if preview_host is not None:
            self._ingress(class_name, f"{name}-preview", preview_host, "/", preview)

    def _route(self, gateway: GatewayArgs, name: str, host: str, spec: Any, depends_on: Any) -> CustomResource:
        spec, accepted = pulumi.Output.from_input(spec), _accepted(gateway)

        def annotations(whole: Any) -> dict[str, str]:
            spec_hash = digest_of(whole)
            return {labels.SPEC: spec_hash, "pulumi.com/waitFor": json.dumps([labels.fresh(labels.SPEC, spec_hash), *accepted])}

        return CustomResource(
            name,
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            metadata=self._metadata(name, {}) | {"annotations": spec.apply(lambda whole: annotations(whole) | _MANAGED | self._dns(host))},
            spec=spec,
            opts=self._options(depends_on),
        )

    def _ingress(self, class_name: str, name: str, host: str, path: str, service: Service) -> Ingress:
        args = self._args
        issuer, affinity = args.get("tls_issuer"), args.get("affinity")
        annotations = self._dns(host)
        annotations |= {"cert-manager.io/cluster-issuer": issuer} if issuer is not None else {}
        annotations |= routes.sticky(name, affinity) if affinity is not None else {}
        secret = args.get("tls_secret") or (f"{name}-tls" if issuer is not None else None)
        spec: Any = routes.ingress(class_name, name, host, path, secret)
        return Ingress(
            name,
            metadata=self._metadata(name, annotations),
            spec=spec,
            opts=self._options([service]),
        )

    def _dns(self, host: str) -> dict[str, str]:
        return {"external-dns.alpha.kubernetes.io/hostname": host} if self._args.get("dns") else {}

    def _metadata(self, name: str, annotations: dict[str, str]) -> Any:
        own = {labels.NAME: self._name, labels.COMPONENT: labels.TRAFFIC}
        return labels.metadata(name, self._args["namespace"], self._args["labels"] | own, annotations)

    def _options(self, depends_on: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)


def arguments(intent: Intent, name: str, namespace: pulumi.Input[str], layout: pulumi.Output[Any]) -> TrafficArgs:
    """The arguments of one of the intent's services; `layout` is what the planner says of it."""
    environment, traffic = intent.environment, intent.services[name].traffic
    args: TrafficArgs = {
        "namespace": namespace,
        "labels": environment.labels,
        "position": layout.apply(position),
        "path": traffic.path,
        "dns": environment.dns,
    }
    if traffic.kind == "gateway" and environment.gateway is not None:
        args["gateway"] = {"name": environment.gateway.name, "namespace": environment.gateway.namespace or environment.namespace}
    elif traffic.host is not None or traffic.preview_host is not None:
        args["ingress_class"] = environment.ingress.class_name
    if traffic.host is not None:
        args["host"] = full_host(environment, traffic.host)
    if traffic.preview_host is not None:
        args["preview_host"] = full_host(environment, traffic.preview_host)
    if traffic.match is not None:
        args["match"] = cast("MatchArgs", traffic.match.model_dump(exclude_none=True))
    if traffic.mirror is not None:
        args["mirror"] = traffic.mirror
    if traffic.affinity is not None:
        args["affinity"] = traffic.affinity
    if environment.tls is not None and environment.tls.secret is not None:
        args["tls_secret"] = environment.tls.secret
    elif environment.tls is not None and environment.tls.issuer is not None:
        args["tls_issuer"] = environment.tls.issuer
    return args


def position(layout: Mapping[str, Any]) -> PositionArgs:
    """Where a service's traffic is to go, out of what the planner says of it."""
    slots = layout["slots"]
    return {
        "live": layout["live"],
        "weights": {slot: slots[slot]["weight"] for slot in SLOTS},
        "trying": layout.get("trying", False),
        "ports": {slot: slots[slot]["spec"]["ports"] for slot in SLOTS},
    }


def full_host(environment: Environment, host: str) -> str:
    """A host below the environment's domain, or the domain itself."""
    return environment.domain if host == "@" else f"{host}.{environment.domain}"


def _accepted(gateway: GatewayArgs) -> list[str]:
    """The gateway has taken the route as it is now, and finds all that it leads to.

    Others may have their word in the status too: a gateway that the route was attached to before needn't take back what it said.
    """
    parent = f'@.parentRef.name=="{gateway["name"]}" && @.parentRef.namespace=="{gateway["namespace"]}"'
    return [
        f"jsonpath={{.status.parents[?({parent})].conditions"
        f'[?(@.type=="{condition}" && @.observedGeneration==$.metadata.generation)].status}}=True'
        for condition in ("Accepted", "ResolvedRefs")
    ]


def _candidate(position: PositionArgs) -> Slot:
    return other(slot_of(position["live"]))


def _weights(position: PositionArgs) -> dict[Slot, int]:
    return {slot: int(position["weights"][slot]) for slot in SLOTS}


def _proofs(position: PositionArgs, workload: Workload | None) -> list[pulumi.Resource]:
    return workload.proofs[_candidate(position)] if workload is not None and position["trying"] else []
