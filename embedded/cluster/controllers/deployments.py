"""Deployments: a template's pods replaced by the next one's, within bounds, and a status that says how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.controllers import conditions, progress
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.claiming import claim
from embedded.cluster.controllers.kinds import DEPLOYMENT, POD, REPLICA_SET
from embedded.cluster.controllers.rollout import Rollout
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import Selector, controller_of, is_deleting, name_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change


class Deployments(Controller):
    """Decides in each turn what its ReplicaSets' sizes are, and publishes the status once, at the turn's end."""

    kind = DEPLOYMENT

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(REPLICA_SET, self.dependent_changed)
        world.on(POD, self._pod_changed)

    def _pod_changed(self, change: Change) -> None:
        """Recreate waits for the last old pod to go."""
        owner = controller_of(change.obj)
        if change.type == "DELETED" and owner is not None and owner["kind"] == REPLICA_SET.kind:
            replica_set = self.world.get(REPLICA_SET, change.namespace, owner["name"])
            if replica_set is not None:
                self.enqueue_owner(replica_set)

    def reconcile(self, namespace: str, name: str) -> None:
        """One turn."""
        deployment = self.world.get(DEPLOYMENT, namespace, name)
        if deployment is None:
            return
        sets = claim(self.world, REPLICA_SET, deployment, Selector.of_spec(deployment["spec"].get("selector")))
        rollout = Rollout(self.world, deployment, sets)
        judge = False
        try:
            if not is_deleting(deployment):
                judge = self._act(rollout)
        except StatusError:
            self._publish(rollout, judge=False)
            raise
        self._publish(rollout, judge=judge)

    def _act(self, rollout: Rollout) -> bool:
        """Scale; returns whether this turn may judge the rollout's progress."""
        paused = bool(rollout.deployment["spec"].get("paused"))
        _note_pause(rollout, paused=paused)
        rollout.number()
        if paused or rollout.is_scaling():
            rollout.spread()
            if paused:
                rollout.forget_old()
            return False
        if (rollout.deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            self._recreate(rollout)
        else:
            rollout.make_new()
            if rollout.grow_new() or rollout.shrink_old():
                return True
        if progress.is_complete(rollout.deployment, rollout.deployment["status"]):
            rollout.forget_old()
        return True

    @staticmethod
    def _recreate(rollout: Rollout) -> None:
        if rollout.empty_old() or rollout.old_pods_run():
            return
        rollout.make_new()
        rollout.grow_new()

    def _publish(self, rollout: Rollout, *, judge: bool) -> None:
        world, draft = self.world, rollout.deployment
        now, stamp = world.clock.now(), world.clock.stamp()
        status = progress.counted(draft, rollout.sets, rollout.new, stamp)
        if judge:
            status = progress.judged(draft, status, rollout.sets, rollout.new, now, stamp)
        annotations = draft["metadata"].get("annotations")

        def change(fresh: Obj) -> None:
            fresh["status"] = status
            if annotations:
                fresh["metadata"]["annotations"] = annotations

        world.change(DEPLOYMENT, draft, change, subresource="status")
        if judge and (wait := progress.due_to_be_stuck(draft, status, now)) is not None:
            self.enqueue_after(wait, draft["metadata"]["namespace"], name_of(draft))


def _note_pause(rollout: Rollout, *, paused: bool) -> None:
    """A pause is no lack of progress: the condition says that it began, or ended."""
    current = conditions.find(rollout.deployment["status"]["conditions"], "Progressing")
    reason = current.get("reason") if current is not None else None
    if reason == "ProgressDeadlineExceeded":
        return
    if paused and reason != "DeploymentPaused":
        rollout.say_progress("Unknown", "DeploymentPaused", "Deployment is paused")
    elif not paused and reason == "DeploymentPaused":
        rollout.say_progress("Unknown", "DeploymentResumed", "Deployment is resumed")
