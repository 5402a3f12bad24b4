"""What a request to the API is about, read off its line and headers alone: faults strike before anything else looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_APPLY: Final = "application/apply-patch"
# What belongs to a namespace's own object, not to objects in it.
_OF_NAMESPACES: Final = frozenset({"status", "finalize"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `resource` is "" for what isn't about objects: discovery, versions, schemas.

    `verb` is Kubernetes' own, with one more: server-side apply is `apply`, which rules for `patch` mean as well.
    """

    verb: str
    path: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    agent: str = ""

    @property
    def subject(self) -> tuple[str, str, str, str, str]:
        """What it is about and what it does to it: the same for the same request of another run."""
        return self.verb, self.qualified, self.namespace, self.name, "" if self.resource else self.path

    @property
    def qualified(self) -> str:
        """The resource as a rule names it: `deployments.apps`, `pods/eviction`."""
        whole = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{whole}/{self.subresource}" if self.subresource else whole

    def __str__(self) -> str:
        """As a person reads it."""
        target = "/".join(filter(None, (self.namespace if self.resource != "namespaces" else "", self.name)))
        return " ".join(filter(None, (self.verb, self.qualified or self.path, target)))


def parse(method: str, path: str, query: str = "", content_type: str = "", agent: str = "") -> Request:
    """What the request is about, by the rules of the API's paths."""
    parts = [part for part in path.split("/") if part]
    if len(parts) >= 3 and parts[0] == "api":
        group, rest = "", parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, rest = parts[1], parts[3:]
    else:
        return Request(method.lower(), path, agent=agent)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _OF_NAMESPACES:
            rest = rest[2:]
    resource, name, subresource = (*rest[:3], "", "", "")[:3]
    verb = _verb(method, name, query, content_type)
    return Request(verb, path, group, resource, subresource, namespace, name, agent)


def _verb(method: str, name: str, query: str, content_type: str) -> str:
    if method in {"GET", "HEAD"}:
        if "watch" in query and parse_qs(query).get("watch", [""])[-1].lower() in {"1", "true"}:
            return "watch"
        return "get" if name else "list"
    if method == "PATCH" and content_type.startswith(_APPLY):
        return "apply"
    if method == "DELETE" and not name:
        return "deletecollection"
    return _VERBS.get(method, method.lower())
