"""What an update would change: the new inputs against those that were last applied, or after a refresh last seen.

The outputs keep the inputs they were made from (`__inputs`). A refresh puts there what it found at the same places, so drift shows here
as a difference like any other, and what the server or other managers set besides never does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model import propertypath
from embedded.engine.model.events import PropertyDiff
from embedded.engine.model.ports import Diff, ProviderError
from embedded.engine.model.values import UNKNOWN
from embedded.providers.kubernetes.naming import has_name
from embedded.providers.kubernetes.objects import AUTONAMED, is_true, name_of, namespace_of
from embedded.providers.kubernetes.replacing import replaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from embedded.engine.model.events import DiffKind
    from embedded.providers.kubernetes.replacing import Obj, Path, Pattern

_REPLACING: Final[dict[DiffKind, DiffKind]] = {"add": "add-replace", "delete": "delete-replace", "update": "update-replace"}


def diff(live: Obj, old: Obj, new: Obj, wanted: Iterable[Pattern], ignore: list[str]) -> Diff:
    """The difference of normalized inputs; `live` is the object that the state knows, `wanted` are the fields that replace it."""
    wanted = tuple(wanted)
    old, new = _placed(live, old), _placed(live, new)
    # A name that is written out where the object's name was given to it is no change.
    if has_name(new) and name_of(live):
        old = {**old, "metadata": {**(old.get("metadata") or {}), "name": name_of(live)}}
    ignored = [_parsed(text) for text in ignore]
    detailed: dict[str, PropertyDiff] = {}
    for path, kind, value in changes(old, new):
        if any(_contains(i, path) for i in ignored):
            continue
        replacing = replaces(path, value, wanted) or (kind == "delete" and path == ("metadata",))
        detailed[show(path)] = PropertyDiff(_REPLACING[kind] if replacing else kind, input_diff=kind == "delete")
    replaced = tuple(k for k, d in detailed.items() if d.kind in _REPLACING.values())
    return Diff(bool(detailed), replaced, detailed=detailed, delete_before_replace=bool(replaced) and keeps_name(live, new))


def keeps_name(live: Obj, new: Obj) -> bool:
    """Whether a replacement must have the old object's name and place, so that the old one has to go first."""
    same_place = name_of(new) == name_of(live) and (namespace_of(new) or "default") == (namespace_of(live) or "default")
    return has_name(new) and not is_true(new, AUTONAMED) and same_place


def changes(old: Any, new: Any, path: Path = ()) -> Iterator[tuple[Path, DiffKind, Any]]:
    """Each place where something is added, deleted or updated, and what comes there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _pair(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for i in range(max(len(old), len(new))):
            yield from _pair(old[i] if i < len(old) else None, new[i] if i < len(new) else None, (*path, i))
    elif new is UNKNOWN or not equal(old, new):
        yield path, "update", new


def _pair(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, DiffKind, Any]]:
    # A null is what isn't there, to Pulumi as to Kubernetes.
    if old is None:
        if new is not None:
            yield path, "add", new
    elif new is None:
        yield path, "delete", None
    else:
        yield from changes(old, new, path)


def equal(a: Any, b: Any) -> bool:
    """Whether two values mean the same. Python takes `True == 1`, Kubernetes doesn't."""
    return a is b if isinstance(a, bool) or isinstance(b, bool) else bool(a == b)


def _placed(live: Obj, inputs: Obj) -> Obj:
    """The inputs with the namespace written out; without one for an object that lives in none."""
    metadata = inputs.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("namespace") is UNKNOWN:
        return inputs
    namespace = (metadata.get("namespace") or "default") if namespace_of(live) else None
    return {**inputs, "metadata": {**metadata, "namespace": namespace}}


def show(path: Path) -> str:
    """The path as text: keys with dots, quotes or brackets are quoted."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        elif any(c in part for c in '."[]'):
            shown += f"[{json.dumps(part, ensure_ascii=False)}]"
        else:
            shown += f".{part}" if shown else part
    return shown


def _parsed(text: str) -> Path:
    try:
        return propertypath.parse(text)
    except propertypath.BadPathError as error:
        raise ProviderError(f"ignoreChanges: {text!r} is no property path: {error}") from error


def _contains(pattern: Path, path: Path) -> bool:
    return len(pattern) <= len(path) and all(a in ("*", b) for a, b in zip(pattern, path, strict=False))
