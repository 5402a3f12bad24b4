"""Configuration, accounts, rights, and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.api.tables.column import AGE, NAME, Column, number, wide

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.api.tables.column import Columns, Row


def _count(*fields: str) -> Callable[[Row], int]:
    return lambda row: sum(len(row.obj.get(field) or {}) for field in fields)


def _subjects(kind: str) -> Callable[[Row], str]:
    def shown(row: Row) -> str:
        found = [s for s in row.obj.get("subjects") or [] if s["kind"] == kind]
        return ", ".join(f"{s.get('namespace', '')}/{s['name']}" if kind == "ServiceAccount" else s["name"] for s in found)

    return shown


def _quota(*, limits: bool) -> Callable[[Row], str]:
    def shown(row: Row) -> str:
        hard, used = row.status.get("hard") or {}, row.status.get("used") or {}
        names = sorted(n for n in hard if n.startswith("limits.") is limits)
        return ", ".join(f"{n}: {used.get(n, '0')}/{hard[n]}" for n in names)

    return shown


_BINDING: Final = (
    NAME,
    Column("Role", lambda row: f"{row.obj['roleRef']['kind']}/{row.obj['roleRef']['name']}"),
    AGE,
    wide("Users", _subjects("User")),
    wide("Groups", _subjects("Group")),
    wide("ServiceAccounts", _subjects("ServiceAccount")),
)
_CREATED: Final = Column("Created At", lambda row: row.metadata.get("creationTimestamp"))
_WEBHOOKS: Final = (NAME, Column("Webhooks", _count("webhooks"), "integer"), AGE)

TABLES: Final[dict[str, Columns]] = {
    "/configmaps": (NAME, Column("Data", _count("data", "binaryData")), AGE),
    "/secrets": (NAME, Column("Type", lambda row: row.obj.get("type")), Column("Data", _count("data")), AGE),
    "/resourcequotas": (NAME, Column("Request", _quota(limits=False)), Column("Limit", _quota(limits=True)), AGE),
    "/limitranges": (NAME, _CREATED),
    "rbac.authorization.k8s.io/roles": (NAME, _CREATED),
    "rbac.authorization.k8s.io/clusterroles": (NAME, _CREATED),
    "rbac.authorization.k8s.io/rolebindings": _BINDING,
    "rbac.authorization.k8s.io/clusterrolebindings": _BINDING,
    "policy/poddisruptionbudgets": (
        NAME,
        Column("Min Available", lambda row: str(row.spec.get("minAvailable", "N/A"))),
        Column("Max Unavailable", lambda row: str(row.spec.get("maxUnavailable", "N/A"))),
        number("Allowed Disruptions", "disruptionsAllowed"),
        AGE,
    ),
    "admissionregistration.k8s.io/mutatingwebhookconfigurations": _WEBHOOKS,
    "admissionregistration.k8s.io/validatingwebhookconfigurations": _WEBHOOKS,
    "apiextensions.k8s.io/customresourcedefinitions": (NAME, _CREATED),
}
