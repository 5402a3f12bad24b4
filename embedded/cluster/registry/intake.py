"""What a client sent, made into an object of its kind: whose it says it is, fields that nobody knows, defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.model.errors import bad_request, invalid
from embedded.cluster.model.objects import name_of
from embedded.cluster.schema.defaults import apply_defaults
from embedded.cluster.schema.validation import prune, unknown_fields, validate

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.requests import Write
    from embedded.cluster.schema.resource import Resource


def identify(resource: Resource, namespace: str, name: str, obj: Obj) -> None:
    """See to it that the object is of the kind, in the namespace and of the name that the request's path says."""
    kind, version = obj.setdefault("kind", resource.kind), obj.setdefault("apiVersion", resource.group_version)
    if (kind, version) != (resource.kind, resource.group_version):
        raise bad_request(_mismatch(resource, kind, version))
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request(f"metadata of {resource.kind} must be an object")
    if resource.namespaced:
        if (metadata.get("namespace") or namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        metadata["namespace"] = namespace
    else:
        metadata.pop("namespace", None)
    if name and (metadata.get("name") or name) != name:
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
    if name:
        metadata["name"] = name


def _mismatch(resource: Resource, kind: str, version: str) -> str:
    if kind != resource.kind:
        return f'{kind} in version "{version}" cannot be handled as a {resource.kind}: the kind of the object does not match the path'
    return f"the API version in the data ({version}) does not match the expected API version ({resource.group_version})"


def complete(resource: Resource, obj: Obj, write: Write) -> Obj:
    """The object without the fields that its kind doesn't have, and with those that nobody set."""
    if not write.trusted:
        settle_unknown(resource, obj, write)
    return apply_defaults(resource, obj)


def settle_unknown(resource: Resource, obj: Obj, write: Write) -> None:
    """Take out fields that nobody knows, and say so if that is wanted; or refuse them."""
    unknown = unknown_fields(resource, obj)
    if not unknown:
        return
    texts = [f'unknown field "{path}"' for path in unknown]
    if write.validation == "Strict":
        what = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise bad_request(f"{what}: strict decoding error: {', '.join(texts)}")
    if write.validation == "Warn":
        write.warnings.extend(texts)
    prune(resource, obj)


def check(resource: Resource, obj: Obj, old: Obj | None, write: Write) -> None:
    """Refuse an object that breaks its kind's rules."""
    if write.trusted:
        return
    if causes := validate(resource, obj, old):
        raise invalid(resource.group, resource.kind, name_of(obj), causes)
