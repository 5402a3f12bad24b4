"""Pods, and what makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.api.tables.column import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    NONE,
    UNSET,
    WORKLOAD,
    Column,
    duration,
    instant,
    labels,
    number,
    selector,
    wide,
)
from embedded.cluster.api.tables.pods import COLUMNS as PODS
from embedded.cluster.model.objects import controller_of, is_deleting, is_true

if TYPE_CHECKING:
    from embedded.cluster.api.tables.column import Columns, Row
    from embedded.cluster.model.objects import Obj


def _completions(row: Row) -> str:
    succeeded, wanted, parallel = row.status.get("succeeded") or 0, row.spec.get("completions"), row.spec.get("parallelism") or 0
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    return f"{succeeded}/1 of {parallel}" if parallel > 1 else f"{succeeded}/1"


def _job_duration(row: Row) -> str:
    started, ended = row.status.get("startTime"), row.status.get("completionTime")
    if not started:
        return ""
    return duration((instant(ended) if ended else row.now) - instant(started))


def _job_status(row: Row) -> str:
    for type_, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if is_true(row.obj, type_):
            return shown
    if is_deleting(row.obj):
        return "Terminating"
    for type_, shown in (("Suspended", "Suspended"), ("FailureTarget", "FailureTarget"), ("SuccessCriteriaMet", "SuccessCriteriaMet")):
        if is_true(row.obj, type_):
            return shown
    return "Running"


def _last_schedule(row: Row) -> str:
    last = row.status.get("lastScheduleTime")
    return row.since(last) if last else NONE


def _targets(row: Row) -> str:
    specs, states = row.spec.get("metrics") or [], row.status.get("currentMetrics") or []
    shown = [_target(spec, states[at] if at < len(states) else {}) for at, spec in enumerate(specs)]
    if not shown:
        return NONE
    return ", ".join(shown[:2]) + (f" + {len(shown) - 2} more..." if len(shown) > 2 else "")


def _target(spec: Obj, state: Obj) -> str:
    part = spec["type"][0].lower() + spec["type"][1:]
    target, current = spec[part]["target"], (state.get(part) or {}).get("current") or {}
    name = f"{spec[part]['name']}: " if "name" in spec[part] else ""
    if (value := target.get("averageValue")) is not None:
        shown = f"{name}{current.get('averageValue', '<unknown>')}/{value}"
        return shown if part in {"resource", "containerResource", "pods"} else f"{shown} (avg)"
    if part in {"resource", "containerResource"}:
        now, wanted = current.get("averageUtilization"), target.get("averageUtilization")
        return f"{name}{'<unknown>' if now is None else f'{now}%'}/{'<auto>' if wanted is None else f'{wanted}%'}"
    return f"{current.get('value', '<unknown>')}/{target.get('value')}"


def _owner(row: Row) -> str:
    owner = controller_of(row.obj)
    if owner is None:
        return NONE
    group, slash, _ = owner["apiVersion"].partition("/")
    return f"{owner['kind'].lower()}.{group}/{owner['name']}" if slash else f"{owner['kind'].lower()}/{owner['name']}"


def _ready(row: Row) -> str:
    return f"{row.status.get('readyReplicas') or 0}/{row.spec.get('replicas') or 0}"


_REPLICAS: Final = (number("Desired", "replicas", spec=True), number("Current", "replicas"), number("Ready", "readyReplicas"))

TABLES: Final[dict[str, Columns]] = {
    "/pods": PODS,
    "apps/deployments": (
        NAME,
        Column("Ready", _ready),
        number("Up-to-date", "updatedReplicas"),
        number("Available", "availableReplicas"),
        AGE,
        *WORKLOAD,
    ),
    "apps/replicasets": (NAME, *_REPLICAS, AGE, *WORKLOAD),
    "/replicationcontrollers": (NAME, *_REPLICAS, AGE, CONTAINERS, IMAGES, wide("Selector", lambda row: labels(row.spec.get("selector")))),
    "apps/statefulsets": (NAME, Column("Ready", _ready), AGE, CONTAINERS, IMAGES),
    "apps/daemonsets": (
        NAME,
        number("Desired", "desiredNumberScheduled"),
        number("Current", "currentNumberScheduled"),
        number("Ready", "numberReady"),
        number("Up-to-date", "updatedNumberScheduled"),
        number("Available", "numberAvailable"),
        Column("Node Selector", lambda row: labels(row.spec["template"]["spec"].get("nodeSelector"))),
        AGE,
        *WORKLOAD,
    ),
    "apps/controllerrevisions": (
        NAME,
        Column("Controller", _owner),
        Column("Revision", lambda row: row.obj.get("revision", 0)),
        AGE,
    ),
    "batch/jobs": (
        NAME,
        Column("Status", _job_status),
        Column("Completions", _completions),
        Column("Duration", _job_duration),
        AGE,
        *WORKLOAD,
    ),
    "batch/cronjobs": (
        NAME,
        Column("Schedule", lambda row: row.spec.get("schedule")),
        Column("Timezone", lambda row: row.spec.get("timeZone", NONE)),
        Column("Suspend", lambda row: bool(row.spec.get("suspend")), "boolean"),
        Column("Active", lambda row: len(row.status.get("active") or []), "integer"),
        Column("Last Schedule", _last_schedule),
        AGE,
        CONTAINERS,
        IMAGES,
        wide("Selector", lambda row: selector(row.spec.get("jobTemplate", {}).get("spec", {}).get("selector"))),
    ),
    "autoscaling/horizontalpodautoscalers": (
        NAME,
        Column("Reference", lambda row: f"{row.spec['scaleTargetRef']['kind']}/{row.spec['scaleTargetRef']['name']}"),
        Column("Targets", _targets),
        Column("MinPods", lambda row: str(row.spec.get("minReplicas", UNSET))),
        number("MaxPods", "maxReplicas", spec=True),
        number("Replicas", "currentReplicas"),
        AGE,
    ),
}
