"""Whether a configuration is of its type at all: the texts with which server-side apply refuses one that isn't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.cluster.fields.sets import text
from embedded.cluster.fields.typed import element_of
from embedded.cluster.schema.types import ANY

if TYPE_CHECKING:
    from embedded.cluster.schema.types import Type


def typed_errors(type_: Type, value: Any, path: str = "") -> list[str]:
    """What doesn't fit, each with its path; empty when all does. Null fits everywhere."""
    if value is None:
        return []
    match type_.kind:
        case "struct" | "map":
            return _in_map(type_, value, path)
        case "list":
            return _in_list(type_, value, path)
        case "any":
            return []
        case _:
            return [f"{path}: {wrong}"] if (wrong := _scalar(type_, value)) else []


def _in_map(type_: Type, value: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: expected map, got {_shown(value)}"]
    found: list[str] = []
    for name, inner in value.items():
        field = type_.child(name)
        if field is None:
            # The real server stops at the first one, too.
            return [*found, f"{path}.{name}: field not declared in schema"]
        found += typed_errors(field, inner, f"{path}.{name}")
    return found


def _in_list(type_: Type, value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{path}: expected list, got {_shown(value)}"]
    found: list[str] = []
    seen = set()
    for at, item in enumerate(value):
        if type_.list_type == "atomic":
            step = f"[{at}]"
        else:
            try:
                element = element_of(type_, item)
            except ValueError as error:
                return [*found, f"{path}: element {at}: {error}"]
            step = text(element)
            if element in seen:
                found.append(f"{path}: duplicate entries for key {step}")
            seen.add(element)
        found += typed_errors(type_.items or ANY, item, path + step)
    return found


def _scalar(type_: Type, value: Any) -> str:
    match type_.kind:
        case "integer" | "number":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                return f"expected numeric (int or float), got {_go_type(value)}"
        case "string" | "bytes" | "time":
            if not isinstance(value, str):
                return f"expected string, got {_shown(value)}"
        case "boolean":
            if not isinstance(value, bool):
                return f"expected boolean, got {_shown(value)}"
        case _:
            if isinstance(value, (dict, list)):
                return f"expected any scalar, got {_shown(value)}"
    return ""


def _shown(value: Any) -> str:
    return f"&value.valueUnstructured{{Value:{json.dumps(value)}}}"


def _go_type(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case dict():
            return "map[string]interface {}"
        case _:
            return "[]interface {}"
