"""The columns of custom resources, as their definition says them: a name, a type, and a JSON path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.cluster.api.tables.column import AGE, NAME, Column
from embedded.cluster.api.tables.jsonpath import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.api.tables.column import Columns, Row
    from embedded.cluster.schema.resource import Resource


def columns(resource: Resource) -> Columns:
    """Its columns; its age if the definition says none."""
    if not resource.columns:
        return (NAME, AGE)
    return (NAME, *(_column(given) for given in resource.columns))


def _column(given: Mapping[str, Any]) -> Column:
    path, type_ = given["jsonPath"], given.get("type", "string")

    def cell(row: Row) -> Any:
        found = find(row.obj, path)
        if not found:
            return None if type_ in {"integer", "number", "boolean"} else ""
        if type_ == "date":
            return row.since(str(found[0]))
        if type_ in {"integer", "number", "boolean"}:
            return found[0]
        return ",".join(_text(value) for value in found)

    return Column(given["name"], cell, type_, always=not given.get("priority"), format=given.get("format", ""))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
