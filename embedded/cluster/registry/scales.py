"""The scale sub-resource: how many of something there are, in one form for all kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.cluster.model.errors import Cause, invalid, no_such_resource
from embedded.cluster.model.objects import clone, name_of

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource, Scale


def read(resource: Resource, obj: Obj) -> Obj:
    """The object's Scale."""
    paths = _paths(resource)
    metadata = {k: v for k, v in obj["metadata"].items() if k in {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}}
    status: Obj = {"replicas": _at(obj, paths.status) or 0}
    if selector := _selector(_at(obj, paths.selector)):
        status["selector"] = selector
    spec = {"replicas": replicas} if (replicas := _at(obj, paths.spec)) else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status}


def written(resource: Resource, obj: Obj, scale: Obj) -> Obj:
    """The object with the number that the Scale asks for."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        cause = Cause("FieldValueInvalid", f"Invalid value: {replicas}: must be greater than or equal to 0", "spec.replicas")
        raise invalid("autoscaling", "Scale", name_of(obj), [cause])
    new: Obj = clone(obj)
    *way, last = _paths(resource).spec.strip(".").split(".")
    place = new
    for step in way:
        place = place.setdefault(step, {})
    place[last] = replicas
    return new


def _paths(resource: Resource) -> Scale:
    if resource.scale is None:
        raise no_such_resource()
    return resource.scale


def _at(obj: Obj, path: str) -> Any:
    value: Any = obj
    for step in path.strip(".").split("."):
        value = value.get(step) if isinstance(value, dict) and step else None
    return value


def _selector(selector: Any) -> str:
    """As text, from a map of labels, a label selector, or the text itself."""
    if not isinstance(selector, dict):
        return str(selector or "")
    labels = (selector.get("matchLabels") or {}) if selector.keys() & {"matchLabels", "matchExpressions"} else selector
    terms = [f"{k}={v}" for k, v in sorted(labels.items())]
    return ",".join(terms + [_expression(e) for e in selector.get("matchExpressions") or []])


def _expression(expression: Obj) -> str:
    key, values = str(expression["key"]), ",".join(sorted(expression.get("values") or []))
    forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key, "DoesNotExist": f"!{key}"}
    return forms[expression["operator"]]
