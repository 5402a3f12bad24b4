"""Structural schemas in few words: what the definitions are made of that the server has of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedded.cluster.model.objects import Obj

Schema = dict[str, Any]
# A column of `kubectl get`: its name and its path.
Column = tuple[str, str]

AGE: Final[Column] = ("Age", ".metadata.creationTimestamp")
BOOLEAN: Final[Schema] = {"type": "boolean"}
INTEGER: Final[Schema] = {"type": "integer"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
INT_OR_STRING: Final[Schema] = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
# Something of which the server need not know what it holds.
OPEN: Final[Schema] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def text(least: int = 0, most: int = 0, pattern: str = "", enum: Sequence[str] = (), **more: Any) -> Schema:
    """A text."""
    rules = {"minLength": least, "maxLength": most, "pattern": pattern, "enum": list(enum)}
    return {"type": "string", **{k: v for k, v in rules.items() if v}, **more}


def number(least: int, most: int, **more: Any) -> Schema:
    """An integer between bounds."""
    return {"type": "integer", "format": "int32", "minimum": least, "maximum": most, **more}


def struct(required: str = "", /, **fields: Schema) -> Schema:
    """An object with these fields; those that are required are named between blanks."""
    found: Schema = {"type": "object", "properties": fields}
    return found | {"required": required.split()} if required else found


def map_of(values: Schema) -> Schema:
    """An object whose names are anybody's."""
    return {"type": "object", "additionalProperties": values}


def list_of(items: Schema, key: str = "", most: int = 0, **more: Any) -> Schema:
    """A list: with one owner, or with a key by which its items are told apart."""
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": key.split()} if key else {"x-kubernetes-list-type": "atomic"}
    return {"type": "array", "items": items, **keyed, **({"maxItems": most} if most else {}), **more}


SELECTOR: Final = {
    **struct(
        matchLabels=map_of(text()),
        matchExpressions=list_of(struct("key operator", key=text(), operator=text(), values=list_of(text()))),
    ),
    "x-kubernetes-map-type": "atomic",
}


def definition(
    group: str,
    kind: str,
    plural: str,
    parts: Mapping[str, Schema],
    *,
    short: Sequence[str] = (),
    category: str = "",
    versions: Sequence[str] = ("v1",),
    scope: str = "Namespaced",
    columns: Sequence[Column] = (AGE,),
    required: Sequence[str] = ("spec",),
) -> Obj:
    """A definition whose versions, the stored one first, differ in name only; with a part `status` that is written apart."""
    names: Obj = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    names |= {"categories": [category]} if category else {}
    names |= {"shortNames": list(short)} if short else {}
    schema = {"type": "object", "properties": dict(parts), **({"required": list(required)} if required else {})}
    shown = [{"name": name, "type": "date" if name in {"Age", "Last Sync"} else "string", "jsonPath": path} for name, path in columns]
    served = [
        {
            "name": version,
            "served": True,
            "storage": version == versions[0],
            "schema": {"openAPIV3Schema": schema},
            "additionalPrinterColumns": shown,
            **({"subresources": {"status": {}}} if "status" in parts else {}),
        }
        for version in versions
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": scope, "names": names, "versions": served},
    }
