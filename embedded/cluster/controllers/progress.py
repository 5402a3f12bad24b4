"""The status of a Deployment: its counts, and what its conditions say of a rollout's progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.sizes import bounds_of, replicas_of, status_of
from embedded.cluster.controllers.times import seconds_of
from embedded.cluster.model.objects import name_of

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

# Deployments without this deadline don't judge their progress.
_NO_DEADLINE = 2147483647


def deadline_of(deployment: Obj) -> int | None:
    """After how many seconds without progress a rollout counts as stuck."""
    deadline = deployment["spec"].get("progressDeadlineSeconds")
    return int(deadline) if deadline is not None and deadline != _NO_DEADLINE else None


def put(found: list[Obj], type_: str, status: str, reason: str, message: str, now: str) -> list[Obj]:
    """The conditions with this one last, unless it already says the same status and reason."""
    old = conditions.find(found, type_)
    if old is not None and (old["status"], old.get("reason")) == (status, reason):
        return found
    since = old["lastTransitionTime"] if old is not None and old["status"] == status else now
    new = {"type": type_, "status": status, "reason": reason, "message": message, "lastUpdateTime": now, "lastTransitionTime": since}
    return [*conditions.without(found, type_), new]


def counted(deployment: Obj, sets: list[Obj], new: Obj | None, now: str) -> Obj:
    """The status by counting, with the condition Available."""
    available = sum(status_of(s, "availableReplicas") for s in sets)
    counts = {
        "replicas": sum(status_of(s, "replicas") for s in sets),
        "updatedReplicas": status_of(new, "replicas") if new is not None else 0,
        "readyReplicas": sum(status_of(s, "readyReplicas") for s in sets),
        "availableReplicas": available,
        "unavailableReplicas": max(sum(replicas_of(s) for s in sets) - available, 0),
        "collisionCount": status_of(deployment, "collisionCount"),
    }
    status: Obj = {"observedGeneration": deployment["metadata"].get("generation", 1)}
    status |= {k: v for k, v in counts.items() if v}
    status["terminatingReplicas"] = sum(status_of(s, "terminatingReplicas") for s in sets)
    found: list[Obj] = (deployment.get("status") or {}).get("conditions") or []
    if available >= replicas_of(deployment) - bounds_of(deployment).unavailable:
        found = put(found, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
    else:
        found = put(found, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now)
    return status | {"conditions": found}


def is_complete(deployment: Obj, status: Obj) -> bool:
    """Whether all pods are new ones, and available."""
    wanted = replicas_of(deployment)
    return all(int(status.get(f) or 0) == wanted for f in ("updatedReplicas", "replicas", "availableReplicas")) and status.get(
        "observedGeneration", 0
    ) >= deployment["metadata"].get("generation", 1)


def judged(deployment: Obj, status: Obj, sets: list[Obj], new: Obj | None, now: float, stamp: str) -> Obj:
    """The status with what can be said about a rollout under way: complete, progressing, stuck, or pods that can't be made."""
    found: list[Obj] = status["conditions"]
    deadline = deadline_of(deployment)
    about = f'ReplicaSet "{name_of(new)}"' if new is not None else f'Deployment "{name_of(deployment)}"'
    if deadline is None:
        found = conditions.without(found, "Progressing")
    else:
        current = conditions.find(found, "Progressing")
        settled = status.get("replicas", 0) == status.get("updatedReplicas", 0)
        done = settled and current is not None and current.get("reason") == "NewReplicaSetAvailable"
        if done:
            pass
        elif is_complete(deployment, status):
            found = put(found, "Progressing", "True", "NewReplicaSetAvailable", f"{about} has successfully progressed.", stamp)
        elif _has_moved(deployment.get("status") or {}, status):
            # Said again with each step: lastUpdateTime is what the deadline counts from.
            again = conditions.without(found, "Progressing")
            found = put(again, "Progressing", "True", "ReplicaSetUpdated", f"{about} is progressing.", stamp)
            if current is not None and current["status"] == "True":
                found[-1]["lastTransitionTime"] = current["lastTransitionTime"]
        elif current is not None and is_stuck(current, deadline, now):
            found = put(found, "Progressing", "False", "ProgressDeadlineExceeded", f"{about} has timed out progressing.", stamp)
    failure = next((f for s in [new, *sets] if s is not None and (f := _failure(s)) is not None), None)
    if failure is None:
        found = conditions.without(found, "ReplicaFailure")
    else:
        found = put(found, "ReplicaFailure", failure["status"], failure["reason"], failure["message"], stamp)
    return status | {"conditions": found}


def _failure(replica_set: Obj) -> Obj | None:
    return conditions.find((replica_set.get("status") or {}).get("conditions") or [], "ReplicaFailure")


def _has_moved(before: Obj, after: Obj) -> bool:
    """Whether there are more new, ready or available pods than before, or fewer old ones."""

    def number(status: Obj, field: str) -> int:
        return int(status.get(field) or 0)

    old_before = number(before, "replicas") - number(before, "updatedReplicas")
    old_after = number(after, "replicas") - number(after, "updatedReplicas")
    more = any(number(after, f) > number(before, f) for f in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return more or old_after < old_before


def is_stuck(progressing: Obj, deadline: float, now: float) -> bool:
    """Whether nothing has moved for longer than the deadline."""
    if progressing.get("reason") in {"NewReplicaSetAvailable", "ProgressDeadlineExceeded"}:
        return bool(progressing["reason"] == "ProgressDeadlineExceeded")
    return (seconds_of(progressing.get("lastUpdateTime")) or 0.0) + deadline <= now


def due_to_be_stuck(deployment: Obj, status: Obj, now: float) -> float | None:
    """In how many seconds the rollout is stuck unless something moves; None when there is nothing to wait for."""
    deadline = deadline_of(deployment)
    current = conditions.find(status.get("conditions") or [], "Progressing")
    if deadline is None or current is None or is_complete(deployment, status):
        return None
    if current.get("reason") in {"NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"}:
        return None
    return max((seconds_of(current.get("lastUpdateTime")) or 0.0) + deadline - now, 0.0)
