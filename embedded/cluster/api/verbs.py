"""The verbs on objects: get, list, create, update, patch, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.api import bodies, options, views, watching
from embedded.cluster.api.answers import Answer
from embedded.cluster.api.paging import piece
from embedded.cluster.model.errors import expired, method_not_allowed
from embedded.cluster.model.objects import name_of, uid_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.api.options import Listing
    from embedded.cluster.api.requests import Request
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry

# Kinds of which a client gets the object itself when it is deleted; of all others only that it is.
_RETURNED: Final = frozenset({
    "/pods", "/persistentvolumes", "/persistentvolumeclaims", "/podtemplates", "/resourcequotas", "/serviceaccounts", "/services",
    "storage.k8s.io/storageclasses", "storage.k8s.io/csidrivers", "storage.k8s.io/csinodes", "storage.k8s.io/volumeattachments",
})  # fmt: skip


def handle(registry: Registry, request: Request) -> Answer:
    """Do what is asked for."""
    verb = _ON_ONE.get(request.method) if request.target.name else _ON_MANY.get(request.method)
    if verb is None or verb[0] not in request.resource.verbs:
        raise method_not_allowed(request.method)
    return verb[1](registry, request)


def shown(registry: Registry, request: Request, obj: Obj, code: int = 200) -> Answer:
    """An answer with an object."""
    data = views.one(request.resource, obj, request.form, request.include, registry.clock.now())
    return Answer(data, code, warnings=request.write.warnings)


def _get(registry: Registry, request: Request) -> Answer:
    obj = registry.get(request.resource, request.namespace, request.target.name)
    return Answer(views.one(request.resource, obj, request.form, request.include, registry.clock.now()))


def list_objects(registry: Registry, request: Request, listing: Listing) -> Answer:
    """A list, or a piece of one."""
    version = int(listing.version or 0)
    watching.check_not_ahead(registry, version)
    if listing.match == "Exact" and version != registry.store.version:
        raise expired(f"The resource version for the provided list is too old: {version}; only the present one is kept")
    items = registry.list(request.resource, request.target.namespace, listing.labels, listing.fields)
    part = piece(registry.store, items, listing)
    return Answer(views.many(request.resource, part.items, part.metadata, request.form, request.include, registry.clock.now()))


def _list(registry: Registry, request: Request) -> Answer:
    return list_objects(registry, request, options.listing(dict(request.query), request.resource))


def _create(registry: Registry, request: Request) -> Answer:
    obj = registry.create(request.resource, request.namespace, request.obj(), request.write)
    return shown(registry, request, obj, 201)


def _update(registry: Registry, request: Request) -> Answer:
    target = request.target
    code = 200 if registry.peek(request.resource, request.namespace, target.name) else 201
    obj = registry.update(request.resource, request.namespace, target.name, request.obj(), request.write, target.subresource)
    return shown(registry, request, obj, code)


def _patch(registry: Registry, request: Request) -> Answer:
    target, kind = request.target, bodies.patch_kind(request.content_type)
    code = 200 if registry.peek(request.resource, request.namespace, target.name) else 201
    write = request.write
    obj = registry.patch(request.resource, request.namespace, target.name, request.data(), kind, write, target.subresource)
    return shown(registry, request, obj, code)


def _delete(registry: Registry, request: Request) -> Answer:
    resource = request.resource
    chosen = options.deleting(dict(request.query), request.data(), request.write)
    deleted = registry.delete(resource, request.namespace, request.target.name, chosen)
    if not deleted.gone or resource.storage in _RETURNED:
        return shown(registry, request, deleted.obj)
    details = {"name": name_of(deleted.obj), "group": resource.group, "kind": resource.plural, "uid": uid_of(deleted.obj)}
    return Answer(success({k: v for k, v in details.items() if v}), warnings=request.write.warnings)


def _delete_all(registry: Registry, request: Request) -> Answer:
    listing = options.listing(dict(request.query), request.resource)
    chosen = options.deleting(dict(request.query), request.data(), request.write)
    found = registry.delete_collection(request.resource, request.target.namespace, listing.labels, listing.fields, chosen)
    metadata = {"resourceVersion": str(registry.store.version)}
    return Answer(views.many(request.resource, found, metadata, request.form, request.include, registry.clock.now()))


def success(details: Obj | None = None) -> Obj:
    """A status that says that it worked."""
    status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return status | ({"details": details} if details else {})


_Verb = tuple[str, "Callable[[Registry, Request], Answer]"]
_ON_ONE: Final[dict[str, _Verb]] = {
    "GET": ("get", _get),
    "PUT": ("update", _update),
    "PATCH": ("patch", _patch),
    "DELETE": ("delete", _delete),
}
_ON_MANY: Final[dict[str, _Verb]] = {"GET": ("list", _list), "POST": ("create", _create), "DELETE": ("deletecollection", _delete_all)}
