"""What becomes of a body before it is an object: fields that its kind doesn't have, and values that can't be what they should."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.errors import bad_request
from embedded.cluster.model.quantities import quantity

if TYPE_CHECKING:
    from embedded.cluster.model.errors import StatusError
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.schema.types import Type

_FOUND: Final = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}


class _MismatchError(Exception):
    """A value of a built-in kind that can't be read."""


def unknown_fields(resource: Resource, obj: Obj) -> list[str]:
    """The paths of fields that the kind doesn't have, `spec.template.spec.containers[0].imagee`.

    400 when an object of a built-in kind can't be read at all; custom ones are looked at by `validate`, which says all that is wrong.
    """
    found: list[str] = []
    try:
        _walk(resource.type, obj, "", found, strict=not resource.custom)
        if resource.custom and (metadata := resource.type.child("metadata")) is not None:
            _walk(metadata, obj.get("metadata"), "metadata", [], strict=True)
    except _MismatchError as mismatch:
        raise _unreadable(resource, str(mismatch)) from mismatch
    return found


def prune(resource: Resource, obj: Obj) -> None:
    """Take out, in place, what the kind doesn't have."""
    _prune(resource.type, obj)


def _unreadable(resource: Resource, why: str) -> StatusError:
    return bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}')


def _walk(type_: Type, value: Any, path: str, found: list[str], *, strict: bool, struct: str = "") -> None:
    """Look at what is inside a value; `struct` is the one that the path's last field is in."""
    struct = type_.name if type_.kind == "struct" else struct
    match type_.kind:
        case "struct" | "map" if isinstance(value, dict):
            for name, inner in value.items():
                below = type_.child(name)
                where = f"{path}.{name}" if path else name
                if below is None:
                    found.append(where)
                elif inner is not None:
                    # Go names the field that holds a map, not the map's keys.
                    _descend(below, inner, where, found, struct, path if type_.kind == "map" else where, strict=strict)
        case "list" if isinstance(value, list):
            if type_.items is not None:
                for at, item in enumerate(value):
                    if item is not None:
                        _descend(type_.items, item, f"{path}[{at}]", found, struct, path, strict=strict)


def _descend(type_: Type, value: Any, path: str, found: list[str], struct: str, field: str, *, strict: bool) -> None:
    if isinstance(value, (dict, list)) and type_.kind in {"struct", "map", "list"}:
        if strict and isinstance(value, dict) == (type_.kind == "list"):
            raise _mismatched(type_, value, field, struct)
        _walk(type_, value, path, found, strict=strict, struct=struct)
    elif strict and (why := _unreadable_scalar(type_, value)):
        raise _MismatchError(why) if why != _OTHER else _mismatched(type_, value, field, struct)


_OTHER: Final = "of another type"


def _unreadable_scalar(type_: Type, value: Any) -> str:
    match type_.kind:
        case "string":
            fits = isinstance(value, str)
        case "boolean":
            fits = isinstance(value, bool)
        case "integer":
            fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value) and _is_within(type_, value)
        case "number":
            fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        case "int-or-string":
            fits = isinstance(value, (int, str)) and not isinstance(value, bool)
        case "quantity":
            return _unreadable_quantity(value)
        case "bytes":
            return _unreadable_bytes(value)
        case "time":
            fits = isinstance(value, str)
        case "any":
            fits = True
        case _:
            fits = False
    return "" if fits else _OTHER


def _is_within(type_: Type, value: float) -> bool:
    return type_.rules.get("format") != "int32" or -(2**31) <= value < 2**31


def _unreadable_quantity(value: Any) -> str:
    try:
        quantity(value)
    except (ValueError, TypeError):
        return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    return ""


def _unreadable_bytes(value: Any) -> str:
    if not isinstance(value, str):
        return _OTHER
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        good = next((at for at, sign in enumerate(value) if not (sign.isalnum() or sign in "+/=")), len(value) // 4 * 4)
        return f"illegal base64 data at input byte {good}"
    return ""


def _mismatched(type_: Type, value: Any, path: str, struct: str) -> _MismatchError:
    field = ".".join(step.partition("[")[0] for step in path.split("."))
    given = _FOUND.get(type(value), "null")
    if type_.kind == "integer" and given == "number":
        given = f"number {value}"
    return _MismatchError(
        f"json: cannot unmarshal {given} into Go struct field {struct.rpartition('.')[2]}.{field} of type {_go_type(type_)}"
    )


def _go_type(type_: Type) -> str:
    match type_.kind:
        case "struct":
            return f"v1.{type_.name.rpartition('.')[2]}"
        case "list":
            return f"[]{_go_type(type_.items)}" if type_.items else "[]interface {}"
        case "map":
            return f"map[string]{_go_type(type_.items)}" if type_.items else "map[string]interface {}"
        case "integer":
            return str(type_.rules.get("format", "int64"))
        case "number":
            return "float64"
        case "boolean":
            return "bool"
        case "bytes":
            return "[]uint8"
        case _:
            return "string"


def _prune(type_: Type, value: Any) -> None:
    if isinstance(value, dict) and type_.kind in {"struct", "map"}:
        for name in list(value):
            below = type_.child(name)
            if below is None:
                del value[name]
            else:
                _prune(below, value[name])
    elif isinstance(value, list) and type_.items is not None:
        for item in value:
            _prune(type_.items, item)
