"""`metadata.managedFields`: who owns which fields of an object, by which operation, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.fields import typed
from embedded.cluster.fields.sets import NOTHING, difference, of_paths, ordered, union, without
from embedded.cluster.model.objects import meta_of
from embedded.cluster.schema.shape import zero_of

if TYPE_CHECKING:
    from embedded.cluster.fields.sets import Fields
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.schema.types import Type

Entries = list[dict[str, Any]]
# More managers than these by plain updates, and the oldest become one.
MOST_UPDATERS: Final = 10
ANCIENT: Final = "ancient-changes"
BEFORE_FIRST_APPLY: Final = "before-first-apply"
# What the server itself sees to is nobody's.
_UNOWNED: Final = of_paths(
    ("apiVersion",),
    ("kind",),
    ("metadata",),
    *(("metadata", name) for name in ("name", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion")),
    *(("metadata", name) for name in ("managedFields", "selfLink", "clusterName")),
)
_STATUS: Final = of_paths(("status",))
_NOT_STATUS: Final = of_paths(("spec",), ("metadata", "labels"))
_NOT_STATUS_OF_CUSTOM: Final = of_paths(("spec",), ("metadata",))


@dataclass(frozen=True, slots=True)
class Manager:
    """Who writes, and how. For an apply the version is left out: it is the same manager in all of them."""

    name: str
    operation: str
    api_version: str = ""
    subresource: str = ""

    def identity(self) -> tuple[str, str, str, str]:
        """What managers are sorted by."""
        return (self.name, self.operation, self.api_version, self.subresource)

    def text(self) -> str:
        """As conflicts name it."""
        name = f'"{self.name}"' + (f' with subresource "{self.subresource}"' if self.subresource else "")
        return f"{name} using {self.api_version}" if self.operation == "Update" else name


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a manager owns."""

    fields: Fields
    time: str
    api_version: str


Managed = dict[Manager, Ownership]


def ignored_fields(resource: Resource, subresource: str = "") -> Fields:
    """The fields that a request can't set: the status, unless by the sub-resource, and then all the rest."""
    if not resource.has_status:
        return NOTHING
    if subresource != "status":
        return _STATUS
    return _NOT_STATUS_OF_CUSTOM if resource.custom else _NOT_STATUS


def stripped(obj: Obj) -> Obj:
    """The object without its managedFields; all else is shared."""
    metadata = meta_of(obj)
    return {**obj, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}} if "managedFields" in metadata else obj


def ownable(fields: Fields) -> Fields:
    """Fields without those that nobody can own."""
    return difference(fields, _UNOWNED)


def decode(obj: Obj) -> Managed:
    """Who owns what in an object. Entries that can't be understood own nothing."""
    found: Managed = {}
    for entry in meta_of(obj).get("managedFields") or []:
        operation, version = entry.get("operation"), entry.get("apiVersion")
        if operation in {"Apply", "Update"} and version and entry.get("fieldsType") == "FieldsV1":
            known_by = version if operation == "Update" else ""
            manager = Manager(entry.get("manager") or "", operation, known_by, entry.get("subresource") or "")
            found[manager] = Ownership(entry.get("fieldsV1") or {}, entry.get("time") or "", version)
    return found


def encode(managed: Managed) -> Entries:
    """As an object carries it: by operation, time and name."""
    known = sorted(managed.items(), key=lambda item: (item[0].operation, item[1].time, item[0].identity()))
    return [_entry(manager, owned) for manager, owned in known]


def _entry(manager: Manager, owned: Ownership) -> dict[str, Any]:
    entry = {
        "apiVersion": owned.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": ordered(owned.fields),
        "manager": manager.name,
        "operation": manager.operation,
    }
    if manager.subresource:
        entry["subresource"] = manager.subresource
    return entry | {"time": owned.time} if owned.time else entry


def disowned(managed: Managed, taken: Fields) -> Managed:
    """The managers without fields that are now somebody else's or gone; who has none left isn't a manager any more."""
    if not taken:
        return dict(managed)
    out = {}
    for manager, owned in managed.items():
        left = difference(owned.fields, taken)
        if left:
            out[manager] = Ownership(left, owned.time, owned.api_version)
    return out


def before_first_apply(type_: Type, live: Obj, api_version: str, ignored: Fields) -> Managed:
    """The owner of what was there before anybody kept account."""
    fields = ownable(without(typed.compare(type_, {}, live).added, ignored))
    return {Manager(BEFORE_FIRST_APPLY, "Update", api_version): Ownership(fields, "", api_version)} if fields else {}


def updated(
    type_: Type,
    live: Obj | None,
    new: Obj,
    manager: str,
    api_version: str,
    *,
    stamp: str,
    subresource: str = "",
    ignored: Fields = NOTHING,
) -> Entries:
    """The managedFields of an object that was created, updated or patched: the manager owns what it changed.

    `live` is None when the object is new. The new object's own managedFields count, so that a client may clear or hand over ownership.
    """
    known = _starting_point(live, new, subresource)
    if not known and live is not None:
        return []
    before, after = stripped(live) if live is not None else _empty(type_, new), stripped(new)
    change = typed.compare(type_, before, after)
    me = Manager(manager or "unknown", "Update", api_version, subresource)
    written, removed = without(change.written, ignored), without(change.removed, ignored)
    managed = disowned(known, union(written, removed))
    mine = ownable(written)
    if mine:
        previous = managed[me].fields if me in managed else NOTHING
        managed[me] = Ownership(union(previous, mine), stamp, api_version)
    return encode(_capped(managed))


def _starting_point(live: Obj | None, new: Obj, subresource: str) -> Managed:
    if subresource:
        return decode(live) if live else {}
    given = meta_of(new).get("managedFields")
    if given is not None and (not given or given == [{}]):
        return {}
    return decode(new) or (decode(live) if live else {})


def _empty(type_: Type, new: Obj) -> Obj:
    """An object of which nothing is set yet.

    What is there nevertheless isn't owned by who first puts something into it: structs that are always there, and fields that are written
    even when they hold nothing.
    """
    out: Obj = {}
    for name, inner in new.items():
        field = type_.fields.get(name)
        if field is None:
            continue
        if field.always and isinstance(inner, dict):
            out[name] = _empty(field, inner)
        elif field.zero == "write":
            out[name] = type(inner)() if isinstance(inner, (dict, list)) else zero_of(field)
    return out


def _capped(managed: Managed) -> Managed:
    updaters = sorted((m for m in managed if m.operation == "Update"), key=lambda m: (managed[m].time, m.identity()))
    first: dict[str, Manager] = {}
    too_many = len(updaters) - MOST_UPDATERS
    for manager in updaters:
        if too_many <= 0:
            break
        owned = managed[manager]
        bucket = Manager(ANCIENT, "Update", owned.api_version)
        if (earlier := first.setdefault(owned.api_version, manager)) is manager:
            continue
        if bucket not in managed:
            managed[bucket] = managed.pop(earlier)
        managed[bucket] = Ownership(union(managed[bucket].fields, owned.fields), owned.time, owned.api_version)
        if manager != bucket:
            del managed[manager]
        too_many -= 1
    return managed
