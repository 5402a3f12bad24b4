"""What server-side apply does with objects of a known type: lists their fields, compares them, merges them, takes fields out.

All four go by the same rules. A scalar, an atomic list or an atomic map is one field; what structs, maps, and lists whose items have keys
consist of are fields of their own.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from embedded.cluster.fields.sets import MEMBER, NOTHING, SELF, is_member, union, with_self
from embedded.cluster.schema.types import ANY, UNSET

if TYPE_CHECKING:
    from embedded.cluster.fields.sets import Fields
    from embedded.cluster.schema.types import Type

_ABSENT: Final = object()


class Comparison(NamedTuple):
    """How a new object differs from an old one."""

    removed: Fields
    modified: Fields
    added: Fields

    @property
    def written(self) -> Fields:
        """The fields that have another value now."""
        return union(self.modified, self.added)


def element_of(type_: Type, item: Any) -> str:
    """The path element of an item of a list that isn't atomic. ValueError when the item can't have one."""
    if type_.list_type == "set":
        if isinstance(item, (dict, list)) or item is None:
            raise ValueError("a set's items must be plain values")
        return "v:" + json.dumps(item, ensure_ascii=False)
    if not isinstance(item, dict):
        raise ValueError("associative list with keys may not have non-map elements")  # noqa: TRY004 - as for all other items
    keys = {}
    for name in type_.map_keys:
        value = item.get(name, _ABSENT)
        if value is _ABSENT and type_.items is not None and (field := type_.items.child(name)) is not None:
            value = _ABSENT if field.default is UNSET else field.default
        if value is not _ABSENT:
            keys[name] = value
    if not keys:
        names = " ".join(json.dumps(name) for name in type_.map_keys)
        lacking = f"omits all key fields [{names}] (and doesn't have default values for any key fields)"
        raise ValueError(f"associative list with keys has an element that {lacking}")
    return "k:" + json.dumps(keys, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _is_leaf(type_: Type, value: Any) -> bool:
    """Whether a value of the type is one field, however it looks inside."""
    match type_.kind:
        case "struct" | "map":
            return type_.atomic or not isinstance(value, dict)
        case "list":
            return type_.list_type == "atomic" or not isinstance(value, list)
        case "any":
            return type_.atomic or not isinstance(value, dict)
        case _:
            return True


def _inside(type_: Type, name: str) -> Type:
    return type_.child(name) or ANY


def _items(type_: Type) -> Type:
    return type_.items or ANY


def _indexed(type_: Type, values: list[Any]) -> dict[str, Any]:
    """A list's items by their path elements. Of items with the same one only the fact remains, as `_ABSENT`."""
    found: dict[str, Any] = {}
    for item in values:
        element = element_of(type_, item)
        found[element] = _ABSENT if element in found else item
    return found


def fields_of(type_: Type, value: dict[str, Any]) -> Fields:
    """The fields that an applied configuration owns."""
    out: Fields = {}
    named = type_.fields
    for name, inner in value.items():
        field = _inside(type_, name)
        if _is_leaf(field, inner):
            out["f:" + name] = MEMBER
            continue
        node = _owned(field, inner)
        # A struct isn't owned for the sake of what is in it; a map's entry is.
        if name not in named or inner == {}:
            node = with_self(node)
        elif not node:
            continue
        out["f:" + name] = node
    return out


def _owned(type_: Type, value: Any) -> Fields:
    if isinstance(value, dict):
        return fields_of(type_, value)
    items = _items(type_)
    found = _indexed(type_, value).items()
    return {e: MEMBER if v is _ABSENT or _is_leaf(items, v) else with_self(_owned(items, v)) for e, v in found}


