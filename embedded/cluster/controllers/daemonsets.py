"""DaemonSets: one pod on each node that may have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers import history, podstate
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.claiming import claim
from embedded.cluster.controllers.kinds import DAEMON_SET, NODE, POD
from embedded.cluster.controllers.placement import is_wanted, tolerates
from embedded.cluster.controllers.sizes import scaled
from embedded.cluster.controllers.templates import pod_of
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import Selector, is_deleting, labels_of, name_of, namespace_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

SOURCE: Final = "daemonset-controller"
# What every daemon puts up with on its node.
_TOLERATED: Final = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)


class DaemonSets(Controller):
    """Gives each node its pod, and replaces old pods as far as may be missing."""

    kind = DAEMON_SET

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(POD, self.dependent_changed)
        world.on(NODE, self._node_changed)

    def _node_changed(self, change: Change) -> None:
        if change.old is None or change.type == "DELETED" or _seen(change.old) != _seen(change.obj):
            self.enqueue_all()

    def reconcile(self, namespace: str, name: str) -> None:
        """Make and delete pods, then say how many there are."""
        found = self.world.get(DAEMON_SET, namespace, name)
        if found is None:
            return
        claim(self.world, POD, found, Selector.of_spec(found["spec"].get("selector")))
        if is_deleting(found) or self.world.is_ending(namespace):
            return
        update, known = history.present(self.world, DAEMON_SET, found)
        failure: StatusError | None = None
        try:
            self._place(found, history.hash_label(update))
            if (found["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate":
                self._roll(found, history.hash_label(update))
        except StatusError as error:
            failure = error
        self._publish(found, history.hash_label(update))
        hashes = {labels_of(p).get(history.POD_LABEL) for p in self.world.controlled(POD, found)}
        live = {name_of(update), *(name_of(r) for r in known if history.hash_label(r) in hashes)}
        history.forget(self.world, found, known, live)
        if failure is not None:
            raise failure

    def _by_node(self, owner: Obj) -> dict[str, list[Obj]]:
        """The set's pods that live, by the nodes that they are meant for."""
        nodes: dict[str, list[Obj]] = {}
        for pod in self.world.controlled(POD, owner):
            if not is_deleting(pod):
                nodes.setdefault(node_of(pod), []).append(pod)
        return nodes

    def _place(self, owner: Obj, revision: str) -> None:
        there = self._by_node(owner)
        leaving = {node_of(p) for p in self.world.controlled(POD, owner) if is_deleting(p)}
        for node in self.world.all(NODE):
            pods = there.pop(name_of(node), [])
            if not _may_run(owner, node):
                for pod in pods:
                    self._delete(owner, pod)
                continue
            for pod in pods:
                if podstate.is_finished(pod):
                    message = f"Found failed daemon pod {namespace_of(pod)}/{name_of(pod)} on node {name_of(node)}, will try to kill it"
                    self.world.events.warning(owner, "FailedDaemonPod", message, source=SOURCE)
                    self._delete(owner, pod)
            if not pods and name_of(node) not in leaving:
                self._make(owner, name_of(node), revision)
        for pods in there.values():
            for pod in pods:
                self._delete(owner, pod)

    def _roll(self, owner: Obj, revision: str) -> None:
        """Replace pods of older revisions: those that serve nobody at once, others as far as may be missing or too many."""
        rolling = (owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
        there = self._by_node(owner)
        wanted = [name_of(n) for n in self.world.all(NODE) if _may_run(owner, n)]
        surge = scaled(rolling.get("maxSurge", 0), len(wanted), up=True)
        allowed = scaled(rolling.get("maxUnavailable", 0 if surge else 1), len(wanted), up=True)
        missing = sum(not any(self._is_available(owner, p) for p in there.get(n, ())) for n in wanted)
        doubled = sum(len(there.get(n, ())) > 1 for n in wanted)
        for node in wanted:
            pods = there.get(node, [])
            old = [p for p in pods if labels_of(p).get(history.POD_LABEL) != revision]
            new = [p for p in pods if labels_of(p).get(history.POD_LABEL) == revision]
            for pod in old:
                if any(self._is_available(owner, p) for p in new) or not self._is_available(owner, pod):
                    self._delete(owner, pod)
                elif not new and doubled < surge:
                    self._make(owner, node, revision)
                    doubled += 1
                elif not surge and missing < allowed:
                    self._delete(owner, pod)
                    missing += 1

    def _is_available(self, owner: Obj, pod: Obj) -> bool:
        return podstate.is_available(pod, float(owner["spec"].get("minReadySeconds", 0)), self.world.clock.now())

    def _make(self, owner: Obj, node: str, revision: str) -> None:
        pod = pod_of(owner["spec"]["template"], owner, generateName=f"{name_of(owner)}-", labels={history.POD_LABEL: revision})
        term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        required = {"nodeSelectorTerms": [term]}
        affinity = pod["spec"].setdefault("affinity", {})
        affinity["nodeAffinity"] = {**(affinity.get("nodeAffinity") or {}), "requiredDuringSchedulingIgnoredDuringExecution": required}
        tolerations = pod["spec"].setdefault("tolerations", [])
        tolerations += [{"key": key, "operator": "Exists", "effect": effect} for key, effect in _TOLERATED]
        try:
            made = self.world.create(POD, pod)
        except StatusError as error:
            self.world.events.warning(owner, "FailedCreate", f"Error creating: {error.message}", source=SOURCE)
            raise
        self.world.events.normal(owner, "SuccessfulCreate", f"Created pod: {name_of(made)}", source=SOURCE)

    def _delete(self, owner: Obj, pod: Obj) -> None:
        self.world.delete(POD, pod)
        self.world.events.normal(owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", source=SOURCE)

    def _publish(self, owner: Obj, revision: str) -> None:
        there = self._by_node(owner)
        wanted = {name_of(n) for n in self.world.all(NODE) if _may_run(owner, n)}
        placed = {n: pods for n, pods in there.items() if n in wanted}
        ready = sum(any(podstate.is_ready(p) for p in pods) for pods in placed.values())
        available = sum(any(self._is_available(owner, p) for p in pods) for pods in placed.values())
        updated = sum(any(labels_of(p).get(history.POD_LABEL) == revision for p in pods) for pods in placed.values())
        status: Obj = {
            "currentNumberScheduled": len(placed),
            "desiredNumberScheduled": len(wanted),
            "numberMisscheduled": len(there.keys() - wanted),
            "numberReady": ready,
            "observedGeneration": owner["metadata"].get("generation", 1),
        }
        counts = {"updatedNumberScheduled": updated, "numberAvailable": available, "numberUnavailable": len(wanted) - available}
        self.world.set_status(DAEMON_SET, owner, status | {k: v for k, v in counts.items() if v})
        pods = [p for each in placed.values() for p in each]
        wait = podstate.wait_for_availability(pods, float(owner["spec"].get("minReadySeconds", 0)), self.world.clock.now())
        if wait is not None:
            self.enqueue_after(wait, namespace_of(owner), name_of(owner))


def node_of(pod: Obj) -> str:
    """The node that a daemon's pod is for, whether it is there yet or not."""
    node = pod["spec"].get("nodeName")
    if node:
        return str(node)
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = affinity.get("nodeSelectorTerms") or ()
    return next((str(field["values"][0]) for term in terms for field in term.get("matchFields") or ()), "")


def _may_run(owner: Obj, node: Obj) -> bool:
    spec = owner["spec"]["template"]["spec"]
    tolerations = [*(spec.get("tolerations") or ()), *({"key": k, "operator": "Exists", "effect": e} for k, e in _TOLERATED)]
    taints = [t for t in (node.get("spec") or {}).get("taints") or () if t["effect"] != "PreferNoSchedule"]
    # An unreachable node keeps its daemon: the taint against new pods comes together with one that daemons tolerate.
    hard = [t for t in taints if t["key"] != "node.kubernetes.io/unreachable"]
    return is_wanted(spec, node) and all(tolerates(tolerations, t) is not None for t in hard)


def _seen(node: Obj) -> tuple[object, ...]:
    return (labels_of(node), (node.get("spec") or {}).get("taints"))
