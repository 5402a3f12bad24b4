"""Conditions: a status's list of what holds and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj


def find(conditions: list[Obj], type_: str) -> Obj | None:
    """The condition of that type."""
    return next((c for c in conditions if c["type"] == type_), None)


def without(conditions: list[Obj], type_: str) -> list[Obj]:
    """All others."""
    return [c for c in conditions if c["type"] != type_]


def put(conditions: list[Obj], new: Obj, now: str) -> list[Obj]:
    """The conditions with this one in its place (or last); the time of its transition stays while its status does."""
    old = find(conditions, new["type"])
    same = old is not None and old["status"] == new["status"]
    full = new | {"lastTransitionTime": old.get("lastTransitionTime", now) if same and old is not None else now}
    return [full if c["type"] == new["type"] else c for c in conditions] if old is not None else [*conditions, full]
