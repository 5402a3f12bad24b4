"""StatefulSets: numbered pods with claims of their own, made and replaced one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.controllers import history, podstate
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.claiming import claim
from embedded.cluster.controllers.kinds import CLAIM, POD, STATEFUL_SET
from embedded.cluster.controllers.sizes import replicas_of, scaled
from embedded.cluster.controllers.templates import pod_of
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import Selector, clone, is_deleting, labels_of, name_of, namespace_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

SOURCE: Final = "statefulset-controller"
_POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
_POD_INDEX: Final = "apps.kubernetes.io/pod-index"


class StatefulSets(Controller):
    """One step at a time, unless pods are managed in parallel."""

    kind = STATEFUL_SET

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(POD, self.dependent_changed)

    def reconcile(self, namespace: str, name: str) -> None:
        """Make, replace or take away what is next, then say how it is."""
        found = self.world.get(STATEFUL_SET, namespace, name)
        if found is None:
            return
        claim(self.world, POD, found, Selector.of_spec(found["spec"].get("selector")))
        if is_deleting(found) or self.world.is_ending(namespace):
            return
        update, known = history.present(self.world, STATEFUL_SET, found)
        running = (found.get("status") or {}).get("currentRevision")
        current = next((r for r in known if name_of(r) == running), update)
        failure: StatusError | None = None
        try:
            self._step(found, current, update)
        except StatusError as error:
            failure = error
        pods = self.world.controlled(POD, found)
        self._publish(found, pods, current, update)
        live = {name_of(current), name_of(update), *(revision_of(p) for p in pods)}
        history.forget(self.world, found, known, live)
        if failure is not None:
            raise failure

    def _step(self, owner: Obj, current: Obj, update: Obj) -> None:
        parallel = owner["spec"].get("podManagementPolicy") == "Parallel"
        pods = {ordinal_of(p): p for p in self.world.controlled(POD, owner)}
        wanted = range(first_of(owner), first_of(owner) + replicas_of(owner))
        settled = True
        for ordinal in wanted:
            pod = pods.get(ordinal)
            if pod is not None and podstate.is_finished(pod) and not is_deleting(pod):
                self._delete(owner, pod)
                settled = False
            elif pod is None:
                self._make(owner, ordinal, current if _keeps_current(owner, ordinal) else update)
                settled = False
            elif is_deleting(pod) or not self._is_healthy(owner, pod):
                settled = False
            if not settled and not parallel:
                return
        surplus = sorted((o for o in pods if o not in wanted), reverse=True)
        for ordinal in surplus:
            if not is_deleting(pods[ordinal]):
                self._delete(owner, pods[ordinal])
            if not parallel:
                return
        if not surplus:
            self._replace(owner, [pods[o] for o in wanted if o in pods], update)

    def _replace(self, owner: Obj, pods: list[Obj], update: Obj) -> None:
        """Delete pods of older revisions, the highest first, while few enough are missing."""
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        rolling = strategy.get("rollingUpdate") or {}
        least = first_of(owner) + int(rolling.get("partition") or 0)
        allowed = max(scaled(rolling.get("maxUnavailable", 1), replicas_of(owner), up=True), 1)
        missing = sum(is_deleting(p) or not self._is_healthy(owner, p) for p in pods)
        for pod in reversed(pods):
            if ordinal_of(pod) < least or missing > allowed:
                return
            if revision_of(pod) == name_of(update) or is_deleting(pod):
                continue
            was_missing = not self._is_healthy(owner, pod)
            if missing >= allowed and not was_missing:
                return
            self._delete(owner, pod)
            missing += not was_missing

    def _is_healthy(self, owner: Obj, pod: Obj) -> bool:
        return podstate.is_available(pod, float(owner["spec"].get("minReadySeconds", 0)), self.world.clock.now())

    def _make(self, owner: Obj, ordinal: int, revision: Obj) -> None:
        name = f"{name_of(owner)}-{ordinal}"
        for template in owner["spec"].get("volumeClaimTemplates") or ():
            self._claim(owner, template, f"{name_of(template)}-{name}")
        labels = {_POD_NAME: name, _POD_INDEX: str(ordinal), history.POD_LABEL: name_of(revision)}
        pod = pod_of(history.template_of(revision), owner, name=name, labels=labels)
        pod["spec"]["hostname"] = name
        if service := owner["spec"].get("serviceName"):
            pod["spec"]["subdomain"] = service
        names = [name_of(t) for t in owner["spec"].get("volumeClaimTemplates") or ()]
        others = [v for v in pod["spec"].get("volumes") or () if v["name"] not in names]
        own: list[dict[str, Any]] = [{"name": n, "persistentVolumeClaim": {"claimName": f"{n}-{name}"}} for n in names]
        if own or others:
            pod["spec"]["volumes"] = own + others
        try:
            self.world.create(POD, pod)
        except StatusError as error:
            message = f"create Pod {name} in StatefulSet {name_of(owner)} failed error: {error.message}"
            self.world.events.warning(owner, "FailedCreate", message, source=SOURCE)
            raise
        self.world.events.normal(owner, "SuccessfulCreate", f"create Pod {name} in StatefulSet {name_of(owner)} successful", source=SOURCE)

    def _claim(self, owner: Obj, template: Obj, name: str) -> None:
        if self.world.get(CLAIM, namespace_of(owner), name) is None:
            body: Obj = clone(template)
            body.pop("status", None)
            labels = labels_of(template) | ((owner["spec"].get("selector") or {}).get("matchLabels") or {})
            metadata = {"name": name, "namespace": namespace_of(owner), "labels": labels}
            if annotations := template["metadata"].get("annotations"):
                metadata["annotations"] = annotations
            self.world.create(CLAIM, {"metadata": metadata, "spec": body["spec"]})
            message = f"create Claim {name} Pod {name.partition('-')[2]} in StatefulSet {name_of(owner)} success"
            self.world.events.normal(owner, "SuccessfulCreate", message, source=SOURCE)

    def _delete(self, owner: Obj, pod: Obj) -> None:
        self.world.delete(POD, pod)
        message = f"delete Pod {name_of(pod)} in StatefulSet {name_of(owner)} successful"
        self.world.events.normal(owner, "SuccessfulDelete", message, source=SOURCE)

    def _publish(self, owner: Obj, pods: list[Obj], current: Obj, update: Obj) -> None:
        now, min_ready = self.world.clock.now(), float(owner["spec"].get("minReadySeconds", 0))
        alive = [p for p in pods if not is_deleting(p)]
        ready = [p for p in pods if podstate.phase_of(p) == "Running" and podstate.is_ready(p)]
        now_current, now_updated = (sum(revision_of(p) == name_of(r) for p in alive) for r in (current, update))
        status: Obj = {
            "observedGeneration": owner["metadata"].get("generation", 1),
            "replicas": len(pods),
            "availableReplicas": sum(podstate.is_available(p, min_ready, now) for p in ready),
            "currentRevision": name_of(current),
            "updateRevision": name_of(update),
            "collisionCount": int((owner.get("status") or {}).get("collisionCount") or 0),
        }
        rolling = (owner["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
        complete = now_updated == len(ready) == len(pods) == replicas_of(owner)
        if rolling and complete:
            status["currentRevision"] = name_of(update)
            now_current = now_updated
        counts = {"readyReplicas": len(ready), "currentReplicas": now_current, "updatedReplicas": now_updated}
        self.world.set_status(STATEFUL_SET, owner, status | {k: v for k, v in counts.items() if v})
        wait = podstate.wait_for_availability(alive, min_ready, now)
        if wait is not None:
            self.enqueue_after(wait, namespace_of(owner), name_of(owner))


def ordinal_of(pod: Obj) -> int:
    """The pod's number; -1 for a pod that isn't named like one of a set."""
    number = name_of(pod).rpartition("-")[2]
    return int(number) if number.isdecimal() else -1


def first_of(owner: Obj) -> int:
    """The number of the set's first pod."""
    return int((owner["spec"].get("ordinals") or {}).get("start") or 0)


def revision_of(pod: Obj) -> str:
    """The name of the revision that the pod was made of."""
    return labels_of(pod).get(history.POD_LABEL, "")


def _keeps_current(owner: Obj, ordinal: int) -> bool:
    """Whether a pod that is made anew stays at the former revision: below the partition of a rolling update."""
    strategy = owner["spec"].get("updateStrategy") or {}
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    return strategy.get("type", "RollingUpdate") == "RollingUpdate" and ordinal < first_of(owner) + int(partition)
