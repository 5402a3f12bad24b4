"""Field selectors: `status.phase=Running,metadata.name!=web`, on the fields that the real server knows for a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.errors import bad_request

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

_COMMON: Final = frozenset({"metadata.name", "metadata.namespace"})
_INVOLVED: Final = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_BY_STORAGE: Final[dict[str, frozenset[str]]] = {
    "/pods": frozenset({
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    }),
    "/events": frozenset({
        *(f"involvedObject.{name}" for name in _INVOLVED), *(f"regarding.{name}" for name in _INVOLVED),
        "reason", "reportingComponent", "source", "type",
    }),
    "/secrets": frozenset({"type"}),
    "/namespaces": frozenset({"status.phase"}),
    "/nodes": frozenset({"spec.unschedulable"}),
    "/services": frozenset({"spec.clusterIP", "spec.type"}),
    "/replicationcontrollers": frozenset({"status.replicas"}),
    "apps/replicasets": frozenset({"status.replicas"}),
    "batch/jobs": frozenset({"status.successful"}),
}  # fmt: skip
# Where the value stands, when it isn't where the selector says.
_ELSEWHERE: Final = {"status.successful": "status.succeeded", "source": "source.component"}


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """All its terms hold: (path, equal or not, value)."""

    terms: tuple[tuple[str, bool, str], ...] = ()

    def matches(self, obj: Obj) -> bool:
        """Whether the object's fields satisfy it."""
        return all((value_at(obj, path) == value) is equal for path, equal, value in self.terms)

    def only_name(self) -> str | None:
        """The one name that can match, when the selector says it."""
        return next((value for path, equal, value in self.terms if equal and path == "metadata.name"), None)

    @classmethod
    def parse(cls, text: str, storage: str) -> FieldSelector:
        """The selector of a query, on objects of that storage."""
        known = _COMMON | _BY_STORAGE.get(storage, frozenset())
        return cls(tuple(_term(term, known) for term in text.split(",") if term.strip()))


def _term(text: str, known: frozenset[str]) -> tuple[str, bool, str]:
    for sign, equal in (("!=", False), ("==", True), ("=", True)):
        path, found, value = text.partition(sign)
        if found:
            path = path.strip()
            if path not in known:
                raise bad_request(_unknown(path, known))
            return path, equal, value.strip()
    raise bad_request(f"invalid selector: '{text}'; can't understand '{text}'")


def _unknown(path: str, known: frozenset[str]) -> str:
    if known == _COMMON:
        return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    return f"field label not supported: {path}"


def value_at(obj: Obj, path: str) -> str:
    """The field as text; "" where there is none."""
    value: Any = obj
    for step in _ELSEWHERE.get(path, path).removeprefix(".").split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        # Numbers and flags are selected by what they mean when they are absent.
        return {"status.replicas": "0", "status.successful": "0", "spec.unschedulable": "false", "spec.hostNetwork": "false"}.get(path, "")
    return str(value).lower() if isinstance(value, bool) else str(value)
