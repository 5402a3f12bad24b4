"""How the real server writes what it read: objects in the shape of their type, whatever form the client chose.

Built-in kinds pass through structs there: a null is as good as nothing, optional lists and maps without items vanish, structs that are
always there appear, quantities get their canonical spelling. Custom resources keep what they are, and get their definition's defaults.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.objects import clone
from embedded.cluster.model.quantities import quantity
from embedded.cluster.schema.types import UNSET

if TYPE_CHECKING:
    from fractions import Fraction

    from embedded.cluster.schema.types import Type

_DECIMAL: Final = (("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6), ("k", 3), ("", 0), ("m", -3), ("u", -6), ("n", -9))
_BINARY: Final = (("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10))
_EXPONENT: Final = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")
# What the server writes for a field that holds nothing.
_ZEROS: Final[dict[str, Any]] = {"string": "", "integer": 0, "number": 0, "boolean": False, "quantity": "0"}
# What a null is where it can't be left out.
_EMPTY: Final[dict[str, Any]] = {**_ZEROS, "struct": {}, "map": {}}
Plan = tuple[tuple[str, Any, "Type | None"], ...]


@lru_cache(maxsize=4096)
def canonical(text: str | float) -> str:
    """A quantity as the real server spells it: `1000m` is `1`, `0.5Gi` is `512Mi`."""
    number = quantity(text)
    if isinstance(text, str) and _EXPONENT.fullmatch(text):
        return text
    if isinstance(text, str) and text.endswith("i") and abs(number) >= 1024:
        for suffix, power in _BINARY:
            if (number / 2**power).denominator == 1:
                return f"{number / 2**power}{suffix}"
    return _decimal(number)


def _decimal(number: Fraction) -> str:
    if not number:
        return "0"
    for suffix, power in _DECIMAL:
        scaled = number / 10**power if power >= 0 else number * 10**-power
        if scaled.denominator == 1:
            return f"{scaled}{suffix}"
    # No finer than nano: what is left is rounded up.
    return f"{-(-number * 10**9 // 1)}n"


def tidy(type_: Type, value: dict[str, Any]) -> None:
    """Bring an object of a built-in type into the shape in which the server keeps it; its status stays as it is."""
    for name in list(value):
        if name != "status":
            _tidy_field(type_, value, name)


def drop_nulls(type_: Type, value: dict[str, Any]) -> None:
    """Take the nulls out of a custom resource, in place, where its definition doesn't allow any."""
    for name, inner in list(value.items()):
        field = type_.child(name)
        if field is None or field.kind == "any":
            continue
        if inner is None and not field.nullable and field.default is UNSET:
            del value[name]
        elif isinstance(inner, dict):
            drop_nulls(field, inner)
        elif isinstance(inner, list) and field.items is not None:
            for item in inner:
                if isinstance(item, dict):
                    drop_nulls(field.items, item)


def _tidy_field(type_: Type, parent: dict[str, Any], name: str) -> None:
    value = parent[name]
    field = type_.child(name)
    if field is None:
        return
    if value is None:
        if field.zero != "write":
            del parent[name]
    elif isinstance(value, (dict, list)):
        if not value and field.kind in {"map", "list"} and name not in type_.required:
            _put_empty(field, parent, name)
        elif isinstance(value, dict):
            _tidy_map(field, value)
        elif field.items is not None:
            _tidy_items(field.items, value)
    elif field.zero == "omit" and not value and field.kind in _ZEROS:
        del parent[name]
    elif field.kind in {"quantity", "integer"}:
        parent[name] = _scalar(field, value)


def _put_empty(field: Type, parent: dict[str, Any], name: str) -> None:
    """An empty list or map is null where it is written at all."""
    if field.zero == "write":
        parent[name] = None
    else:
        del parent[name]


def _tidy_map(type_: Type, value: dict[str, Any]) -> None:
    if type_.kind == "struct":
        for name in list(value):
            _tidy_field(type_, value, name)
    elif type_.kind == "map" and type_.items is not None:
        for name, inner in value.items():
            if inner is None and type_.items.kind in _EMPTY:
                value[name] = clone(_EMPTY[type_.items.kind])
            elif isinstance(inner, dict):
                _tidy_map(type_.items, inner)
            elif isinstance(inner, list) and type_.items.items is not None:
                _tidy_items(type_.items.items, inner)
            elif type_.items.kind in {"quantity", "integer"}:
                value[name] = _scalar(type_.items, inner)


def _tidy_items(type_: Type, values: list[Any]) -> None:
    for at, item in enumerate(values):
        if item is None and type_.kind in _EMPTY:
            # In a list a null can't be left out: it is the empty value.
            values[at] = clone(_EMPTY[type_.kind])
        elif isinstance(item, dict):
            _tidy_map(type_, item)
        elif type_.kind in {"quantity", "integer"}:
            values[at] = _scalar(type_, item)


def _scalar(type_: Type, value: Any) -> Any:
    if type_.kind == "quantity":
        try:
            return canonical(value)
        except ValueError:
            return value  # validation will say so
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fill(type_: Type, value: dict[str, Any], *, skip: str = "") -> None:
    """Put in what the type says is there when nobody gives it; nothing is put into the field `skip`."""
    for name, default, below in _plan(type_):
        if name == skip:
            continue
        inner = value.get(name, UNSET)
        if default is not UNSET and (inner is UNSET or (inner is None and below is not None and not below.nullable)):
            inner = value[name] = clone(default)
        if below is None:
            continue
        if isinstance(inner, dict):
            _fill_map(below, inner)
        elif isinstance(inner, list):
            _fill_items(below, inner)


def _fill_map(type_: Type, value: dict[str, Any]) -> None:
    if type_.kind == "struct":
        fill(type_, value)
    elif type_.kind == "map" and type_.items is not None:
        for inner in value.values():
            if isinstance(inner, dict):
                _fill_map(type_.items, inner)
            elif isinstance(inner, list):
                _fill_items(type_.items, inner)


def _fill_items(type_: Type, values: list[Any]) -> None:
    if type_.items is not None:
        for item in values:
            if isinstance(item, dict):
                _fill_map(type_.items, item)


@lru_cache(maxsize=4096)
def _plan(type_: Type) -> Plan:
    """The fields to look at: those with a default, and those that may have such fields inside."""
    found = []
    for name, field in type_.fields.items():
        written = field.zero == "write" and not (name in type_.required and field.items is not None)
        default = zero_of(field) if field.default is UNSET and written else field.default
        fills = _fills(field, frozenset())
        if fills or default is not UNSET:
            found.append((name, default, field if fills or field.default is not UNSET else None))
    return tuple(found)


def zero_of(type_: Type) -> Any:
    """What is written for a field of the type that holds nothing; `UNSET` when there is no such thing."""
    if type_.kind in {"list", "map", "time"}:
        return None
    return _ZEROS.get(type_.kind, UNSET)


def _fills(type_: Type, seen: frozenset[str]) -> bool:
    """Whether anything inside may have to be put in."""
    if type_.name and type_.name in seen:
        return False
    seen |= {type_.name}
    if any(f.default is not UNSET or f.zero == "write" for f in type_.fields.values()):
        return True
    return any(_fills(f, seen) for f in type_.fields.values()) or (type_.items is not None and _fills(type_.items, seen))
