"""What a request's path names: `/apis/apps/v1/namespaces/shop/deployments/web/status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# What belongs to a namespace's own object, not to objects in it.
_OF_NAMESPACES: Final = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class Target:
    """An object, or all objects of a kind. `namespace` None: in all namespaces, or the kind has none."""

    group: str
    version: str
    plural: str
    namespace: str | None = None
    name: str = ""
    subresource: str = ""
    # What follows the sub-resource; only proxies have it.
    rest: str = ""


def parse(path: str) -> Target | None:
    """None: the path is not about objects."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = None
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in _OF_NAMESPACES:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest[:3], "", "")[:3]
    return Target(group, version, plural, namespace, name, subresource, "/".join(rest[3:]))
