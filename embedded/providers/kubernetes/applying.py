"""Server-side apply: the fields of the inputs are ours, those that we don't send any more go, everybody else's stay.

An object that was created by POST, or by kubectl, has its fields under another manager. Those are taken over first, or the fields that
we leave out would stay for ever.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model import propertypath
from embedded.providers.kubernetes.client import APPLY, JSON_PATCH
from embedded.providers.kubernetes.errors import ApiError
from embedded.providers.kubernetes.naming import MANAGER
from embedded.providers.kubernetes.objects import PATCH_FORCE, is_true

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.providers.kubernetes.client import Client
    from embedded.providers.kubernetes.replacing import Obj, Path

# Managers, by the beginning of their names, whose fields are this provider's or the user's own.
_TAKEN_OVER: Final = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    (MANAGER, "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)
DRY_RUN: Final = {"dryRun": "All"}
# How often an object may change between our reading and our writing it.
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Applied:
    """How to apply: as whom, whom from, by force, and whether only to try."""

    manager: str
    predecessor: str = ""
    force: bool = False
    preview: bool = False
    partial: bool = False  # a *Patch resource: only some fields of an object that is somebody else's

    def params(self, *, force: bool) -> dict[str, str]:
        """The request's parameters."""
        return {"fieldManager": self.manager, "force": str(force).lower()} | (DRY_RUN if self.preview else {})


async def update(client: Client, path: str, live: Obj, inputs: Obj, how: Applied, ignore: list[str], warn: Callable[[str], None]) -> Obj:
    """Bring the live object to the inputs: the object as it then is."""
    if not (how.partial or how.preview):
        live = await _taken_over(client, path, live, how)
    body = _respecting(inputs, live, how.manager, ignore)
    return await client.patch(path, body, APPLY, how.params(force=_forced(body, live, how)), warn)


async def upsert(client: Client, path: str, inputs: Obj, how: Applied, warn: Callable[[str], None]) -> Obj:
    """Apply the inputs whether or not there is such an object."""
    force = how.force or how.preview or is_true(inputs, PATCH_FORCE)
    return await client.patch(path, inputs, APPLY, how.params(force=force), warn)


async def replace(client: Client, path: str, live: Obj, inputs: Obj, how: Applied, warn: Callable[[str], None]) -> Obj:
    """Put the inputs in the live object's place: the whole object, as it must be for a kind's definition."""
    params = {"fieldManager": how.manager} | (DRY_RUN if how.preview else {})
    for last in (*[False] * (TRIES - 1), True):
        metadata = {**inputs["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
        try:
            return await client.replace(path, {**inputs, "metadata": metadata}, params, warn)
        except ApiError as error:
            if last or not error.outdated:
                raise
        live = await client.get(path)
    raise AssertionError("the last try returns or raises")


async def relinquish(client: Client, path: str, obj: Obj, manager: str) -> None:
    """Manage no field of the object any more; those that nobody else manages go."""
    metadata = {k: obj["metadata"][k] for k in ("name", "namespace") if obj["metadata"].get(k)}
    body = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata}
    await client.patch(path, body, APPLY, {"fieldManager": manager})


async def _taken_over(client: Client, path: str, live: Obj, how: Applied) -> Obj:
    """The live object after the fields of our predecessors have become the manager's."""
    for last in (*[False] * (TRIES - 1), True):
        entries = takeover(live["metadata"].get("managedFields") or [], how.manager, how.predecessor)
        if entries is None:
            return live
        # The version is part of the patch, so that what others did since we looked isn't lost.
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        ]
        try:
            return await client.patch(path, patch, JSON_PATCH)
        except ApiError as error:
            if last or not error.outdated:
                raise
        live = await client.get(path)
    raise AssertionError("the last try returns or raises")


def takeover(entries: list[Obj], manager: str, predecessor: str = "") -> list[Obj] | None:
    """The entries with the predecessors' fields under the manager; None if there are no such fields."""
    ours = next((e for e in entries if _is(e, manager)), None)
    theirs = [e for e in entries if e is not ours and _precedes(e, predecessor if predecessor != manager else "")]
    if not theirs:
        return None
    merged = copy.deepcopy(ours or {**theirs[0], "manager": manager, "operation": "Apply"})
    for entry in theirs:
        _merge(merged.setdefault("fieldsV1", {}), entry.get("fieldsV1") or {})
    return [e for e in entries if e is not ours and not any(e is t for t in theirs)] + [merged]


def _is(entry: Obj, manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _precedes(entry: Obj, predecessor: str) -> bool:
    if entry.get("subresource"):
        return False
    if predecessor and _is(entry, predecessor):
        return True
    name, operation = str(entry.get("manager") or ""), entry.get("operation")
    return any(name.startswith(prefix) and operation == theirs for prefix, theirs in _TAKEN_OVER)


def _merge(into: Obj, fields: Obj) -> None:
    for key, inner in fields.items():
        _merge(into.setdefault(key, {}), inner)


def _forced(inputs: Obj, live: Obj, how: Applied) -> bool:
    """Whether to take over fields that others manage."""
    if how.force or is_true(inputs, PATCH_FORCE):
        return True
    entries = live["metadata"].get("managedFields") or []
    if not entries:
        return True  # Made before servers kept account of it.
    # What an update would take over first can't be in a preview's way.
    return how.preview and takeover(entries, how.manager, how.predecessor) is not None


def _respecting(inputs: Obj, live: Obj, manager: str, ignore: list[str]) -> Obj:
    """The inputs without changes at the ignored paths: what others manage is left out, what is ours stays as it is."""
    if not ignore:
        return inputs
    body = copy.deepcopy(inputs)
    entries = live["metadata"].get("managedFields") or []
    ours = [e.get("fieldsV1") or {} for e in entries if e.get("manager") == manager]
    theirs = [e.get("fieldsV1") or {} for e in entries if e.get("manager") != manager]
    for text in ignore:
        path = propertypath.parse(text)
        if not all(isinstance(part, str) and part != "*" for part in path):
            continue  # Fields inside lists are told apart by their keys, not by their places.
        if _manages(theirs, path) and not _manages(ours, path):
            _put(body, path, None)
        elif (value := _at(live, path)) is not None:
            _put(body, path, copy.deepcopy(value))
    return body


def _manages(field_sets: list[Obj], path: Path) -> bool:
    def has(fields: Any) -> bool:
        for part in path:
            fields = fields.get(f"f:{part}") if isinstance(fields, dict) else None
            if fields is None:
                return False
        return True

    return any(has(fields) for fields in field_sets)


def _at(obj: Any, path: Path) -> Any:
    for part in path:
        obj = obj.get(part) if isinstance(obj, dict) else None
    return obj


def _put(obj: Obj, path: Path, value: Any) -> None:
    """Set the value; None takes it away."""
    for part in path[:-1]:
        inner = obj.get(str(part))
        if inner is None and value is not None:
            inner = obj[str(part)] = {}
        if not isinstance(inner, dict):
            return
        obj = inner
    if value is None:
        obj.pop(str(path[-1]), None)
    else:
        obj[str(path[-1])] = value
