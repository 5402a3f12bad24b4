"""Strategic merge patches: merge patches that know how a kind's lists go together.

A list whose type has a merge key is merged item by item, other lists are replaced, and directives in the patch say what can't be said by
values: `$patch` (delete, replace, merge), `$retainKeys`, `$setElementOrder/<list>` and `$deleteFromPrimitiveList/<list>`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.errors import bad_request
from embedded.cluster.model.objects import clone
from embedded.cluster.schema.types import ANY

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.types import Type

_PATCH: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_ORDER: Final = "$setElementOrder/"
_DELETE: Final = "$deleteFromPrimitiveList/"


def strategic_merge(type_: Type, live: Obj, patch: Obj) -> Obj:
    """The patched object; shares nothing with the live one."""
    return _map(type_, clone(live), clone(patch))


def _map(type_: Type, live: Obj, patch: Obj) -> Obj:
    directive = patch.pop(_PATCH, "merge")
    if directive == "replace":
        whole: Obj = _plain(patch)
        return whole
    if directive == "delete":
        return {}
    if directive != "merge":
        raise bad_request(f"{_PATCH}: {directive!r} is none of delete, merge, replace")
    live = _retained(live, patch)
    orders = {k.removeprefix(_ORDER): patch.pop(k) for k in list(patch) if k.startswith(_ORDER)}
    for key in [k for k in patch if k.startswith(_DELETE)]:
        name, gone = key.removeprefix(_DELETE), patch.pop(key)
        live[name] = [item for item in live.get(name) or [] if item not in gone]
    for name, value in patch.items():
        if value is None:
            live.pop(name, None)
        else:
            live[name] = _value(type_.child(name) or ANY, live.get(name), value, name)
    for name, order in orders.items():
        if isinstance(live.get(name), list):
            key = (type_.child(name) or ANY).merge_key
            live[name] = _ordered(live[name], order, list(live[name]), key)
    return live


def _retained(live: Obj, patch: Obj) -> Obj:
    """What the patch lets stand of the map, whatever it changes in it."""
    retained = patch.pop(_RETAIN, None)
    if retained is None:
        return live
    if any(v is not None and k not in retained and not k.startswith("$") for k, v in patch.items()):
        raise bad_request("invalid patch format of retainKeys")
    return {k: v for k, v in live.items() if k in retained}


def _value(type_: Type, live: Any, patch: Any, name: str) -> Any:
    if isinstance(patch, dict):
        base = live if isinstance(live, dict) and "replace" not in type_.strategies else {}
        return _map(type_, base, patch)
    if isinstance(patch, list) and "merge" in type_.strategies:
        return _list(type_, live if isinstance(live, list) else [], patch, name)
    return _plain(patch)


def _list(type_: Type, live: list[Any], patch: list[Any], name: str) -> list[Any]:
    if any(isinstance(item, list) for item in (*live, *patch)):
        raise bad_request(f"{name}: a list of lists can't be merged")
    if not any(isinstance(item, dict) for item in (*live, *patch)):
        both = list(dict.fromkeys([*live, *patch]))
        return _ordered(both, patch, live, "")
    key = type_.merge_key
    if any(isinstance(item, dict) and item.get(_PATCH) == "replace" for item in patch):
        return [_plain(item) for item in patch if _PATCH not in item]
    merged = {_key(item, key, name): item for item in live}
    for item in patch:
        at = _key(item, key, name)
        if item.get(_PATCH) == "delete":
            merged.pop(at, None)
        else:
            merged[at] = _map(type_.items or ANY, merged.get(at, {}), item)
    return _ordered(list(merged.values()), patch, live, key)


def _key(item: Any, key: str, name: str) -> Any:
    if not isinstance(item, dict) or key not in item:
        raise bad_request(f"map: {item} does not contain declared merge key: {key} (in {name})")
    if isinstance(item[key], (dict, list)):
        raise bad_request(f"{name}: {key} is what tells the items apart, so it can't be {item[key]}")
    return item[key]


def _ordered(items: list[Any], wanted: list[Any], live: list[Any], key: str) -> list[Any]:
    """Those that the patch names in its order; between them the others, each before what it stood before so far."""

    def identity(item: Any) -> Any:
        return item.get(key) if isinstance(item, dict) and key else item

    order = {identity(item): at for at, item in reversed(list(enumerate(wanted)))}
    before = {identity(item): at for at, item in reversed(list(enumerate(live)))}
    named = sorted((i for i in items if identity(i) in order), key=lambda i: order[identity(i)])
    others = sorted((i for i in items if identity(i) not in order), key=lambda i: before.get(identity(i), len(before)))
    out = []
    while named and others:
        mine, theirs = before.get(identity(others[0])), before.get(identity(named[0]))
        out.append((others if mine is not None and theirs is not None and mine < theirs else named).pop(0))
    return out + named + others


def _plain(value: Any) -> Any:
    """A value that takes a place of its own: what it says about deleting has nothing to delete."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    if isinstance(value, list):
        return [_plain(v) for v in value if not (isinstance(v, dict) and v.get(_PATCH) == "delete")]
    return value
