"""What makes an object out of what a client sent: a name, an identity, what its kind begins with, and the approval of all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import Cause, StatusError, already_exists, invalid
from embedded.cluster.model.objects import name_of, namespace_of
from embedded.cluster.registry import admission, intake, ownership, quotas, services, strategies

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.registry.requests import Write
    from embedded.cluster.schema.resource import Resource

# The server's own business in metadata, whatever the client sent.
_SERVERS: Final = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields", "selfLink")
_SUFFIX: Final = 5
_LONGEST: Final = 63


def prepare(registry: Registry, resource: Resource, obj: Obj, write: Write, managed: list[Obj] | None) -> None:
    """Make the object, in place, ready to be kept; or refuse it."""
    metadata = obj["metadata"]
    if metadata.pop("resourceVersion", ""):
        raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
    for field in _SERVERS:
        metadata.pop(field, None)
    _name(registry, resource, obj, write)
    admission.check_namespace(registry, resource, obj)
    intake.complete(resource, obj, write)
    if resource.has_status and not strategies.keeps_status(resource):
        obj.pop("status", None)
    # The owner of a field is who asked for it: what the server fills in from here on has none.
    ownership.created(resource, obj, write, registry.clock.stamp(), managed)
    admission.admit(registry, resource, obj)
    metadata["uid"] = _uid(registry, resource, obj, write)
    strategies.start(resource, obj)
    services.allocate(registry, resource, obj)
    intake.check(resource, obj, None, write)
    metadata["creationTimestamp"] = registry.clock.stamp()
    quotas.check(registry, resource, obj)
    if registry.store.get(resource.storage, namespace_of(obj), name_of(obj)) is not None:
        raise already_exists(resource.group, resource.plural, name_of(obj))


def _name(registry: Registry, resource: Resource, obj: Obj, write: Write) -> None:
    metadata = obj["metadata"]
    if metadata.get("name"):
        return
    prefix = metadata.get("generateName")
    if not prefix:
        cause = Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")
        raise invalid(resource.group, resource.kind, "", [cause])
    key = ("name", resource.storage, namespace_of(obj), prefix)
    taken, attempt = True, 0
    while taken:
        number = ("dry", attempt) if write.dry_run else registry.draws.count(*key)
        metadata["name"] = prefix[: _LONGEST - _SUFFIX] + registry.draws.suffix(_SUFFIX, *key, number)
        taken = registry.store.get(resource.storage, namespace_of(obj), metadata["name"]) is not None
        attempt += 1


def _uid(registry: Registry, resource: Resource, obj: Obj, write: Write) -> str:
    key = ("uid", resource.storage, namespace_of(obj), name_of(obj))
    return registry.draws.uid(*key, "dry" if write.dry_run else registry.draws.count(*key))
