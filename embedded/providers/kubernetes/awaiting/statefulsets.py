"""StatefulSets: ready when every pod is, at the revision that is to be; with OnDelete, or above a partition, at whatever revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import number, observed, text
from embedded.providers.kubernetes.awaiting.podsources import owned_pods, pods_of_selector

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj, View


def _judge(view: View) -> Verdict:
    stateful_set = view.object
    wanted = number(stateful_set, "spec", "replicas", default=1)
    seen = observed(stateful_set)
    there = _ready_replicas(stateful_set) if seen else 0
    full, forward = seen and _is_full(stateful_set, wanted), seen and _is_forward(stateful_set, wanted)
    if full and forward:
        return Verdict(ready=True, says=(("info", "StatefulSet initialization complete"),))
    reasons = []
    if not full:
        reasons.append(f"{there} out of {wanted} replicas succeeded readiness checks")
    if not forward:
        now, then = text(stateful_set, "status", "currentRevision"), text(stateful_set, "status", "updateRevision")
        reasons.append(f'StatefulSet controller failed to advance from revision "{now}" to revision "{then}"')
    if number(stateful_set, "metadata", "generation") <= 1:
        stage = f"[1/2] Waiting for StatefulSet to create Pods ({there}/{wanted} Pods ready)"
    elif not full:
        stage = f"[1/3] Waiting for StatefulSet update to roll out ({there}/{wanted} Pods ready)"
    else:
        stage = "[2/3] Waiting for StatefulSet to update .status.currentRevision"
    return Verdict(reasons=tuple(reasons), says=(("info", stage),))


def _is_full(stateful_set: Obj, wanted: int) -> bool:
    """Whether as many pods as wanted are there, ready, and (where a roll-out is awaited) of the current revision."""
    counts = (
        ["replicas", "readyReplicas"]
        if _by_hand(stateful_set) or _partition(stateful_set)
        else ["replicas", "readyReplicas", "currentReplicas"]
    )
    return all(number(stateful_set, "status", count) == wanted for count in counts)


def _is_forward(stateful_set: Obj, wanted: int) -> bool:
    """Whether the roll-out has come as far as it is to come."""
    current, update = text(stateful_set, "status", "currentRevision"), text(stateful_set, "status", "updateRevision")
    if _by_hand(stateful_set) or (current and current == update):
        return True
    partition = _partition(stateful_set)
    return bool(partition) and number(stateful_set, "status", "updatedReplicas") >= wanted - partition


def _by_hand(stateful_set: Obj) -> bool:
    """Whether pods move to the new revision only when somebody deletes them."""
    strategy = text(stateful_set, "spec", "updateStrategy", "type")
    return strategy == "OnDelete" and number(stateful_set, "metadata", "generation") > 1


def _partition(stateful_set: Obj) -> int:
    return number(stateful_set, "spec", "updateStrategy", "rollingUpdate", "partition")


def _ready_replicas(stateful_set: Obj) -> int:
    """How many pods are ready; in a roll-out only those of the new revision."""
    there, updated = number(stateful_set, "status", "readyReplicas"), number(stateful_set, "status", "updatedReplicas")
    rolling = text(stateful_set, "status", "currentRevision") != text(stateful_set, "status", "updateRevision")
    return min(there, updated) if rolling and not _by_hand(stateful_set) else there


KIND = Kind(_judge, pods_of_selector, owned_pods)
