"""Sets of fields, in the very form in which `managedFields` writes them: FieldsV1, a tree of path elements.

`{"f:data": {".": {}, "f:a": {}}}` holds `.data` and `.data.a`: an empty node is a member, and a node with children is one when it says ".".
Elements are `f:name` (a field), `k:{...}` (an item of a list, by its keys) and `v:...` (an item of a set). Working on this form saves
decoding and encoding on every write. Sets are never changed once made, so they may share branches.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

Fields = dict[str, Any]
SELF: Final = "."
NOTHING: Final[Fields] = {}
MEMBER: Final[Fields] = {}


def is_member(node: Fields) -> bool:
    """Whether the path at which the node stands is in the set itself, not only paths below it."""
    return not node or SELF in node


def with_self(children: Fields) -> Fields:
    """The node of a path that is in the set, together with what is below it."""
    return {SELF: {}, **children} if children and SELF not in children else children


def union(a: Fields, b: Fields) -> Fields:
    """What is in either."""
    if not a or a is b:
        return b
    out = dict(a)
    for element, node in b.items():
        mine = out.get(element)
        out[element] = node if mine is None or mine is node else _both(mine, node)
    return out


def _both(x: Fields, y: Fields) -> Fields:
    if not x or not y:
        return with_self(x or y)
    return union(x, y)


def difference(a: Fields, b: Fields) -> Fields:
    """What is in the first and not in the second. A path's own membership has nothing to do with what is below it."""
    if not b:
        return a
    out = {}
    for element, node in a.items():
        other = b.get(element)
        if other is None:
            out[element] = node
        elif element != SELF:
            _keep(out, element, is_member(node) and not is_member(other), difference(_below(node), _below(other)))
    return out


def intersection(a: Fields, b: Fields) -> Fields:
    """What is in both."""
    out: Fields = {}
    for element, node in a.items():
        other = b.get(element)
        if other is not None and element != SELF:
            _keep(out, element, is_member(node) and is_member(other), intersection(_below(node), _below(other)))
    return out


def without(a: Fields, b: Fields) -> Fields:
    """What is in the first and neither in the second nor below anything in it."""
    out = {}
    for element, node in a.items():
        other = b.get(element)
        if other is None:
            out[element] = node
        elif not is_member(other):
            _keep(out, element, is_member(node), without(_below(node), other))
    return out


def _below(node: Fields) -> Fields:
    return {e: n for e, n in node.items() if e != SELF} if SELF in node else node


def _keep(out: Fields, element: str, member: bool, children: Fields) -> None:  # noqa: FBT001 - two facts about one node
    if member:
        out[element] = with_self(children)
    elif children:
        out[element] = children


def paths(fields: Fields, prefix: str = "") -> Iterator[str]:
    """The members as error texts write them, `.spec.containers[name="app"].image`: of each level first its own, then those below."""
    elements = sorted(e for e in fields if e != SELF)
    for element in elements:
        if is_member(fields[element]):
            yield prefix + text(element)
    for element in elements:
        yield from paths(fields[element], prefix + text(element))


def text(element: str) -> str:
    """A path element as error texts write it."""
    kind, value = element[0], element[2:]
    if kind == "f":
        return f".{value}"
    if kind == "k":
        return "[" + ",".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in json.loads(value).items()) + "]"
    return f"[={value}]" if kind == "v" else f"[{value}]"


def of_paths(*found: tuple[str, ...]) -> Fields:
    """The set of paths of fields: `of_paths(("metadata", "name"))`."""
    out: Fields = {}
    for path in found:
        node: Fields = MEMBER
        for name in reversed(path):
            node = {f"f:{name}": node}
        out = union(out, node)
    return out


def ordered(fields: Fields) -> Fields:
    """The same set with its elements in the order in which the real server writes them."""
    return {element: ordered(fields[element]) for element in sorted(fields)} if fields else fields