def compare(type_: Type, old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """How the new object differs from the old one."""
    out = Comparison({}, {}, {})
    _compare_maps(type_, old, new, out)
    return out


def _compare_maps(type_: Type, old: dict[str, Any], new: dict[str, Any], out: Comparison) -> None:
    for name, before in old.items():
        after = new.get(name, _ABSENT)
        if before is not after and (after is _ABSENT or before != after):
            _compare(_inside(type_, name), "f:" + name, before, after, out)
    for name, after in new.items():
        if name not in old:
            _compare(_inside(type_, name), "f:" + name, _ABSENT, after, out)


def _compare(type_: Type, element: str, before: Any, after: Any, out: Comparison) -> None:
    if after is _ABSENT:
        out.removed[element] = _everything(type_, before)
    elif before is _ABSENT:
        out.added[element] = _everything(type_, after)
    elif not (before or after) or _is_leaf(type_, before or after):
        out.modified[element] = MEMBER
    else:
        # Null is as good as empty, next to a value that has something in it.
        before, after = before or type(after)(), after or type(before)()
        if type(before) is not type(after):
            # Nothing is known of the type, and now something quite different is there.
            out.modified[element] = MEMBER
            return
        below = Comparison({}, {}, {})
        if isinstance(before, dict):
            _compare_maps(type_, before, after, below)
        else:
            _compare_lists(type_, before, after, below)
        for mine, theirs in zip(out, below, strict=True):
            if theirs:
                mine[element] = theirs


def _compare_lists(type_: Type, old: list[Any], new: list[Any], out: Comparison) -> None:
    before, after, items = _indexed(type_, old), _indexed(type_, new), _items(type_)
    for element in before.keys() | after.keys():
        one, other = before.get(element, NOTHING), after.get(element, NOTHING)
        if one is _ABSENT or other is _ABSENT:
            # Items that can't be told apart are looked at as one.
            if [i for i in old if element_of(type_, i) == element] != [i for i in new if element_of(type_, i) == element]:
                out.modified[element] = MEMBER
        elif element not in after or element not in before or one != other:
            _compare(items, element, before.get(element, _ABSENT), after.get(element, _ABSENT), out)


def _everything(type_: Type, value: Any) -> Fields:
    """The node of a value that is there as a whole, or gone as a whole."""
    if _is_leaf(type_, value) or not value:
        return MEMBER
    if isinstance(value, dict):
        return with_self({"f:" + name: _everything(_inside(type_, name), inner) for name, inner in value.items()})
    items = _items(type_)
    found = _indexed(type_, value).items()
    return with_self({e: MEMBER if v is _ABSENT else _everything(items, v) for e, v in found})


def merge(type_: Type, live: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The configuration laid over the live object. What neither needs changed is shared, not copied."""
    out = dict(live)
    for name, theirs in config.items():
        mine = live.get(name, _ABSENT)
        out[name] = theirs if mine is _ABSENT else _merged(_inside(type_, name), mine, theirs)
    return out


def _merged(type_: Type, live: Any, config: Any) -> Any:
    if _is_leaf(type_, config) or _is_leaf(type_, live) or not (live or config):
        return config
    if isinstance(config, dict):
        return merge(type_, live, config)
    return _merged_list(type_, live, config)


def _merged_list(type_: Type, live: list[Any], config: list[Any]) -> list[Any]:
    """Items of both. Those of the configuration come in its order, the others where they were."""
    mine, theirs, items = [(element_of(type_, i), i) for i in live], _indexed(type_, config), _items(type_)
    by_element, wanted = _indexed(type_, live), list(theirs)
    shared = deque(e for e in wanted if e in by_element)
    out: list[Any] = []
    taken: set[str] = set()

    def take(element: str) -> None:
        before = by_element.get(element, _ABSENT)
        out.append(theirs[element] if before is _ABSENT else _merged(items, before, theirs[element]))
        taken.add(element)
        if shared and shared[0] == element:
            shared.popleft()

    at, to = 0, 0
    while at < len(mine) or to < len(wanted):
        if at < len(mine):
            element, item = mine[at]
            if element not in theirs:
                out.append(item)
                at += 1
                continue
            if element in taken or (to < len(wanted) and shared and shared[0] != element):
                at += 1
                continue
            if to < len(wanted) and element == wanted[to]:
                at += 1
        if to < len(wanted):
            take(wanted[to])
            to += 1
    return out


def ensure_named(type_: Type, fields: Fields) -> Fields:
    """The set, with all fields of structs in it that have members below them."""
    out: Fields = {}
    for element, node in fields.items():
        if element == SELF or not node:
            out[element] = node
            continue
        if element.startswith("f:"):
            name = element[2:]
            inner = ensure_named(_inside(type_, name), node)
            out[element] = with_self(inner) if name in type_.fields else inner
        else:
            out[element] = ensure_named(_items(type_), node)
    return out


def remove(type_: Type, value: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """The object without these fields. What has nothing left in it is null."""
    if not fields:
        return value
    out = {}
    for name, inner in value.items():
        node = fields.get("f:" + name)
        if node is None:
            out[name] = inner
        elif not is_member(node):
            out[name] = _without(_inside(type_, name), inner, node)
    return out


def _without(type_: Type, value: Any, fields: Fields) -> Any:
    if _is_leaf(type_, value):
        return None if isinstance(value, (dict, list)) else value
    if isinstance(value, dict):
        return remove(type_, value, fields) or None
    items, out = _items(type_), []
    for item in value:
        node = fields.get(element_of(type_, item))
        if node is None:
            out.append(item)
        elif not is_member(node):
            out.append(_without(items, item, node))
    return out or None
