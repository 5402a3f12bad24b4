"""Gateways and their routes: accepted, programmed, resolved, as a gateway's controller would say."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from embedded.cluster.controllers import attachment, conditions
from embedded.cluster.controllers.attachment import GROUP, Verdict
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import GATEWAY, GATEWAY_CLASS, GRPC_ROUTE, HTTP_ROUTE, NAMESPACE, REFERENCE_GRANT, SECRET, SERVICE
from embedded.cluster.model.objects import is_deleting, name_of, namespace_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

CONTROLLER: Final = "sim.tidegate.dev/gateway-controller"
MANAGER: Final = "gateway-controller"
_ADDRESSES: Final = "172.18.254"
_ROUTES: Final = (HTTP_ROUTE, GRPC_ROUTE)


class GatewayClasses(Controller):
    """There is one gateway here, and it serves every class."""

    kind = GATEWAY_CLASS

    def reconcile(self, namespace: str, name: str) -> None:
        """Accept the class."""
        found = self.world.get(GATEWAY_CLASS, namespace, name)
        if found is not None and not is_deleting(found):
            verdict = Verdict(holds=True, reason="Accepted", message="GatewayClass is accepted")
            held = _put(self.world, found, (found.get("status") or {}).get("conditions") or [], "Accepted", verdict)
            self.world.set_status(GATEWAY_CLASS, found, (found.get("status") or {}) | {"conditions": held}, manager=MANAGER)


class Gateways(Controller):
    """Gives a Gateway an address, and counts the routes of its listeners."""

    kind = GATEWAY

    def __init__(self, world: World) -> None:
        super().__init__(world)
        for kind in (GATEWAY_CLASS, *_ROUTES):
            world.on(kind, self._neighbour_changed)
        world.on(SECRET, self._secret_changed)

    def _neighbour_changed(self, change: Change) -> None:
        if change.old is None or change.type == "DELETED" or change.old["spec"] != change.obj["spec"]:
            self.enqueue_all()

    def _secret_changed(self, change: Change) -> None:
        """A certificate may have come or gone."""
        if change.type != "MODIFIED":
            self.enqueue_all(change.namespace)

    def reconcile(self, namespace: str, name: str) -> None:
        """Publish what a gateway's controller publishes."""
        gateway = self.world.get(GATEWAY, namespace, name)
        if gateway is None or is_deleting(gateway):
            return
        if self.world.get(GATEWAY_CLASS, "", gateway["spec"]["gatewayClassName"]) is None:
            return  # whose it would be, nobody knows
        status = gateway.get("status") or {}
        held: list[Obj] = status.get("conditions") or []
        held = _put(self.world, gateway, held, "Accepted", Verdict(holds=True, reason="Accepted", message="Gateway is accepted"))
        held = _put(self.world, gateway, held, "Programmed", Verdict(holds=True, reason="Programmed", message="Gateway is programmed"))
        listeners = [self._listener(gateway, listener, status) for listener in gateway["spec"].get("listeners") or ()]
        addresses = [
            {"type": a.get("type", "IPAddress"), "value": a["value"]} for a in gateway["spec"].get("addresses") or () if a.get("value")
        ]
        if not addresses:
            addresses = status.get("addresses") or [{"type": "IPAddress", "value": self._address(gateway)}]
        new = {"addresses": addresses, "conditions": held, "listeners": listeners}
        self.world.set_status(GATEWAY, gateway, status | new, manager=MANAGER)

    def _address(self, gateway: Obj) -> str:
        taken = {a["value"] for g in self.world.all(GATEWAY) for a in (g.get("status") or {}).get("addresses") or ()}
        start = int(self.world.draws.fraction("gateway", namespace_of(gateway), name_of(gateway)) * 254)
        free = (f"{_ADDRESSES}.{1 + (start + step) % 254}" for step in range(254))
        return next((a for a in free if a not in taken), f"{_ADDRESSES}.254")

    def _listener(self, gateway: Obj, listener: Obj, status: Obj) -> Obj:
        before: Obj = next((s for s in status.get("listeners") or () if s["name"] == listener["name"]), {})
        supported = listener.get("protocol") in {"HTTP", "HTTPS"}
        same = [s for s in gateway["spec"]["listeners"] if s is not listener and _clash(s, listener)]
        references = self._certificates(gateway, listener)
        accepted = Verdict(holds=supported, reason="Accepted", message="Listener is accepted")
        if not supported:
            accepted = Verdict(holds=False, reason="UnsupportedProtocol", message=f"protocol {listener.get('protocol')} is not supported")
        programmed = Verdict(holds=True, reason="Programmed", message="Listener is programmed")
        if not (supported and references.holds and not same):
            programmed = Verdict(holds=False, reason="Invalid", message="Listener is invalid, see its other conditions")
        conflicted = Verdict(holds=False, reason="NoConflicts", message="No conflicts")
        if same:
            message = f"listener {same[0]['name']} has the same port and hostname"
            conflicted = Verdict(holds=True, reason="HostnameConflict", message=message)
        held: list[Obj] = before.get("conditions") or []
        verdicts = {"Accepted": accepted, "Programmed": programmed, "ResolvedRefs": references, "Conflicted": conflicted}
        for type_, verdict in verdicts.items():
            held = _put(self.world, gateway, held, type_, verdict)
        wished = (listener.get("allowedRoutes") or {}).get("kinds") or [{"kind": k.kind} for k in _ROUTES]
        kinds = [{"group": GROUP, "kind": k["kind"]} for k in wished if k["kind"] in {r.kind for r in _ROUTES}]
        routes = (route for kind in _ROUTES for route in self.world.all(kind))
        count = sum(attachment.attaches(self.world, gateway, listener, r) for r in routes)
        return {"name": listener["name"], "supportedKinds": kinds, "attachedRoutes": count, "conditions": held}

    def _certificates(self, gateway: Obj, listener: Obj) -> Verdict:
        for reference in (listener.get("tls") or {}).get("certificateRefs") or ():
            namespace = reference.get("namespace") or namespace_of(gateway)
            if self.world.get(SECRET, namespace, reference["name"]) is None:
                message = f"certificate Secret {namespace}/{reference['name']} not found"
                return Verdict(holds=False, reason="InvalidCertificateRef", message=message)
        return Verdict(holds=True, reason="ResolvedRefs", message="All references are resolved")


