"""Tables: what `kubectl get` shows. The server makes them, so that clients needn't know the kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.api.tables import cluster, configuration, custom, networking, storage, workloads
from embedded.cluster.api.tables.column import AGE, NAME, UNKNOWN, Row

if TYPE_CHECKING:
    from embedded.cluster.api.tables.column import Column, Columns
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource

_KNOWN: Final[dict[str, Columns]] = {
    **workloads.TABLES,
    **networking.TABLES,
    **configuration.TABLES,
    **storage.TABLES,
    **cluster.TABLES,
}
_USUAL: Final[Columns] = (NAME, AGE)


def table(resource: Resource, items: list[Obj], version: str, include: str, now: float) -> Obj:
    """The objects as rows; `include` says how much of each goes along: None, Metadata or Object."""
    columns = custom.columns(resource) if resource.custom else _KNOWN.get(resource.storage, _USUAL)
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": {},
        "columnDefinitions": [c.definition() for c in columns],
        "rows": [{"cells": [_cell(c, Row(o, now)) for c in columns], **_object(o, include)} for o in items],
    }


def _cell(column: Column, row: Row) -> Any:
    try:
        return column.cell(row)
    except (AttributeError, KeyError, TypeError, ValueError):
        # Somebody wrote a status of a strange shape; that mustn't hide all other objects.
        return UNKNOWN


def _object(obj: Obj, include: str) -> Obj:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": obj}
    return {"object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}}
