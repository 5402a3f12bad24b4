"""Names for objects whose program names none: `<resource's name>-<8 hex digits>`, marked by an annotation.

The mark makes the name stay in later updates, and lets a replacement be made under a new name before the old object is deleted.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from embedded.providers.kubernetes.objects import AUTONAMED, is_true, metadata_of, name_of

if TYPE_CHECKING:
    Obj = dict[str, Any]

MANAGER: Final = "pulumi-kubernetes"


def named(obj: Obj, old: Obj, resource_name: str, seed: bytes) -> Obj:
    """The object with a name: its own, else the one it was given before, else a new one."""
    if has_name(obj) or metadata_of(obj).get("generateName"):
        return obj
    metadata = obj.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        return obj  # Not known yet.
    name = name_of(old) if is_true(old, AUTONAMED) else f"{resource_name}-{_digits(seed)}"
    result = {**(metadata or {}), "name": name}
    noted = result.get("annotations")
    if noted is None or isinstance(noted, dict):
        result["annotations"] = {**(noted or {}), AUTONAMED: "true"}
    return {**obj, "metadata": result}


def has_name(obj: Obj) -> bool:
    """Whether a name is given, known or not."""
    return bool(metadata_of(obj).get("name"))


def field_manager(urn: str) -> str:
    """The name under which a resource's fields are managed: the same in each run, another for each resource."""
    return f"{MANAGER}-{_digits(urn.encode())}"


def _digits(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()[:8]
