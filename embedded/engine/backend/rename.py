"""What renaming a stack means inside its state: every URN that names the old stack names the new one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.engine.model import gojson
from embedded.engine.model import urn as urns
from embedded.engine.model.values import OUTPUT_SIGNATURE, RESOURCE_SIGNATURE, SECRET_SIGNATURE, SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.backend.naming import StackName

_URNS = ("parent", "deletedWith", "viewOf")
_LISTS = ("dependencies", "replaceWith", "aliases")


def rename_deployment(deployment: dict[str, Any], old: StackName, new: StackName) -> None:
    """Rewrites the deployment's resources and pending operations in place."""

    def rename(urn: str) -> str:
        if not urns.is_valid(urn) or urns.stack_of(urn) != old.name or urns.project_of(urn) != old.project:
            return urn
        type_ = urns.qualified_type(urn)
        name = f"{new.project}-{new.name}" if type_ == urns.STACK_TYPE else urns.name_of(urn)
        return f"urn:pulumi:{new.name}::{new.project}::{type_}::{name}"

    for resource in deployment.get("resources") or ():
        _rename_resource(resource, rename)
    for operation in deployment.get("pending_operations") or ():
        _rename_resource(operation["resource"], rename)


def _rename_resource(resource: dict[str, Any], rename: Callable[[str], str]) -> None:
    resource["urn"] = rename(resource["urn"])
    for key in _URNS:
        if resource.get(key):
            resource[key] = rename(resource[key])
    for key in _LISTS:
        if resource.get(key):
            resource[key] = [rename(u) for u in resource[key]]
    if resource.get("propertyDependencies"):
        resource["propertyDependencies"] = {k: [rename(u) for u in v or ()] for k, v in resource["propertyDependencies"].items()}
    if resource.get("provider"):
        urn, id_ = urns.split_provider_ref(resource["provider"])
        resource["provider"] = urns.provider_ref(rename(urn), id_)
    for key in ("inputs", "outputs", "replacementTrigger"):
        if resource.get(key) is not None:
            resource[key] = _rename_value(resource[key], rename)


def _rename_value(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_rename_value(v, rename) for v in value]
    if not isinstance(value, dict):
        return value
    signature = value.get(SIGNATURE)
    if signature == RESOURCE_SIGNATURE:
        return value | {"urn": rename(value.get("urn", ""))}
    if signature == SECRET_SIGNATURE:
        return {k: v if k == SIGNATURE else _rename_text(v, rename) for k, v in value.items()}
    if signature == OUTPUT_SIGNATURE and "dependencies" in value:
        value = value | {"dependencies": [rename(u) for u in value["dependencies"]]}
    return {k: _rename_value(v, rename) for k, v in value.items()}


def _rename_text(text: str, rename: Callable[[str], str]) -> str:
    """A secret's text: renamed where it is plain JSON, as it is where it is encrypted."""
    try:
        return gojson.dumps(_rename_value(json.loads(text), rename), html=True)
    except ValueError:
        return text
