"""Who has set a field of an object, as the API server keeps account of it (`metadata.managedFields`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Obj = dict[str, Any]


def managers_of(live: Mapping[str, Any], path: Sequence[str | int]) -> list[str]:
    """The managers of what is at a path, the last to write it first; none where nobody is known, as for what was taken away."""
    entries = sorted(live["metadata"].get("managedFields") or (), key=lambda entry: str(entry.get("time") or ""), reverse=True)
    return list(dict.fromkeys(str(entry["manager"]) for entry in entries if _has(entry.get("fieldsV1") or {"f:": {}}, live, path)))


def _has(fields: Mapping[str, Any], value: Any, path: Sequence[str | int]) -> bool:
    """Whether a set of fields has what is at a path, or all of something that it is in."""
    for part in path:
        inner = _at(value, part)
        if isinstance(part, int):
            found = next((below for key, below in fields.items() if _is_item(key, inner)), None)
        else:
            found = fields.get(f"f:{part}")
        if found is None:
            # A field without fields of its own is owned as a whole.
            return not fields.keys() - {"."}
        fields, value = found, inner
    return True


def _at(value: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return value[part] if isinstance(value, list) and part < len(value) else None
    return value.get(part) if isinstance(value, dict) else None


def _is_item(key: str, item: Any) -> bool:
    form, _, text = key.partition(":")
    if form == "v":
        return bool(json.loads(text) == item)
    return form == "k" and isinstance(item, dict) and all(item.get(name) == part for name, part in json.loads(text).items())
