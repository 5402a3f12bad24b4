"""The patches that aren't server-side apply: what an object becomes by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonpatch
import jsonpointer

from embedded.cluster.fields.strategic import strategic_merge
from embedded.cluster.model.errors import StatusError, bad_request, unsupported_media
from embedded.cluster.model.objects import clone

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.requests import PatchKind
    from embedded.cluster.schema.resource import Resource


def patched(resource: Resource | None, live: Obj, patch: Obj | list[Obj], kind: PatchKind) -> Obj:
    """A changed copy. Without a resource (a Scale, say) a strategic patch is a merge patch: there is no list in it."""
    if kind == "json":
        return _json(live, patch)
    if not isinstance(patch, dict):
        raise bad_request(f"a {kind} patch must be an object")
    if kind == "merge" or resource is None:
        changed: Obj = merged(live, patch)
    elif resource.custom:
        raise unsupported_media(
            "application/strategic-merge-patch+json",
            ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"],
        )
    else:
        changed = strategic_merge(resource.type, live, patch)
    return changed


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386: maps go together, null takes away, all else replaces."""
    if not isinstance(patch, dict):
        return clone(patch)
    result = {k: v for k, v in target.items() if k not in patch} if isinstance(target, dict) else {}
    kept = clone(result)
    for key, value in patch.items():
        if value is not None:
            kept[key] = merged(target.get(key) if isinstance(target, dict) else None, value)
    return kept


def _json(live: Obj, patch: Obj | list[Obj]) -> Obj:
    # Clients in Go that have nothing to change send null.
    operations = patch if isinstance(patch, list) else [patch] if patch else []
    try:
        result = jsonpatch.apply_patch(clone(live), operations)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError) as error:
        # The real server says no more than the first half.
        why = "a test of it fails" if isinstance(error, jsonpatch.JsonPatchTestFailed) else str(error)
        raise StatusError(422, "Invalid", f"the server rejected our request due to an error in our request: {why}") from error
    if not isinstance(result, dict):
        raise bad_request("the patch leaves no object")
    return result