class HTTPRoutes(Controller):
    """Says for each parent of a route whether it takes the route, and whether its backends are there."""

    kind = HTTP_ROUTE
    neighbours: ClassVar = (GATEWAY, SERVICE, REFERENCE_GRANT, NAMESPACE)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        for kind in self.neighbours:
            world.on(kind, self._neighbour_changed)

    def _neighbour_changed(self, change: Change) -> None:
        if change.old is None or change.type == "DELETED" or _plain(change.old) != _plain(change.obj):
            self.enqueue_all()

    def reconcile(self, namespace: str, name: str) -> None:
        """Publish the verdicts."""
        route = self.world.get(self.kind, namespace, name)
        if route is None or is_deleting(route):
            return
        before: list[Obj] = (route.get("status") or {}).get("parents") or []
        parents = [p for p in before if p.get("controllerName") != CONTROLLER]
        references = attachment.resolved(self.world, route)
        for reference in route["spec"].get("parentRefs") or ():
            own = next((p for p in before if p["parentRef"] == reference and p.get("controllerName") == CONTROLLER), {})
            held: list[Obj] = own.get("conditions") or []
            held = _put(self.world, route, held, "Accepted", attachment.accepted(self.world, route, reference))
            held = _put(self.world, route, held, "ResolvedRefs", references)
            parents.append({"parentRef": reference, "controllerName": CONTROLLER, "conditions": held})
        self.world.set_status(self.kind, route, (route.get("status") or {}) | {"parents": parents}, manager=MANAGER)


class GRPCRoutes(HTTPRoutes):
    """The same for routes of gRPC."""

    kind = GRPC_ROUTE


def _put(world: World, obj: Obj, held: list[Obj], type_: str, verdict: Verdict) -> list[Obj]:
    new = {"type": type_, "status": "True" if verdict.holds else "False", "reason": verdict.reason, "message": verdict.message}
    return conditions.put(held, new | {"observedGeneration": obj["metadata"].get("generation", 1)}, world.clock.stamp())


def _plain(obj: Obj) -> tuple[object, ...]:
    """What matters to routes: not what controllers say."""
    return (obj.get("spec"), obj["metadata"].get("labels"))


def _clash(one: Obj, other: Obj) -> bool:
    return (one["port"], one.get("hostname", "")) == (other["port"], other.get("hostname", ""))
