"""Inputs as the API server will spell them, as far as that can be known without its schema.

Kubernetes' own kinds go through Go types, which write a quantity in one way only and leave out what is empty; that a program wrote it in
another way is no change. A Secret's `stringData` becomes `data`. Kinds that are defined in the cluster stay as they were written.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model.values import UNKNOWN
from embedded.providers.kubernetes import quantities
from embedded.providers.kubernetes.objects import group_of, is_crd, is_secret

if TYPE_CHECKING:
    Obj = dict[str, Any]

_SERVERS: Final = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
    }
)
# Fields of the Go types that aren't pointers, so that a zero is the same as nothing.
_FALSE: Final = frozenset(
    {
        "globalDefault",
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "paused",
        "publishNotReadyAddresses",
        "readOnly",
        "stdin",
        "stdinOnce",
        "tty",
        "unschedulable",
    }
)
_ZERO: Final = frozenset(
    {
        "failureThreshold",
        "healthCheckNodePort",
        "hostPort",
        "initialDelaySeconds",
        "minReadySeconds",
        "nodePort",
        "periodSeconds",
        "successThreshold",
        "timeoutSeconds",
    }
)
_MAPS: Final = frozenset(
    {"annotations", "binaryData", "data", "labels", "limits", "matchLabels", "nodeSelector", "parameters", "requests", "stringData"}
)
# Lists that are written even when they are empty.
_LISTS: Final = frozenset({"containers", "paths", "rules"})
# Maps of names that users choose: nothing in them is a field.
_FREE: Final = frozenset({"annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "parameters", "stringData"})
# Maps of quantities, and fields that hold one.
_AMOUNTS: Final = frozenset({"allocatable", "capacity", "hard", "limits", "overhead", "requests"})
_LIMIT_RANGE: Final = frozenset({"default", "defaultRequest", "max", "maxLimitRequestRatio", "min"})
_AMOUNT: Final = frozenset({"averageValue", "divisor", "sizeLimit"})


def normalized(obj: Obj) -> Obj:
    """The object in normal form. What is changed is copied."""
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and not _SERVERS.isdisjoint(metadata):
        obj = {**obj, "metadata": {k: v for k, v in metadata.items() if k not in _SERVERS}}
    if is_secret(obj):
        obj = _secret(obj)
    if is_crd(obj):
        return _definition(obj)
    group = group_of(obj)
    if "." in group and not group.endswith(".k8s.io"):
        return obj
    found: Obj = _typed(obj, str(obj.get("kind")), obj.get("kind") == "LimitRange")
    return found


def _typed(value: Any, within: str, ranges: bool) -> Any:  # noqa: FBT001 - handed down unchanged
    if type(value) is list:
        return [_typed(v, within, ranges) for v in value]
    if type(value) is not dict:
        return value
    if within in _AMOUNTS or (ranges and within in _LIMIT_RANGE):
        return {k: quantities.canonical(v) for k, v in value.items()}
    if within in _FREE:
        return value
    return {k: _field(k, v, within, ranges) for k, v in value.items() if not _is_nothing(k, v, within)}


def _field(key: str, value: Any, within: str, ranges: bool) -> Any:  # noqa: FBT001 - handed down unchanged
    if key in _AMOUNT or (key == "value" and within == "target"):
        return quantities.canonical(value)
    return _typed(value, key, ranges)


def _is_nothing(key: str, value: Any, within: str) -> bool:
    """Whether the server keeps nothing of the field."""
    if value is None:
        return True
    if value is False:
        return key in _FALSE
    if type(value) is dict:
        return not value and key in _MAPS
    if type(value) is list:
        return not value and key not in _LISTS
    return (key in _ZERO and value == 0) or (key == "value" and within == "env" and value == "")


def _secret(obj: Obj) -> Obj:
    strings, data = obj.get("stringData"), obj.get("data")
    if isinstance(data, dict):
        obj = {**obj, "data": {k: _reencoded(v) for k, v in data.items()}}
    if not isinstance(strings, dict) or not strings or not (data is None or isinstance(data, dict)):
        return obj
    result = {k: v for k, v in obj.items() if k != "stringData"}
    result["data"] = (obj.get("data") or {}) | {k: _encoded(v) for k, v in strings.items()}
    return result


def _encoded(value: Any) -> Any:
    return value if value is UNKNOWN else base64.b64encode(str(value).encode()).decode()


def _reencoded(value: Any) -> Any:
    """Base64 without line breaks. What is no base64 stays, for the server to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64encode(base64.b64decode("".join(value.split()), validate=True)).decode()
    except (binascii.Error, ValueError):
        return value


def _definition(obj: Obj) -> Obj:
    spec, metadata = obj.get("spec"), obj.get("metadata")
    result = {k: v for k, v in obj.items() if k != "status"}
    if isinstance(spec, dict) and spec.get("preserveUnknownFields") is False:
        result["spec"] = {k: v for k, v in spec.items() if k != "preserveUnknownFields"}
    if isinstance(metadata, dict):
        result["metadata"] = _typed(metadata, "metadata", ranges=False)
    return result
