"""Objects that are served in several versions: in which form they are kept, and how another version sees them.

A definition's versions differ in name only (the conversion strategy None). Two built-in kinds really differ between versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource

_AUTOSCALERS: Final = "autoscaling/horizontalpodautoscalers"
# What an autoscaler aims at that is told nothing, in percent.
_USUAL_TARGET: Final = 80
_EVENTS: Final = "/events"
# A core event's fields, and what events.k8s.io calls them.
_EVENT_FIELDS: Final = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}


def seen(resource: Resource, obj: Obj) -> Obj:
    """A kept object as that version has it."""
    if obj.get("apiVersion") == resource.group_version:
        return obj
    if resource.storage == _AUTOSCALERS and resource.version == "v1":
        return _autoscaler_v1(obj)
    if resource.storage == _EVENTS and resource.group:
        return _renamed(obj, resource.group_version, _EVENT_FIELDS)
    return {**obj, "apiVersion": resource.group_version}


def stored(resource: Resource, obj: Obj, before: Obj | None) -> Obj:
    """An object of that version as it is kept; `before` is what is kept now, with what the version doesn't know."""
    if resource.storage == _AUTOSCALERS and resource.version == "v1":
        return _autoscaler_v2(obj, before or {})
    if resource.storage == _EVENTS and resource.group:
        return _renamed(obj, "v1", {new: old for old, new in _EVENT_FIELDS.items()})
    return obj


def _renamed(obj: Obj, api_version: str, names: dict[str, str]) -> Obj:
    return {names.get(k, k): v for k, v in obj.items()} | {"apiVersion": api_version}


def _autoscaler_v1(obj: Obj) -> Obj:
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    if (target := _cpu_target(spec.pop("metrics", None) or [])) is not None:
        spec["targetCPUUtilizationPercentage"] = target
    for name in ("behavior", "currentMetrics", "conditions"):
        spec.pop(name, None)
        status.pop(name, None)
    status.setdefault("currentReplicas", 0)
    return {**obj, "apiVersion": "autoscaling/v1", "spec": spec, "status": status}


def _autoscaler_v2(obj: Obj, before: Obj) -> Obj:
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    old = before.get("spec") or {}
    target = {"type": "Utilization", "averageUtilization": spec.pop("targetCPUUtilizationPercentage", _USUAL_TARGET)}
    others = [m for m in old.get("metrics") or [] if (m.get("resource") or {}).get("name") != "cpu"]
    spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}, *others]
    if "behavior" in old:
        spec["behavior"] = old["behavior"]
    status.setdefault("currentMetrics", None)
    status.pop("currentCPUUtilizationPercentage", None)
    return {**obj, "apiVersion": "autoscaling/v2", "spec": spec, "status": status}


def _cpu_target(metrics: list[dict[str, Any]]) -> int | None:
    found = (m["resource"]["target"].get("averageUtilization") for m in metrics if (m.get("resource") or {}).get("name") == "cpu")
    return next(found, None)
