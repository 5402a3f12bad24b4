"""Pods on their own: ready when scheduled, initialized and ready, or when they have succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import text
from embedded.providers.kubernetes.awaiting.podreasons import pod_is_ready, pod_progress

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj, View


def _judge(view: View) -> Verdict:
    stages, _ = pod_progress(view.object)
    # Its phase says that none of its containers will be started again.
    failed = text(view.object, "status", "phase") == "Failed"
    return Verdict(ready=pod_is_ready(view.object), failed=failed, says=tuple(("info", stage) for stage in stages))


def _itself(view: View) -> list[Obj]:
    return [view.object]


KIND = Kind(_judge, pods=_itself)
