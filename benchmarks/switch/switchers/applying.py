"""Server-side apply on behalf of whoever applies an object already: all of its fields are given again, and one has another value.

A patch would make the fields that it changes somebody else's, even under the same name, and the owner's next apply would be refused. So a
release tool that applies its objects is fast by applying once more what it has applied before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def applied(content: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """What a field manager has applied of an object, as it is now; nothing but its name, if that is nothing yet."""
    metadata = content["metadata"]
    entries = metadata.get("managedFields") or ()
    fields = next((e["fieldsV1"] for e in entries if (e["manager"], e["operation"]) == (manager, "Apply")), None)
    mine = {} if fields is None else _part(content, fields)
    named = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    whole = {"apiVersion": content["apiVersion"], "kind": content["kind"], "metadata": {**mine.get("metadata", {}), **named}}
    return {**mine, **whole, "spec": mine.get("spec", {})}


def _part(value: Any, fields: Mapping[str, Any]) -> Any:
    """The fields of a value; a value without fields of its own is whole."""
    inner = {key: found for key, found in fields.items() if key != "."}
    if not inner:
        return value
    if isinstance(value, list):
        return [_part(found, deeper) for key, deeper in inner.items() if (found := _item(value, key)) is not None]
    return {key[2:]: _part(value[key[2:]], deeper) for key, deeper in inner.items() if key[2:] in value}


def _item(items: list[Any], key: str) -> Any:
    """A list's item by its key, `k:{"port":80}`, or by its value, `v:"x"`; None if it is gone."""
    wanted = json.loads(key[2:])
    if key.startswith("v:"):
        return wanted if wanted in items else None
    return next((item for item in items if all(item.get(name) == part for name, part in wanted.items())), None)
