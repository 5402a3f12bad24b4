"""ReplicaSets: so many pods of one template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers import conditions, podstate
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.claiming import claim
from embedded.cluster.controllers.kinds import POD, REPLICA_SET
from embedded.cluster.controllers.templates import pod_of, template_matches
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import Selector, controller_of, is_deleting, labels_of, name_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

SOURCE: Final = "replicaset-controller"


class ReplicaSets(Controller):
    """Makes and deletes pods until there are as many as there should be."""

    kind = REPLICA_SET

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(POD, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        self.dependent_changed(change)
        if controller_of(change.obj) is None and change.type != "DELETED":
            for found in self.world.all(REPLICA_SET, change.namespace):
                if Selector.of_spec(found["spec"].get("selector")).matches(labels_of(change.obj)):
                    self.enqueue(change.namespace, name_of(found))

    def reconcile(self, namespace: str, name: str) -> None:
        """Make or delete pods, then say how many there are."""
        replica_set = self.world.get(REPLICA_SET, namespace, name)
        if replica_set is None:
            self.sizes.pop((namespace, name), None)
            return
        pods = claim(self.world, POD, replica_set, Selector.of_spec(replica_set["spec"].get("selector")))
        failure: StatusError | None = None
        if not is_deleting(replica_set) and not self.world.is_ending(namespace):
            try:
                self._scale(replica_set, [p for p in pods if podstate.is_active(p)])
            except StatusError as error:
                failure = error
        pods = self.world.controlled(POD, replica_set)
        self.sizes[namespace, name] = len(pods)
        self._publish(replica_set, pods, failure)
        if failure is not None:
            raise failure

    def _scale(self, replica_set: Obj, active: list[Obj]) -> None:
        world = self.world
        missing = int(replica_set["spec"].get("replicas", 1)) - len(active)
        for _ in range(missing):
            pod = pod_of(replica_set["spec"]["template"], replica_set, generateName=f"{name_of(replica_set)}-")
            try:
                made = world.create(POD, pod)
            except StatusError as error:
                world.events.warning(replica_set, "FailedCreate", f"Error creating: {error.message}", source=SOURCE)
                raise
            world.events.normal(replica_set, "SuccessfulCreate", f"Created pod: {name_of(made)}", source=SOURCE)
        if missing < 0:
            for pod in podstate.deletion_order(active)[:-missing]:
                world.delete(POD, pod)
                world.events.normal(replica_set, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", source=SOURCE)

    def _publish(self, replica_set: Obj, pods: list[Obj], failure: StatusError | None) -> None:
        now, spec = self.world.clock.now(), replica_set["spec"]
        min_ready = float(spec.get("minReadySeconds", 0))
        active = [p for p in pods if podstate.is_active(p)]
        ready = [p for p in active if podstate.is_ready(p)]
        counts = {
            "fullyLabeledReplicas": sum(template_matches(spec["template"], p) for p in active),
            "readyReplicas": len(ready),
            "availableReplicas": sum(podstate.is_available(p, min_ready, now) for p in ready),
        }
        status: Obj = {"replicas": len(active), "observedGeneration": replica_set["metadata"].get("generation", 1)}
        status |= {k: v for k, v in counts.items() if v}
        status["terminatingReplicas"] = sum(is_deleting(p) and not podstate.is_finished(p) for p in pods)
        found: list[Obj] = (replica_set.get("status") or {}).get("conditions") or []
        if failure is not None and conditions.find(found, "ReplicaFailure") is None:
            reason = "FailedCreate" if len(active) < int(spec.get("replicas", 1)) else "FailedDelete"
            new = {"type": "ReplicaFailure", "status": "True", "reason": reason, "message": failure.message}
            found = conditions.put(found, new, self.world.clock.stamp())
        elif failure is None:
            found = conditions.without(found, "ReplicaFailure")
        if found:
            status["conditions"] = found
        self.world.set_status(REPLICA_SET, replica_set, status)
        wait = podstate.wait_for_availability(active, min_ready, now)
        if wait is not None:
            self.enqueue_after(wait, replica_set["metadata"]["namespace"], name_of(replica_set))
