"""Whether a route may attach to a listener, and whether its backends can be reached: the rules of the Gateway API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from embedded.cluster.controllers.kinds import GATEWAY, NAMESPACE, REFERENCE_GRANT, SERVICE
from embedded.cluster.model.objects import Selector, group_of, labels_of, namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

GROUP: Final = "gateway.networking.k8s.io"
_PROTOCOLS: Final = frozenset({"HTTP", "HTTPS"})


class Verdict(NamedTuple):
    """A condition's content."""

    holds: bool
    reason: str
    message: str


_ACCEPTED: Final = Verdict(holds=True, reason="Accepted", message="Route is accepted")
_RESOLVED: Final = Verdict(holds=True, reason="ResolvedRefs", message="All references are resolved")


def parent_place(route: Obj, reference: Obj) -> tuple[str, str]:
    """Where the parent is that a reference names."""
    return reference.get("namespace") or namespace_of(route), reference["name"]


def refers_to_gateway(reference: Obj) -> bool:
    """Whether the parent is a Gateway, as most are."""
    return (reference.get("group", GROUP), reference.get("kind", "Gateway")) == (GROUP, "Gateway")


def accepted(world: World, route: Obj, reference: Obj) -> Verdict:
    """Whether the parent takes the route."""
    namespace, name = parent_place(route, reference)
    if not refers_to_gateway(reference):
        if reference.get("kind") == "Service" and world.get(SERVICE, namespace, name) is not None:
            return _ACCEPTED
        return Verdict(holds=False, reason="NoMatchingParent", message=f"{reference.get('kind')} {namespace}/{name} not found")
    gateway = world.get(GATEWAY, namespace, name)
    if gateway is None:
        return Verdict(holds=False, reason="NoMatchingParent", message=f"Gateway {namespace}/{name} not found")
    named = [s for s in gateway["spec"].get("listeners") or () if _is_named(s, reference)]
    if not named:
        return Verdict(holds=False, reason="NoMatchingParent", message=f"no listener of Gateway {namespace}/{name} matches this parentRef")
    allowed = [s for s in named if allows(world, gateway, s, route)]
    if not allowed:
        return Verdict(holds=False, reason="NotAllowedByListeners", message=f"no listener of Gateway {namespace}/{name} allows this route")
    if not any(meets(s, route) for s in allowed):
        message = "No matching listener hostname: none of the route's hostnames intersects with one of a listener"
        return Verdict(holds=False, reason="NoMatchingListenerHostname", message=message)
    return _ACCEPTED


def attaches(world: World, gateway: Obj, listener: Obj, route: Obj) -> bool:
    """Whether the route is one of the listener's."""
    for reference in route["spec"].get("parentRefs") or ():
        mine = refers_to_gateway(reference) and parent_place(route, reference) == (namespace_of(gateway), gateway["metadata"]["name"])
        if mine and _is_named(listener, reference) and allows(world, gateway, listener, route) and meets(listener, route):
            return True
    return False


def _is_named(listener: Obj, reference: Obj) -> bool:
    section, port = reference.get("sectionName"), reference.get("port")
    return (not section or section == listener["name"]) and (not port or port == listener["port"])


def allows(world: World, gateway: Obj, listener: Obj, route: Obj) -> bool:
    """Whether the listener takes routes of that kind from that namespace."""
    if listener.get("protocol", "HTTP") not in _PROTOCOLS:
        return False
    rules = listener.get("allowedRoutes") or {}
    kinds = rules.get("kinds")
    if kinds and not any(k["kind"] == route["kind"] and k.get("group", GROUP) == GROUP for k in kinds):
        return False
    spaces = rules.get("namespaces") or {}
    match spaces.get("from", "Same"):
        case "All":
            return True
        case "Selector":
            namespace = world.get(NAMESPACE, "", namespace_of(route)) or {}
            return Selector.of_spec(spaces.get("selector")).matches(labels_of(namespace))
        case "None":
            return False
    return namespace_of(gateway) == namespace_of(route)


def meets(listener: Obj, route: Obj) -> bool:
    """Whether a hostname of the route is one of the listener's."""
    names, host = route["spec"].get("hostnames"), listener.get("hostname")
    return not names or not host or any(_overlap(name, host) for name in names)


def _overlap(one: str, other: str) -> bool:
    if one == other:
        return True
    for wide, narrow in ((one, other), (other, one)):
        if wide.startswith("*.") and narrow.removeprefix("*").endswith(wide[1:]) and narrow != wide[2:]:
            return True
    return False


def resolved(world: World, route: Obj) -> Verdict:
    """Whether all backends that the route names are there and may be referred to."""
    for reference in _backends(route):
        group, kind = reference.get("group", ""), reference.get("kind", "Service")
        namespace, name = reference.get("namespace") or namespace_of(route), reference["name"]
        if (group, kind) != ("", "Service"):
            return Verdict(holds=False, reason="InvalidKind", message=f"backend {kind} {name} is of an unsupported kind")
        if namespace != namespace_of(route) and not _is_granted(world, route, namespace, name):
            message = f"backend Service {namespace}/{name} is not permitted by any ReferenceGrant"
            return Verdict(holds=False, reason="RefNotPermitted", message=message)
        service = world.get(SERVICE, namespace, name)
        if service is None:
            return Verdict(holds=False, reason="BackendNotFound", message=f"backend Service {namespace}/{name} not found")
        if reference.get("port") not in [p["port"] for p in service["spec"].get("ports") or ()]:
            message = f"backend Service {namespace}/{name} has no port {reference.get('port')}"
            return Verdict(holds=False, reason="BackendNotFound", message=message)
    return _RESOLVED


def _backends(route: Obj) -> Iterator[Obj]:
    for rule in route["spec"].get("rules") or ():
        holders = [rule, *(rule.get("backendRefs") or ())]
        yield from rule.get("backendRefs") or ()
        for holder in holders:
            for action in holder.get("filters") or ():
                if mirror := (action.get("requestMirror") or {}).get("backendRef"):
                    yield mirror


def _is_granted(world: World, route: Obj, namespace: str, name: str) -> bool:
    origin = {"group": group_of(route["apiVersion"]), "kind": route["kind"], "namespace": namespace_of(route)}
    for grant in world.all(REFERENCE_GRANT, namespace):
        fits = any(all(f.get(k) == v for k, v in origin.items()) for f in grant["spec"].get("from") or ())
        to = any(
            t.get("group", "") == "" and t["kind"] == "Service" and t.get("name") in {None, name} for t in grant["spec"].get("to") or ()
        )
        if fits and to:
            return True
    return False
