"""Deletion: done when the object is gone. What keeps one is a finalizer that nobody takes away, or a namespace's content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.generic import CONDITION_OVERDUE
from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import conditions, is_true, sequence, text

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import View


def _judge(view: View) -> Verdict:
    obj = view.object
    leaving = text(obj, "metadata", "deletionTimestamp") != ""
    finalizers = [str(name) for name in (*sequence(obj, "metadata", "finalizers"), *sequence(obj, "spec", "finalizers"))]
    reasons = [f"finalizers might be preventing deletion ({', '.join(finalizers)})"] if finalizers else []
    if text(obj, "kind") == "Namespace":
        reasons += [text(found, "message") for found in conditions(obj) if is_true(found)]
    return Verdict(reasons=tuple(reasons), says=(("info", "Resource scheduled for deletion"),) if leaving else ())


KIND = Kind(_judge, overdue=CONDITION_OVERDUE, refreshed=False)
