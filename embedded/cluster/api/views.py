"""An object as a client wants to see it: itself, its metadata alone, or a row of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.cluster.api.tables import table

if TYPE_CHECKING:
    from embedded.cluster.api.forms import Form
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource

_META = "meta.k8s.io"


def one(resource: Resource, obj: Obj, form: Form, include: str, now: float) -> Obj:
    """A single object."""
    if form.view == "Table":
        version = obj["metadata"].get("resourceVersion", "")
        return table(resource, [obj], form.version, include, now) | {"metadata": {"resourceVersion": version}}
    if form.view == "PartialObjectMetadata":
        return partial(obj, form.version)
    return obj


def many(resource: Resource, items: list[Obj], metadata: Obj, form: Form, include: str, now: float) -> Obj:
    """A list."""
    if form.view == "Table":
        return table(resource, items, form.version, include, now) | {"metadata": metadata}
    if form.view == "PartialObjectMetadata":
        kinds = {"kind": "PartialObjectMetadataList", "apiVersion": f"{_META}/{form.version}"}
        return {**kinds, "metadata": metadata, "items": [partial(o, form.version) for o in items]}
    return {"kind": resource.list_kind, "apiVersion": resource.group_version, "metadata": metadata, "items": items}


def event(type_: str, resource: Resource, obj: Obj, form: Form, include: str, now: float) -> dict[str, Any]:
    """What a watch tells."""
    return {"type": type_, "object": one(resource, obj, form, include, now)}


def partial(obj: Obj, version: str) -> Obj:
    """The metadata alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": f"{_META}/{version}", "metadata": obj["metadata"]}
