"""The scheduler: a node for each pod, or the reason why there is none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import CLAIM, NODE, POD, STORAGE_CLASS
from embedded.cluster.controllers.placement import Load, obstacle, request_of
from embedded.cluster.controllers.podstate import is_finished
from embedded.cluster.model.objects import controller_of, is_deleting, name_of, namespace_of
from embedded.cluster.model.quantities import quantity
from embedded.cluster.registry.pods import bind
from embedded.cluster.registry.requests import Write

if TYPE_CHECKING:
    from embedded.cluster.controllers.placement import Request
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

SOURCE: Final = "default-scheduler"
_MANAGER: Final = "kube-scheduler"
SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"


class Scheduler(Controller):
    """Places a pod where fewest of its kind are; one that fits nowhere is tried again when anything changes that could help."""

    kind = POD

    def __init__(self, world: World) -> None:
        self._load = Load()
        self._pending: dict[tuple[str, str], None] = {}
        super().__init__(world)
        world.on(NODE, self._help_changed)
        world.on(CLAIM, self._help_changed)

    def changed(self, change: Change) -> None:
        """Keep the books; a pod that goes or ends makes room."""
        gone = change.type == "DELETED"
        self._load.note(change.obj, gone=gone)
        if gone:
            self._pending.pop((change.namespace, change.name), None)
        if (gone or is_finished(change.obj)) and change.obj["spec"].get("nodeName"):
            self._help_changed(change)
        elif not change.obj["spec"].get("nodeName"):
            self.enqueue(change.namespace, change.name)

    def _help_changed(self, _: Change) -> None:
        for key in self._pending:
            self.enqueue(*key)

    def reconcile(self, namespace: str, name: str) -> None:
        """Find the pod a node."""
        pod = self.world.get(POD, namespace, name)
        if pod is None or pod["spec"].get("nodeName") or is_deleting(pod) or is_finished(pod):
            self._pending.pop((namespace, name), None)
            return
        if pod["spec"].get("schedulerName", SOURCE) != SOURCE:
            return
        if pod["spec"].get("schedulingGates"):
            self._say(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")
            return
        nodes = list(self.world.all(NODE))
        request = request_of(pod)
        obstacles = {name_of(n): obstacle(pod, n, nodes, self._load, request) for n in nodes}
        fitting = [n for n in nodes if not obstacles[name_of(n)]]
        if not fitting:
            self._refuse(pod, self._summary(list(obstacles.values())))
            return
        best = min(fitting, key=lambda n: self._rank(pod, n, request))
        if why := self._unbound(pod, best):
            self._refuse(pod, f"0/{len(nodes)} nodes are available: {why}")
            return
        self._pending.pop((namespace, name), None)
        self._bind(pod, name_of(best))

    def _bind(self, pod: Obj, node: str) -> None:
        write = Write(manager=_MANAGER, trusted=True)
        bind(self.world.registry, namespace_of(pod), name_of(pod), {"target": {"name": node}}, write)
        message = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {node}"
        self.world.events.normal(pod, "Scheduled", message, source=SOURCE)

    def _rank(self, pod: Obj, node: Obj, request: Request) -> tuple[object, ...]:
        owner, there = controller_of(pod), self._load.on(name_of(node))
        siblings = there.siblings[owner["uid"]] if owner is not None else 0
        room = quantity(((node.get("status") or {}).get("allocatable") or {}).get("cpu", 1))
        return (siblings, (there.cpu + request.cpu) / room, len(there.pods), name_of(node))

    @staticmethod
    def _summary(obstacles: list[str]) -> str:
        if not obstacles:
            return "no nodes available to schedule pods"
        parts = ", ".join(sorted(f"{count} {why}" for why, count in Counter(obstacles).items()))
        total = len(obstacles)
        helpful = sum(why.startswith(("Insufficient", "Too many")) for why in obstacles)
        others = [(total - helpful, "Preemption is not helpful for scheduling"), (helpful, "No preemption victims found for incoming pod")]
        preemption = ", ".join(f"{count} {why}" for count, why in others if count)
        return f"0/{total} nodes are available: {parts}. preemption: 0/{total} nodes are available: {preemption}."

    def _unbound(self, pod: Obj, node: Obj) -> str:
        """Which of the pod's claims it has to wait for. A claim that waits for its first pod is told where that will be."""
        why = ""
        for volume in pod["spec"].get("volumes") or ():
            source = volume.get("persistentVolumeClaim")
            ephemeral = f"{name_of(pod)}-{volume['name']}" if volume.get("ephemeral") else ""
            if not source and not ephemeral:
                continue
            name = source["claimName"] if source else ephemeral
            claim = self.world.get(CLAIM, namespace_of(pod), name)
            if claim is None or is_deleting(claim):
                return f'persistentvolumeclaim "{name}" not found.'
            if (claim.get("status") or {}).get("phase") != "Bound":
                why = "pod has unbound immediate PersistentVolumeClaims."
                self._select(claim, name_of(node))
        return why

    def _select(self, claim: Obj, node: str) -> None:
        found = self.world.get(STORAGE_CLASS, "", claim["spec"].get("storageClassName") or "")
        if found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer":
            self.world.change(
                CLAIM,
                claim,
                lambda fresh: fresh["metadata"].setdefault("annotations", {}).setdefault(SELECTED_NODE, node),
                manager=_MANAGER,
            )

    def _refuse(self, pod: Obj, message: str) -> None:
        self._pending[namespace_of(pod), name_of(pod)] = None
        if self._say(pod, "Unschedulable", message):
            self.world.events.warning(pod, "FailedScheduling", message, source=SOURCE)

    def _say(self, pod: Obj, reason: str, message: str) -> bool:
        """Set the condition; returns whether it is news."""
        status = pod.get("status") or {}
        new = {"type": "PodScheduled", "status": "False", "lastProbeTime": None, "reason": reason, "message": message}
        found = conditions.put(status.get("conditions") or [], new, self.world.clock.stamp())
        if found == status.get("conditions"):
            return False
        self.world.set_status(POD, pod, status | {"phase": "Pending", "conditions": found}, manager=_MANAGER)
        return True
