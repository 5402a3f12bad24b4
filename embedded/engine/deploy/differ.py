"""Differences between property values, and what the options ignoreChanges and replaceOnChanges make of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from embedded.engine.deploy import paths
from embedded.engine.model import propertypath
from embedded.engine.model.events import PropertyDiff
from embedded.engine.model.ports import Diff
from embedded.engine.model.values import Secret, same, unwrap_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.engine.model.events import DiffKind
    from embedded.engine.model.values import Value, Values

INIT_ERROR: Final = "#initerror"
_TO_REPLACE: Final[dict[DiffKind, DiffKind]] = {"add": "add-replace", "delete": "delete-replace", "update": "update-replace"}
_INVERTED: Final[dict[DiffKind, DiffKind]] = {
    "add": "delete",
    "add-replace": "delete-replace",
    "delete": "add",
    "delete-replace": "add-replace",
    "update": "update",
    "update-replace": "update-replace",
}


def changed_keys(old: Values, new: Values) -> tuple[str, ...]:
    """The top-level keys that differ. Pulumi takes a null and an absent key for the same, and skips internal `__` keys."""
    keys = sorted({*old, *new})
    return tuple(k for k in keys if not k.startswith("__") and not same(old.get(k), new.get(k)))


def detailed(old: Value, new: Value, at: propertypath.Path = ()) -> dict[str, PropertyDiff]:
    """Every path at which the values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: dict[str, PropertyDiff] = {}
        for key in sorted({*old, *new}):
            found |= _pair(old.get(key), new.get(key), (*at, key))
        return found
    if isinstance(old, list) and isinstance(new, list):
        found = {}
        for i in range(max(len(old), len(new))):
            found |= _pair(old[i] if i < len(old) else None, new[i] if i < len(new) else None, (*at, i))
        return found
    return {} if same(old, new) else {propertypath.show(at): PropertyDiff("update", input_diff=True)}


def _pair(old: Value, new: Value, at: propertypath.Path) -> dict[str, PropertyDiff]:
    if old is None and new is not None:
        return {propertypath.show(at): PropertyDiff("add", input_diff=True)}
    if old is not None and new is None:
        return {propertypath.show(at): PropertyDiff("delete", input_diff=True)}
    return detailed(old, new, at)


def structural(old_inputs: Values, new_inputs: Values, ignore: Sequence[str]) -> Diff:
    """The engine's own diff of inputs, for providers that answer «unknown»."""
    new = ignoring(new_inputs, old_inputs, ignore)[0]
    old, new = unwrap_secrets(old_inputs), unwrap_secrets(new)
    keys = changed_keys(old, new)
    if not keys:
        return Diff(changes=False)
    return Diff(changes=True, diffs=keys, detailed=detailed({k: old.get(k) for k in keys}, {k: new.get(k) for k in keys}))


def ignoring(new: Values, old: Values, ignore: Sequence[str]) -> tuple[Values, list[str]]:
    """The new inputs with the ignored paths as in the old ones, and the paths for which that cannot be done."""
    if not ignore:
        return new, []
    result = paths.copied(new)
    failed = []
    for text in ignore:
        try:
            path = propertypath.parse(text)
        except propertypath.BadPathError:
            continue
        if not paths.reset(path, old, result):
            failed.append(text)
    return result, failed


def replacing(diff: Diff, replace_on_changes: Sequence[str], *, init_errors: bool) -> Diff:
    """The diff with replaceOnChanges applied: a change at or under such a path asks for a replacement."""
    if not replace_on_changes or (diff.changes is not True and not init_errors):
        return diff
    patterns = [propertypath.parse(p) for p in replace_on_changes]

    def hit(path: str) -> bool:
        try:
            parsed = propertypath.parse(path)
        except propertypath.BadPathError:
            return False
        return any(paths.contains(p, parsed) for p in patterns)

    found = diff.detailed
    if found is not None:
        found = {p: PropertyDiff(_TO_REPLACE.get(d.kind, d.kind), d.input_diff) if hit(p) else d for p, d in found.items()}
    replaces = list(diff.replaces) + [k for k in diff.diffs if hit(k) and k not in diff.replaces]
    replaces += [k for k in dict.fromkeys(_top_key(p) for p, d in (found or {}).items() if hit(p)) if k not in replaces]
    changes = diff.changes
    if init_errors and hit(INIT_ERROR):
        replaces.append(INIT_ERROR)
        changes = True
        if found is not None:
            found[INIT_ERROR] = PropertyDiff("update-replace")
    return replace(diff, changes=changes, replaces=tuple(replaces), detailed=found)


def _top_key(path: str) -> str:
    return str(propertypath.parse(path)[0])


def inverted(diff: Diff) -> Diff:
    """The diff seen from the other side: a refresh compares what is there with what was asked for."""
    if diff.detailed is None:
        return diff
    return replace(diff, detailed={p: PropertyDiff(_INVERTED[d.kind], d.input_diff) for p, d in diff.detailed.items()})


def mark_secrets(outputs: Values, inputs: Values, additional: Sequence[str]) -> Values:
    """Outputs with those secret that were asked to be, or whose input of the same name is."""

    def is_secret(key: str) -> bool:
        return key in additional or isinstance(inputs.get(key), Secret)

    if not additional and not any(isinstance(v, Secret) for v in inputs.values()):
        return outputs
    return {k: v if isinstance(v, Secret) or not is_secret(k) else Secret(v) for k, v in outputs.items()}
