"""Nodes, namespaces, events, and the cluster's own things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.api.tables.column import AGE, NAME, NONE, UNKNOWN, Column, wide
from embedded.cluster.model.objects import condition, labels_of, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.api.tables.column import Columns, Row

_ROLE: Final = "node-role.kubernetes.io/"


def _node_status(row: Row) -> str:
    ready = condition(row.obj, "Ready")
    words = ["Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"]
    return ",".join([*words, "SchedulingDisabled"] if row.spec.get("unschedulable") else words)


def _roles(row: Row) -> str:
    found = {key.removeprefix(_ROLE) for key in labels_of(row.obj) if key.startswith(_ROLE)}
    return ",".join(sorted(found)) or NONE


def _address(type_: str) -> Callable[[Row], str]:
    return lambda row: next((a["address"] for a in row.status.get("addresses") or [] if a["type"] == type_), NONE)


def _info(field: str) -> Callable[[Row], str]:
    return lambda row: (row.status.get("nodeInfo") or {}).get(field) or UNKNOWN


def _kernel(row: Row) -> str:
    architecture = (row.status.get("nodeInfo") or {}).get("architecture")
    return f"{_info('kernelVersion')(row)} ({architecture})" if architecture else _info("kernelVersion")(row)


def _first_seen(row: Row) -> str:
    return row.since(row.obj.get("firstTimestamp") or row.obj.get("eventTime"))


def _last_seen(row: Row) -> str:
    if series := row.obj.get("series"):
        return row.since(series.get("lastObservedTime"))
    return row.since(row.obj["lastTimestamp"]) if row.obj.get("lastTimestamp") else _first_seen(row)


def _involved(row: Row) -> str:
    about = row.obj.get("involvedObject") or row.obj.get("regarding") or {}
    return f"{about.get('kind', '').lower()}/{about['name']}" if about.get("name") else str(about.get("kind", "")).lower()


def _source(row: Row) -> str:
    source = row.obj.get("source") or row.obj.get("deprecatedSource") or {}
    component = source.get("component") or row.obj.get("reportingComponent") or row.obj.get("reportingController") or ""
    host = source.get("host") or row.obj.get("reportingInstance")
    return f"{component}, {host}" if host else component


def _count(row: Row) -> int:
    return int((row.obj.get("series") or {}).get("count") or row.obj.get("count") or row.obj.get("deprecatedCount") or 1)


TABLES: Final[dict[str, Columns]] = {
    "/nodes": (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _roles),
        AGE,
        Column("Version", lambda row: (row.status.get("nodeInfo") or {}).get("kubeletVersion", "")),
        wide("Internal-IP", _address("InternalIP")),
        wide("External-IP", _address("ExternalIP")),
        wide("OS-Image", _info("osImage")),
        wide("Kernel-Version", _kernel),
        wide("Container-Runtime", _info("containerRuntimeVersion")),
    ),
    "/namespaces": (NAME, Column("Status", lambda row: row.status.get("phase")), AGE),
    "/events": (
        Column("Last Seen", _last_seen),
        Column("Type", lambda row: row.obj.get("type")),
        Column("Reason", lambda row: row.obj.get("reason")),
        Column("Object", _involved),
        wide("Subobject", lambda row: (row.obj.get("involvedObject") or {}).get("fieldPath", "")),
        wide("Source", _source),
        Column("Message", lambda row: (row.obj.get("message") or row.obj.get("note") or "").strip()),
        wide("First Seen", _first_seen),
        wide("Count", _count),
        Column("Name", lambda row: name_of(row.obj), always=False, format="name"),
    ),
    "coordination.k8s.io/leases": (NAME, Column("Holder", lambda row: row.spec.get("holderIdentity", "")), AGE),
    "scheduling.k8s.io/priorityclasses": (
        NAME,
        Column("Value", lambda row: row.obj.get("value"), "integer"),
        Column("Global-Default", lambda row: bool(row.obj.get("globalDefault")), "boolean"),
        AGE,
        Column("PreemptionPolicy", lambda row: row.obj.get("preemptionPolicy", "PreemptLowerPriority")),
    ),
}
