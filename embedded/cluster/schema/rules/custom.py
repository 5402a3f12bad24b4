"""Whether a custom resource is what its definition's schema says. Rules in the expression language (CEL) are not evaluated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema.rules.causes import (
    duplicate,
    invalid,
    required,
    shown,
    too_long,
    too_many,
    unsupported,
    wrong_type,
)
from embedded.cluster.schema.types import ANY, Types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.cluster.model.errors import Cause
    from embedded.cluster.schema.types import Type

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?")
# Where the real server says that something is wrong with a combination: it names the place in the text only.
_NOWHERE: Final = "<nil>"
_WORDS: Final = {"struct": "object", "map": "object", "list": "array", "time": "string", "bytes": "string", "quantity": "string"}


def conforms(type_: Type, value: Any, field: str = "") -> list[Cause]:
    """What is wrong with the value, at each place."""
    if value is None:
        return [] if type_.nullable or type_.kind == "any" else [_mistyped(type_, "null", field)]
    given = _kind(value)
    if not _fits(type_, given):
        return [_mistyped(type_, given, field)]
    if type_.kind == "time" and not _TIME.fullmatch(value):
        return [wrong_type(field, value, f"{field} in body must be of type date-time: {shown(value)}")]
    causes = [c for name, limit in type_.rules.items() for c in _broken(name, limit, value, field)]
    if isinstance(value, dict):
        causes += _in_map(type_, value, field)
    elif isinstance(value, list):
        causes += _in_list(type_, value, field)
    return causes


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _fits(type_: Type, given: str) -> bool:
    match type_.kind:
        case "any":
            return True
        case "int-or-string":
            return given in {"integer", "string"}
        case "number":
            return given in {"integer", "number"}
        case kind:
            return given == _WORDS.get(kind, kind)


def _mistyped(type_: Type, given: str, field: str) -> Cause:
    wanted = "integer,string" if type_.kind == "int-or-string" else _WORDS.get(type_.kind, type_.kind)
    return wrong_type(field or "<nil>", given, f"{field} in body must be of type {wanted}: {shown(given)}")


def _in_map(type_: Type, value: dict[str, Any], field: str) -> list[Cause]:
    prefix = f"{field}." if field else ""
    causes = [required(prefix + name) for name in sorted(type_.required - value.keys())]
    for name, inner in value.items():
        if not field and name in {"metadata", "apiVersion", "kind"}:
            continue
        if (below := type_.child(name)) is not None:
            causes += conforms(below, inner, prefix + name)
    return causes


def _in_list(type_: Type, value: list[Any], field: str) -> list[Cause]:
    causes = []
    items = type_.items or ANY
    seen: list[Any] = []
    for at, item in enumerate(value):
        causes += conforms(items, item, f"{field}[{at}]")
        key = _key(type_, item)
        if key is not None:
            if key in seen:
                causes.append(duplicate(f"{field}[{at}]", key))
            seen.append(key)
    return causes


def _key(type_: Type, item: Any) -> Any:
    if type_.list_type == "set":
        return item
    if type_.list_type == "map" and isinstance(item, dict):
        return {k: item[k] for k in type_.map_keys if k in item}
    return None


def _broken(rule: str, limit: Any, value: Any, field: str) -> list[Cause]:
    if rule == "enum":
        return [] if value in limit else [unsupported(field, value, [v if isinstance(v, str) else shown(v) for v in limit])]
    if rule == "maxItems" or rule == "maxProperties":  # noqa: PLR1714 - each is one of the schema's words
        over = isinstance(value, (list, dict)) and len(value) > limit
        return [too_many(field, len(value), limit)] if over else []
    if rule == "maxLength":
        return [too_long(field, limit)] if isinstance(value, str) and len(value) > limit else []
    if rule in _COMBINED:
        return _combined(rule, limit, value, field)
    if rule not in _CHECKS:
        return []
    check, text = _CHECKS[rule]
    if check(value, limit):
        return []
    given = len(value) if rule in {"minItems", "minProperties"} else value
    return [invalid(field, given, f"{field} in body {text.format(limit)}")]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _matches(pattern: str, value: str) -> bool:
    """Patterns are Go's, where the flag for either case may stand anywhere."""
    flag = "(?i)"
    return re.search(pattern.replace(flag, ""), value, re.IGNORECASE if flag in pattern else 0) is not None


_CHECKS: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str]]] = {
    "minimum": (lambda v, n: not _is_number(v) or v >= n, "should be greater than or equal to {}"),
    "maximum": (lambda v, n: not _is_number(v) or v <= n, "should be less than or equal to {}"),
    "multipleOf": (lambda v, n: not _is_number(v) or v % n == 0, "should be a multiple of {}"),
    "minLength": (lambda v, n: not isinstance(v, str) or len(v) >= n, "should be at least {} chars long"),
    "minItems": (lambda v, n: not isinstance(v, list) or len(v) >= n, "should have at least {} items"),
    "minProperties": (lambda v, n: not isinstance(v, dict) or len(v) >= n, "should have at least {} properties"),
    "pattern": (lambda v, form: not isinstance(v, str) or _matches(form, v), "should match '{}'"),
}
_COMBINED: Final = frozenset({"allOf", "anyOf", "oneOf", "not"})
# What is inside these has no types of its own in a structural schema: it only narrows.
_NARROWING: Final = Types({})


def _combined(rule: str, schemas: Any, value: Any, field: str) -> list[Cause]:
    if rule == "not":
        return [] if _narrowed(schemas, value, field) else [invalid(_NOWHERE, "", f"{shown(field)} must not validate the schema (not)")]
    found = [_narrowed(s, value, field) for s in schemas]
    if rule == "allOf":
        return [c for causes in found for c in causes]
    valid = sum(not causes for causes in found)
    if rule == "anyOf":
        return [] if valid else [invalid(_NOWHERE, "", f"{shown(field)} must validate at least one schema (anyOf)"), *found[0]]
    if valid == 1:
        return []
    why = "Found none valid" if not valid else f"Found {valid} valid alternatives"
    return [invalid(_NOWHERE, "", f"{shown(field)} must validate one and only one schema (oneOf). {why}"), *([] if valid else found[0])]


def _narrowed(schema: Mapping[str, Any], value: Any, field: str) -> list[Cause]:
    prefix = f"{field}." if field else ""
    causes = []
    if isinstance(value, dict):
        causes += [required(prefix + name) for name in schema.get("required", ()) if name not in value]
        for name, inner in (schema.get("properties") or {}).items():
            if name in value:
                causes += _narrowed(inner, value[name], prefix + name)
    if "type" in schema:
        read = _NARROWING.read({k: schema[k] for k in ("type", "format") if k in schema})
        causes += [] if value is None or _fits(read, _kind(value)) else [_mistyped(read, _kind(value), field)]
    for rule, limit in schema.items():
        if rule not in {"required", "properties", "type", "format"}:
            causes += _broken(rule, limit, value, field)
    return causes
