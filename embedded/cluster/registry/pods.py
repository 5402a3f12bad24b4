"""The sub-resources of pods that are requests in themselves: bind it to a node, evict it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.errors import Cause, bad_request, conflict, server_error, too_many
from embedded.cluster.model.objects import Selector, is_deleting, is_true, labels_of, name_of, namespace_of

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.registry.requests import DeleteOptions, Write

_BUDGETS: Final = ("policy/v1", "PodDisruptionBudget")
_REFUSED: Final = "Cannot evict pod as it would violate the pod's disruption budget."
_UNSTARTED: Final = frozenset({"Pending", "Succeeded", "Failed"})


def bind(registry: Registry, namespace: str, name: str, binding: Obj, write: Write) -> None:
    """Put a pod on a node."""
    pods = registry.resource("v1", "Pod")
    node = (binding.get("target") or {}).get("name")
    if not node:
        raise bad_request("target.name: a binding names the node")
    pod = registry.get(pods, namespace, name)
    if is_deleting(pod):
        raise conflict("", "pods/binding", name, f"pod {name} is being deleted, cannot be assigned to a host")
    if pod["spec"].get("nodeName"):
        raise conflict("", "pods/binding", name, f'pod {name} is already assigned to node "{pod["spec"]["nodeName"]}"')
    if write.dry_run:
        return
    registry.modify(pods, namespace, name, lambda p: p["spec"].__setitem__("nodeName", node), write.manager)
    registry.modify(pods, namespace, name, lambda p: _scheduled(p, registry.clock.stamp()), write.manager, "status")


def _scheduled(pod: Obj, stamp: str) -> None:
    status = pod.setdefault("status", {})
    others = [c for c in (status.get("conditions") or []) if c["type"] != "PodScheduled"]
    status["conditions"] = [*others, {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": stamp}]


def evict(registry: Registry, namespace: str, name: str, options: DeleteOptions) -> None:
    """Delete a pod, if its disruption budget has room; 429 if not."""
    pods = registry.resource("v1", "Pod")
    pod = registry.get(pods, namespace, name)
    if (pod.get("status") or {}).get("phase") not in _UNSTARTED and not is_deleting(pod):
        _charge(registry, pod, options)
    registry.delete(pods, namespace, name, options)


def _charge(registry: Registry, pod: Obj, options: DeleteOptions) -> None:
    """Take one disruption from the pod's budget."""
    kind = registry.resource(*_BUDGETS)
    budgets = [b for b in registry.list(kind, namespace_of(pod)) if _covers(b, pod)]
    if not budgets:
        return
    if len(budgets) > 1:
        raise server_error(500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
    budget, status = budgets[0], budgets[0].get("status") or {}
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        cause = f"The disruption budget {name_of(budget)} is still being processed by the server."
        raise too_many(_REFUSED, 10, [Cause("DisruptionBudget", cause, "")])
    if not is_true(pod, "Ready") and _spares_unready(budget, status):
        return
    if status.get("disruptionsAllowed", 0) <= 0:
        needed, there = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        cause = f"The disruption budget {name_of(budget)} needs {needed} healthy pods and has {there} currently"
        raise too_many(_REFUSED, 10, [Cause("DisruptionBudget", cause, "")])
    if not options.dry_run:
        stamp = registry.clock.stamp()
        registry.modify(
            kind, namespace_of(budget), name_of(budget), lambda b: _charged(b["status"], name_of(pod), stamp), subresource="status"
        )


def _charged(status: dict[str, Any], pod: str, stamp: str) -> None:
    status["disruptionsAllowed"] -= 1
    status.setdefault("disruptedPods", {})[pod] = stamp


def _covers(budget: Obj, pod: Obj) -> bool:
    selector = budget["spec"].get("selector")
    return selector is not None and Selector.of_spec(selector).matches(labels_of(pod))


def _spares_unready(budget: Obj, status: dict[str, Any]) -> bool:
    """Whether a pod that isn't ready may go: always, or (the default) as long as enough others are."""
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    return int(status.get("currentHealthy", 0)) >= int(status.get("desiredHealthy", 0)) > 0
