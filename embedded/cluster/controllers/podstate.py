"""What controllers want to know of a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.times import seconds_of
from embedded.cluster.model.objects import annotations_of, condition, is_deleting, is_true, name_of, uid_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.cluster.model.objects import Obj

_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_ORDER: Final = {"Pending": 0, "Unknown": 1, "Running": 2}


def phase_of(pod: Obj) -> str:
    """The pod's phase."""
    return str((pod.get("status") or {}).get("phase") or "Pending")


def is_finished(pod: Obj) -> bool:
    """Whether it has come to its end by itself."""
    return phase_of(pod) in {"Succeeded", "Failed"}


def is_active(pod: Obj) -> bool:
    """Whether it counts as one of its controller's pods."""
    return not is_finished(pod) and not is_deleting(pod)


def is_ready(pod: Obj) -> bool:
    """Whether its Ready condition is true."""
    return is_true(pod, "Ready")


def available_at(pod: Obj, min_ready: float) -> float | None:
    """From when on it counts as available; None while it isn't ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready["status"] != "True":
        return None
    return (seconds_of(ready.get("lastTransitionTime")) or 0.0) + min_ready


def is_available(pod: Obj, min_ready: float, now: float) -> bool:
    """Whether it has been ready for that long."""
    at = available_at(pod, min_ready)
    return at is not None and (min_ready == 0 or at <= now)


def wait_for_availability(pods: Iterable[Obj], min_ready: float, now: float) -> float | None:
    """In how many seconds the next of these pods becomes available by time alone."""
    if not min_ready:
        return None
    due = [at - now for pod in pods if (at := available_at(pod, min_ready)) is not None and at > now]
    return min(due, default=None)


def restarts_of(pod: Obj) -> int:
    """The most restarts of one of its containers."""
    return max((s.get("restartCount", 0) for s in (pod.get("status") or {}).get("containerStatuses") or ()), default=0)


def deletion_order(pods: list[Obj]) -> list[Obj]:
    """The pods, those first that are missed least: not placed, not running, not ready, crowded on a node, ready for the shortest time."""
    crowd: dict[str, int] = {}
    for pod in pods:
        if is_ready(pod):
            node = pod["spec"].get("nodeName", "")
            crowd[node] = crowd.get(node, 0) + 1

    def rank(pod: Obj) -> tuple[object, ...]:
        ready = condition(pod, "Ready") or {}
        since = seconds_of(ready.get("lastTransitionTime")) or 0.0
        node = pod["spec"].get("nodeName", "")
        return (
            bool(node),
            _ORDER.get(phase_of(pod), 2),
            is_ready(pod),
            _cost(pod),
            -crowd.get(node, 0),
            -since if is_ready(pod) else 0.0,
            -restarts_of(pod),
            -(seconds_of(pod["metadata"].get("creationTimestamp")) or 0.0),
            uid_of(pod),
        )

    return sorted(pods, key=rank)


def _cost(pod: Obj) -> int:
    text = annotations_of(pod).get(_DELETION_COST, "0")
    try:
        return int(text)
    except ValueError:
        return 0


def by_name(pods: Iterable[Obj]) -> dict[str, Obj]:
    """The pods by their names."""
    return {name_of(pod): pod for pod in pods}
