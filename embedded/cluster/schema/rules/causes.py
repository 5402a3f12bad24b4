"""The causes of an Invalid error, worded as the real server words them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.errors import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable

IMMUTABLE: Final = "field is immutable"
NEGATIVE: Final = "must be greater than or equal to 0"


class Struct(dict[str, Any]):
    """What the real server shows in the order, and by the names, of its own structs."""


def shown(value: Any) -> str:
    """A value as an error shows it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=not isinstance(value, Struct))


def required(field: str, why: str = "") -> Cause:
    """Nothing is there."""
    return Cause("FieldValueRequired", "Required value" + (f": {why}" if why else ""), field)


def invalid(field: str, value: Any, why: str) -> Cause:
    """What is there is wrong."""
    return Cause("FieldValueInvalid", f"Invalid value: {shown(value)}: {why}", field)


def wrong_type(field: str, value: Any, why: str) -> Cause:
    """What is there is of another type."""
    return Cause("FieldValueTypeInvalid", f"Invalid value: {shown(value)}: {why}", field)


def unsupported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    """What is there is none of what may be."""
    listed = ", ".join(json.dumps(s) for s in supported)
    return Cause("FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}", field)


def duplicate(field: str, value: Any) -> Cause:
    """It is there twice."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {shown(value)}", field)


def forbidden(field: str, why: str) -> Cause:
    """It may not be there, or may not change."""
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def missing(field: str, value: Any) -> Cause:
    """What it refers to isn't there."""
    return Cause("FieldValueNotFound", f"Not found: {shown(value)}", field)


def too_long(field: str, most: int) -> Cause:
    """More bytes than may be."""
    return Cause("FieldValueTooLong", f"Too long: may not be more than {most} bytes", field)


def too_many(field: str, number: int, most: int) -> Cause:
    """More items than may be."""
    return Cause("FieldValueTooMany", f"Too many: {number}: must have at most {most} items", field)


def unchanged(field: str, new: Any, old: Any) -> list[Cause]:
    """A field that stays as it was made."""
    return [] if new == old else [invalid(field, new, IMMUTABLE)]


def not_negative(field: str, value: Any) -> list[Cause]:
    """A number that can't be below zero."""
    return [invalid(field, value, NEGATIVE)] if isinstance(value, (int, float)) and value < 0 else []


def each(field: str, value: Any, found: Iterable[str]) -> list[Cause]:
    """A cause for each thing that is wrong with the value."""
    return [invalid(field, value, why) for why in found]
