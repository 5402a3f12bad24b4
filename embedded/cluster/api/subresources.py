"""What stands below an object: its status, its scale, and a pod's eviction, binding and logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from embedded.cluster.api import options, verbs
from embedded.cluster.api.answers import Answer
from embedded.cluster.model.errors import StatusError, method_not_allowed, no_such_resource
from embedded.cluster.model.objects import name_of
from embedded.cluster.registry import pods

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.api.requests import Request
    from embedded.cluster.registry.registry import Registry

_PARTS: Final = frozenset({"status", "finalize", "ephemeralcontainers", "resize", "approval"})
_NEEDS_PROCESS: Final = frozenset({"exec", "attach", "portforward", "proxy"})


def handle(registry: Registry, request: Request) -> Answer:
    """Do what is asked for."""
    name = request.target.subresource
    sub = request.resource.subresources.get(name)
    if sub is None:
        raise no_such_resource()
    if name in _NEEDS_PROCESS:
        why = f"{request.resource.plural}/{name} needs a running container, and the pods of this cluster are simulated: there is none"
        raise StatusError(501, "NotImplemented", why)
    if name in _PARTS:
        return verbs.handle(registry, request)
    found = _HANDLERS.get((request.method, name))
    if found is None:
        raise method_not_allowed(request.method)
    return found(registry, request)


def _scale(registry: Registry, request: Request) -> Answer:
    return Answer(registry.scale(request.resource, request.namespace, request.target.name))


def _evict(registry: Registry, request: Request) -> Answer:
    eviction = request.obj()
    chosen = options.deleting(dict(request.query), eviction.get("deleteOptions"), request.write)
    pods.evict(registry, request.namespace, request.target.name, chosen)
    return Answer(verbs.success(), 201)


def bind(registry: Registry, request: Request) -> Answer:
    """Put a pod on a node; asked for below the pod, or with a Binding of the pod's name."""
    binding = request.obj()
    pods.bind(registry, request.namespace, request.target.name or name_of(binding), binding, request.write)
    return Answer(verbs.success(), 201)


def _token(registry: Registry, request: Request) -> Answer:
    """A token for a service account: nothing looks at it, so it says what it is."""
    registry.get(request.resource, request.namespace, request.target.name)
    asked = request.obj()
    seconds = int((asked.get("spec") or {}).get("expirationSeconds") or 3600)
    end = datetime.fromtimestamp(registry.clock.now() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"token": f"simulated.{request.namespace}.{request.target.name}", "expirationTimestamp": end}
    return Answer({**asked, "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "status": status}, 201)


_HANDLERS: Final[dict[tuple[str, str], Callable[[Registry, Request], Answer]]] = {
    ("GET", "scale"): _scale,
    ("PUT", "scale"): verbs.handle,
    ("PATCH", "scale"): verbs.handle,
    ("POST", "eviction"): _evict,
    ("POST", "binding"): bind,
    ("POST", "token"): _token,
}
