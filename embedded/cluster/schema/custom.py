"""Custom resource definitions: the kinds that one defines, with the types that its schemas describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema.resource import Resource, Scale, Subresource
from embedded.cluster.schema.types import META, Types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.cluster.model.objects import Obj

VERBS: Final = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
_SUB_VERBS: Final = frozenset({"get", "patch", "update"})
_ANYTHING: Final = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def resources_of(crd: Obj, base: Types) -> Iterator[Resource]:
    """The kinds of all served versions; `base` has the type of metadata."""
    spec = crd["spec"]
    names = spec["names"]
    for version in spec["versions"]:
        if not version.get("served"):
            continue
        type_name = type_name_of(spec["group"], version["name"], names["kind"])
        declared = version.get("subresources") or {}
        scale = declared.get("scale")
        yield Resource(
            group=spec["group"],
            version=version["name"],
            kind=names["kind"],
            plural=names["plural"],
            singular=names.get("singular") or names["kind"].lower(),
            namespaced=spec["scope"] == "Namespaced",
            short_names=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            verbs=VERBS,
            subresources=_subresources(spec["group"], version["name"], names["kind"], declared),
            storage=f"{spec['group']}/{names['plural']}",
            type_name=type_name,
            types=Types({type_name: _whole((version.get("schema") or {}).get("openAPIV3Schema") or _ANYTHING)}, base),
            scale=Scale(scale["specReplicasPath"], scale["statusReplicasPath"], scale.get("labelSelectorPath") or "") if scale else None,
            columns=tuple(version.get("additionalPrinterColumns") or ()),
            custom=True,
        )


def type_name_of(group: str, version: str, kind: str) -> str:
    """The name under which OpenAPI has a custom kind: `org.example.v1.Thing`."""
    return ".".join([*reversed(group.split(".")), version, kind])


def _subresources(group: str, version: str, kind: str, declared: Mapping[str, Any]) -> dict[str, Subresource]:
    found = {}
    if "status" in declared:
        found["status"] = Subresource("status", group, version, kind, _SUB_VERBS)
    if declared.get("scale"):
        found["scale"] = Subresource("scale", "autoscaling", "v1", "Scale", _SUB_VERBS)
    return found


def _whole(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the whole object: what the server checks itself, it doesn't leave to the definition."""
    own = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"$ref": META, "default": {}}}
    return {**schema, "properties": {**schema.get("properties", {}), **own}}
