"""PodDisruptionBudgets: how many pods may be evicted just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers import conditions, podstate
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import DISRUPTION_BUDGET, POD
from embedded.cluster.controllers.sizes import replicas_of, scaled
from embedded.cluster.controllers.times import seconds_of
from embedded.cluster.model.objects import Selector, controller_of, is_deleting, labels_of, name_of, namespace_of, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

# How long an eviction that was allowed may take to begin.
_EVICTION_TIME: Final = 120.0


class DisruptionBudgets(Controller):
    """Counts healthy pods against those that should be there."""

    kind = DISRUPTION_BUDGET

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(POD, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        for budget in self.world.all(DISRUPTION_BUDGET, change.namespace):
            if Selector.of_spec(budget["spec"].get("selector")).matches(labels_of(change.obj)):
                self.enqueue(change.namespace, name_of(budget))

    def reconcile(self, namespace: str, name: str) -> None:
        """Publish the counts."""
        budget = self.world.get(DISRUPTION_BUDGET, namespace, name)
        if budget is None or is_deleting(budget):
            return
        now = self.world.clock.now()
        matches = [] if budget["spec"].get("selector") is None else list(self._pods(budget))
        disrupted: dict[str, str] = {
            pod: at
            for pod, at in ((budget.get("status") or {}).get("disruptedPods") or {}).items()
            if any(name_of(p) == pod and not is_deleting(p) for p in matches) and (seconds_of(at) or 0.0) + _EVICTION_TIME > now
        }
        healthy = sum(podstate.is_ready(p) and not is_deleting(p) and name_of(p) not in disrupted for p in matches)
        expected = self._expected(matches) if "maxUnavailable" in budget["spec"] or _is_share(budget) else len(matches)
        if "maxUnavailable" in budget["spec"]:
            desired = max(expected - scaled(budget["spec"]["maxUnavailable"], expected, up=True), 0)
        else:
            desired = scaled(budget["spec"].get("minAvailable", 1), expected, up=True)
        allowed = max(healthy - desired, 0) if expected else 0
        status: Obj = {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
            "observedGeneration": budget["metadata"].get("generation", 1),
        }
        condition = {"type": "DisruptionAllowed", "status": "True" if allowed else "False", "message": ""}
        condition |= {"reason": "SufficientPods" if allowed else "InsufficientPods"}
        condition |= {"observedGeneration": status["observedGeneration"]}
        found = (budget.get("status") or {}).get("conditions") or []
        status["conditions"] = conditions.put(found, condition, self.world.clock.stamp())
        if disrupted:
            status["disruptedPods"] = disrupted
            self.enqueue_after(_EVICTION_TIME, namespace, name)
        self.world.set_status(DISRUPTION_BUDGET, budget, status)

    def _pods(self, budget: Obj) -> list[Obj]:
        selector = Selector.of_spec(budget["spec"].get("selector"))
        return [p for p in self.world.all(POD, namespace_of(budget), selector) if not podstate.is_finished(p)]

    def _expected(self, pods: list[Obj]) -> int:
        """How many pods their controllers want to have."""
        owners: dict[str, int] = {}
        alone = 0
        for pod in pods:
            owner = controller_of(pod)
            place = self.world.dependents.place(owner["uid"]) if owner is not None else None
            found = self.world.store.get(*place) if place is not None else None
            if found is None:
                alone += 1
                continue
            above = controller_of(found)
            higher = self.world.dependents.place(above["uid"]) if above is not None else None
            top = (self.world.store.get(*higher) if higher is not None else None) or found
            owners[uid_of(top)] = replicas_of(top)
        return sum(owners.values()) + alone


def _is_share(budget: Obj) -> bool:
    return isinstance(budget["spec"].get("minAvailable"), str)
