"""What changed between two property values, as a tree that `valuetext` can draw."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from embedded.engine.model.values import Secret, same

if TYPE_CHECKING:
    from embedded.engine.model.events import DiffKind, PropertyDiff, Step
    from embedded.engine.model.values import Value, Values

Kind = Literal["add", "delete", "update", "same"]
_STEP: Final = re.compile(r'\.?([^.\[\]"]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]')


@dataclass(slots=True)
class Change:
    """A value's change. An updated object or list has `children` by key or index, the unchanged ones too."""

    kind: Kind
    old: Value = None
    new: Value = None
    children: dict[str | int, Change] | None = None
    # Whether the children are a list's elements.
    listed: bool = field(default=False)


def is_internal(key: str | int) -> bool:
    """Whether a property is of no interest to people (`__provider`, `__defaults`)."""
    return isinstance(key, str) and key.startswith("__")


def compare(old: Values, new: Values) -> Change | None:
    """How an object changed; None if it did not."""
    children: dict[str | int, Change] = {}
    for key in sorted(old.keys() | new.keys()):
        if is_internal(key):
            continue
        children[key] = _compare(old.get(key), new.get(key), missing=(key not in old, key not in new))
    if all(c.kind == "same" for c in children.values()):
        return None
    return Change("update", old, new, children)


def _compare(old: Value, new: Value, missing: tuple[bool, bool] = (False, False)) -> Change:
    if missing[0] or missing[1]:
        if old is None and new is None:
            return Change("same")
        return Change("add", new=new) if missing[0] else Change("delete", old=old)
    if isinstance(old, dict) and isinstance(new, dict):
        return compare(old, new) or Change("same", old, new)
    if isinstance(old, list) and isinstance(new, list):
        return _compare_lists(old, new)
    return Change("same", old, new) if same(old, new) else Change("update", old, new)


def _compare_lists(old: list[Value], new: list[Value]) -> Change:
    children: dict[str | int, Change] = {}
    for i in range(max(len(old), len(new))):
        before, after = old[i] if i < len(old) else None, new[i] if i < len(new) else None
        children[i] = _compare(before, after, missing=(i >= len(old), i >= len(new)))
    if all(c.kind == "same" for c in children.values()):
        return Change("same", old, new)
    return Change("update", old, new, children, listed=True)


def detailed(step: Step, differences: dict[str, PropertyDiff], *, refresh: bool = False) -> Change | None:
    """The changes that a provider's detailed diff names; old values from the outputs, unless it says they are inputs'."""
    root: Change | None = None
    for path, difference in differences.items():
        olds = (step.old.inputs if difference.input_diff else step.old.outputs) if step.old else {}
        news = (step.new.outputs if refresh and not difference.input_diff else step.new.inputs) if step.new else {}
        root = root or Change("update", olds, news, {})
        _place(root, parse_path(path), difference.kind, olds, news)
    return root


def _place(root: Change, path: list[str | int], kind: DiffKind, old: Value, new: Value) -> None:
    at = root
    for i, step in enumerate(path):
        old, new = _item(old, step), _item(new, step)
        if at.children is None:
            at.children, at.kind = {}, "update"
        at.listed = at.listed or isinstance(step, int)
        if i == len(path) - 1:
            at.children[step] = (
                Change(_kind(kind), old, new) if not isinstance(old, dict) or kind.split("-")[0] != "update" else _compare(old, new)
            )
            return
        at = at.children.setdefault(step, Change("update", old, new, {}))


def _kind(kind: DiffKind) -> Kind:
    word = kind.removesuffix("-replace")
    return "add" if word == "add" else "delete" if word == "delete" else "update"


def _item(value: Value, step: str | int) -> Value:
    if isinstance(value, Secret):
        # What is inside a secret is one too.
        found = _item(value.value, step)
        return found if found is None or isinstance(found, Secret) else Secret(found)
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def parse_path(path: str) -> list[str | int]:
    """`a.b[0]["c.d"]` as its parts; what is no such path is one key."""
    parts: list[str | int] = []
    at = 0
    for match in _STEP.finditer(path):
        if match.start() != at:
            return [path]
        at = match.end()
        parts.append(int(match[3]) if match[3] is not None else (match[1] if match[1] is not None else match[2].replace('\\"', '"')))
    return parts if parts and at == len(path) else [path]


def step_changes(step: Step, *, refresh: bool = False) -> Change | None:
    """How an update or replacement changes the resource's inputs (or what the provider says that it changes)."""
    if step.op == "same" or step.old is None or step.new is None:
        return None
    if step.detailed_diff is not None:
        return detailed(step, step.detailed_diff, refresh=refresh)
    return compare(step.old.inputs, step.new.inputs)
