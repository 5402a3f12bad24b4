"""Readiness of any kind, by the conventions that most keep: the observed generation, and the conditions Reconciling, Stalled and Ready.

It is asked for with PULUMI_K8S_AWAIT_ALL=true, since a kind that keeps none of them can't be told from one that is ready.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import condition, is_true, number, text

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj, View

CONDITION_OVERDUE = "timed out waiting for the condition"


def compute(obj: Obj) -> tuple[bool, str]:
    """Whether the object is what it is to be, and how that stands in words."""
    kind = text(obj, "kind")
    if text(obj, "metadata", "deletionTimestamp"):
        return False, "Resource scheduled for deletion"
    generation, seen = number(obj, "metadata", "generation", default=-1), number(obj, "status", "observedGeneration", default=-1)
    if generation >= 0 and seen >= 0 and generation != seen:
        return False, f"{kind} generation is {generation}, but latest observed generation is {seen}"
    for type_ in ("Reconciling", "Stalled"):
        found = condition(obj, type_)
        if found and is_true(found):
            return False, text(found, "message")
    if text(obj, "apiVersion") == "apps/v1" and kind == "DaemonSet":
        return _daemon_set(obj) if seen >= 0 else (False, "DaemonSet status.observedGeneration not found")
    if text(obj, "apiVersion") == "apps/v1" and kind == "ReplicaSet":
        return _replica_set(obj)
    ready = condition(obj, "Ready")
    if ready is None:
        return True, "Resource is current"
    return (True, "Resource is Ready") if is_true(ready) else (False, text(ready, "message"))


def _daemon_set(daemon_set: Obj) -> tuple[bool, str]:
    wanted = number(daemon_set, "status", "desiredNumberScheduled", default=-1)
    if wanted < 0:
        return False, "Missing .status.desiredNumberScheduled"
    counts = {
        "Current": "currentNumberScheduled",
        "Updated": "updatedNumberScheduled",
        "Available": "numberAvailable",
        "Ready": "numberReady",
    }
    for word, count in counts.items():
        there = number(daemon_set, "status", count)
        if there < wanted:
            return False, f"{word}: {there}/{wanted}"
    return True, f"All replicas scheduled as expected. Replicas: {wanted}"


def _replica_set(replica_set: Obj) -> tuple[bool, str]:
    failure = condition(replica_set, "ReplicaFailure")
    if is_true(failure):
        return False, "Replica Failure condition. Check Pods"
    wanted, total = number(replica_set, "spec", "replicas", default=1), number(replica_set, "status", "replicas")
    for word, count in {"Labelled": "fullyLabeledReplicas", "Available": "availableReplicas", "Ready": "readyReplicas"}.items():
        there = number(replica_set, "status", count)
        if there < wanted:
            return False, f"{word}: {there}/{wanted}"
    if total > wanted:
        return False, f"Pending termination: {total - wanted}"
    return True, f"ReplicaSet is available. Replicas: {total}"


def _judge(view: View) -> Verdict:
    current, message = compute(view.object)
    message = message or "Waiting for readiness"
    return Verdict(ready=current, reasons=() if current else (message,), says=(("info", message),))


KIND = Kind(_judge, overdue=CONDITION_OVERDUE, refreshed=False)
