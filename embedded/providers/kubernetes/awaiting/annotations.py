"""The annotations by which a program says how its objects are awaited and deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from embedded.providers.kubernetes.awaiting.objects import mapping, text

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj

_SECONDS: Final = r"[+-]?\d+"
# Where skipAwait is honoured by deletion too.
_DELETED_UNAWAITED = {
    ("v1", "Namespace"),
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "Job"),
}


def annotation(inputs: Obj, name: str) -> str:
    """What the program wrote at `pulumi.com/<name>`; "" for nothing."""
    return text(mapping(inputs, "metadata", "annotations"), f"pulumi.com/{name}")


def skips_await(inputs: Obj) -> bool:
    """Whether the object is done when the server has taken it."""
    return annotation(inputs, "skipAwait") == "true"


def skips_deletion_await(inputs: Obj) -> bool:
    """Whether the object counts as deleted when the server has taken the request."""
    return skips_await(inputs) and (text(inputs, "apiVersion"), text(inputs, "kind")) in _DELETED_UNAWAITED


def timeout_of(inputs: Obj, custom: float, default: float) -> float:
    """How long to wait: the resource's customTimeouts, else its annotation, else the kind's default. In seconds."""
    if custom:
        return custom
    wanted = annotation(inputs, "timeoutSeconds")
    return float(wanted) if re.fullmatch(_SECONDS, wanted) else default


def doubts(inputs: Obj) -> list[str]:
    """What the program wrote that means nothing, so that the default counts: a timeout of "5m", say."""
    meant = {
        "skipAwait": (r"true|false", '"true" or "false"'),
        "timeoutSeconds": (_SECONDS, "a whole number of seconds"),
        "deletionPropagationPolicy": (r"(?i)orphan|background|foreground", "orphan, background or foreground"),
    }
    return [
        f'the annotation pulumi.com/{name} should be {wanted}; "{written}" is ignored'
        for name, (pattern, wanted) in meant.items()
        if (written := annotation(inputs, name)) and not re.fullmatch(pattern, written)
    ]


def propagation_policy(inputs: Obj) -> str:
    """What becomes of what the object owns when it is deleted."""
    policies = {"orphan": "Orphan", "background": "Background"}
    return policies.get(annotation(inputs, "deletionPropagationPolicy").lower(), "Foreground")
