"""The kubelets of all nodes: what happens to a pod from the moment that it has a node until it is gone.

Nothing is polled: from a container's behaviour it is known when something will happen to it, and a timer is set for that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from embedded.cluster import behaviour
from embedded.cluster.controllers import mounts
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.containers import Containers
from embedded.cluster.controllers.errands import AllPages
from embedded.cluster.controllers.kinds import CONFIG_MAP, NODE, POD, SECRET
from embedded.cluster.controllers.podrun import ContainerRun, PodRun, status_of
from embedded.cluster.controllers.podstate import is_finished
from embedded.cluster.model.errors import bad_request, not_found
from embedded.cluster.model.objects import condition, is_deleting, meta_of, name_of, namespace_of, uid_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.controllers.errands import Pages
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

SOURCE: Final = "kubelet"
_DEFAULT_GRACE: Final = 30
_FIRST_ADDRESS: Final = 2
_LAST_ADDRESS: Final = 254
_SLEEP: Final = re.compile(r"\bsleep\s+(\d+(?:\.\d+)?)")


class Kubelets(Controller):
    """Runs pods, and does to them what faults demand."""

    kind = POD

    def __init__(self, world: World, pages: Pages | None = None) -> None:
        super().__init__(world)
        self._runs: dict[tuple[str, str], PodRun] = {}
        self._last_address: dict[str, int] = {}
        self._taken: set[str] = set()
        self._blocked: set[tuple[str, str]] = set()
        self._containers = Containers(world, self.enqueue, pages or AllPages())
        world.on(CONFIG_MAP, self._config_changed)
        world.on(SECRET, self._config_changed)
        world.on(NODE, self._node_changed)

    def _config_changed(self, change: Change) -> None:
        """Something that a pod waits for may be there now."""
        for namespace, name in sorted(self._blocked):
            if namespace == change.namespace:
                self.enqueue(namespace, name)

    def _node_changed(self, change: Change) -> None:
        """A node that is back says what has become of its pods."""
        if change.old is not None and behaviour.is_lost(change.old) and not behaviour.is_lost(change.obj):
            for pod in self.world.all(POD):
                if pod["spec"].get("nodeName") == change.name:
                    self.enqueue(namespace_of(pod), name_of(pod))

    def reconcile(self, namespace: str, name: str) -> None:
        """Start the pod, stop it, or say how it is."""
        pod = self.world.get(POD, namespace, name)
        run = self._runs.get((namespace, name))
        if run is not None and (pod is None or uid_of(pod) != run.uid):
            self._containers.abandon(run)
            self.world.registry.logs.forget(run.uid)
            del self._runs[namespace, name]
            self._taken.discard(run.ip)
            self._blocked.discard((namespace, name))
            run = None
        if pod is None or not pod["spec"].get("nodeName"):
            return
        node = self.world.get(NODE, "", pod["spec"]["nodeName"])
        if node is None or behaviour.is_lost(node):
            return
        if run is None:
            if is_finished(pod):
                return
            run = self._runs[namespace, name] = self._admit(pod)
        if is_deleting(pod):
            self._stop(pod, run)
        elif run.generation != meta_of(pod).get("generation", 1):
            self._containers.renew(pod, run)
        if not run.stopping and (run.blocked or not run.ip):
            self._begin(pod, run)
            (self._blocked.add if run.blocked else self._blocked.discard)((namespace, name))
        self._publish(pod, run, node)
        if run.over and is_deleting(pod) and not meta_of(pod).get("finalizers"):
            self.world.delete(POD, pod, grace=0)

    def _admit(self, pod: Obj) -> PodRun:
        containers = [
            ContainerRun(c, "sidecar" if c.get("restartPolicy") == "Always" else "init", behaviour.of_container(pod, c, first=False))
            for c in pod["spec"].get("initContainers") or ()
        ]
        containers += [
            ContainerRun(c, "main", behaviour.of_container(pod, c, first=not at))
            for at, c in enumerate(pod["spec"].get("containers") or ())
        ]
        if any(c.role == "init" for c in containers):
            for container in containers:
                container.waiting = "PodInitializing"
        run = PodRun(uid_of(pod), namespace_of(pod), name_of(pod), pod["spec"]["nodeName"], self.world.clock.now(), containers)
        run.generation = meta_of(pod).get("generation", 1)
        for problem in (p for c in containers for p in c.behaviour.problems):
            self.world.events.warning(pod, "InvalidBehaviour", problem, source=SOURCE, host=run.node)
        if deadline := pod["spec"].get("activeDeadlineSeconds"):
            message = "Pod was active on the node longer than the specified deadline"
            self._containers.after(run, float(deadline), lambda: self._fail(run, "DeadlineExceeded", message))
        return run

    def _begin(self, pod: Obj, run: PodRun) -> None:
        """Give the pod an address and let its containers start, unless something is missing."""
        if why := mounts.missing_volume(self.world, pod):
            if why != run.blocked:
                self.world.events.warning(pod, "FailedMount", why, source=SOURCE, host=run.node)
            run.blocked = why
            return
        if not run.ip:
            run.ip = self._address(pod, run.node)
        run.blocked = ""
        self._containers.go_on(pod, run)

    def _address(self, pod: Obj, node: str) -> str:
        if pod["spec"].get("hostNetwork"):
            return self._host_address(node)
        prefix = ((self.world.get(NODE, "", node) or {}).get("spec") or {}).get("podCIDR", "10.244.0.0/24").rpartition(".")[0]
        for _ in range(_FIRST_ADDRESS, _LAST_ADDRESS + 1):
            number = self._last_address.get(node, _FIRST_ADDRESS - 1) + 1
            number = number if number <= _LAST_ADDRESS else _FIRST_ADDRESS
            self._last_address[node] = number
            if (address := f"{prefix}.{number}") not in self._taken:
                self._taken.add(address)
                return address
        raise bad_request(f"node {node} has no free pod addresses")

    def _host_address(self, node: str) -> str:
        addresses = ((self.world.get(NODE, "", node) or {}).get("status") or {}).get("addresses") or ()
        return str(next((a["address"] for a in addresses if a["type"] == "InternalIP"), ""))

    def _publish(self, pod: Obj, run: PodRun, node: Obj) -> None:
        status = status_of(pod, run, self._host_address(name_of(node)), self.world.clock.stamp())
        self.world.set_status(POD, pod, status, manager=SOURCE)

    def _stop(self, pod: Obj, run: PodRun) -> None:
        """Begin the pod's end: its hooks, its programs' own time to stop, at most its grace."""
        if run.stopping or run.over:
            return
        run.stopping = True
        grace = float(meta_of(pod).get("deletionGracePeriodSeconds") or 0)
        for container in run.containers:
            if container.is_running:
                message = f"Stopping container {container.name}"
                path = f"spec.containers{{{container.name}}}"
                self.world.events.normal(pod, "Killing", message, source=SOURCE, path=path, host=run.node)
        wanted = max((self._time_to_stop(run, c) for c in run.main if c.is_running), default=0.0)
        code = 0 if wanted <= grace else 137
        self._containers.silence(run)
        self._containers.after(run, min(wanted, grace), lambda: self._stopped(run, code))

    def _time_to_stop(self, run: PodRun, container: ContainerRun) -> float:
        hook = (container.spec.get("lifecycle") or {}).get("preStop") or {}
        pause = float((hook.get("sleep") or {}).get("seconds", 0))
        if found := _SLEEP.search(" ".join((hook.get("exec") or {}).get("command") or ())):
            pause = float(found[1])
        own = container.behaviour.stop_after
        return pause + (0.1 + 0.3 * self.world.draws.fraction("stop", run.namespace, run.name, container.name) if own is None else own)

    def _stopped(self, run: PodRun, code: int) -> None:
        self._containers.end_all(run, code)
        run.over = True
        self.enqueue(run.namespace, run.name)

    def _fail(self, run: PodRun, reason: str, message: str) -> None:
        """The node itself ends the pod."""
        self._containers.end_all(run, 137)
        self._containers.silence(run)
        run.failure = (reason, message)
        self.enqueue(run.namespace, run.name)

    # What faults do.

    def crash(self, namespace: str, name: str) -> None:
        """The pod's first container ends with an error."""
        self._containers.exit(*self._running(namespace, name), 1, "Error")

    def oom(self, namespace: str, name: str) -> None:
        """The pod's first container outgrows its memory."""
        self._containers.exit(*self._running(namespace, name), 137, "OOMKilled")

    def unready(self, namespace: str, name: str, seconds: float | None = None) -> None:
        """The pod's readiness probes fail from now on, or for so long."""
        run = self._run(namespace, name)
        run.unready = True
        self._containers.judge(run)
        if seconds is not None:
            self._containers.after(run, seconds, lambda: self.ready(namespace, name))

    def ready(self, namespace: str, name: str) -> None:
        """The pod's readiness probes say again what they find."""
        run = self._run(namespace, name)
        run.unready = False
        self._containers.judge(run)

    def evict(self, namespace: str, name: str) -> None:
        """The pod's node is short of memory and ends it."""
        run = self._run(namespace, name)
        pod = self.world.get(POD, namespace, name)
        if pod is None or run.stopping or run.over or run.failure is not None or is_finished(pod):
            return
        message = "The node was low on resource: memory. "
        self.world.events.warning(pod, "Evicted", message, source=SOURCE, host=run.node)
        now = self.world.clock.stamp()
        target: Obj = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": message}
        if condition(pod, "DisruptionTarget") is None:
            found = [*((pod.get("status") or {}).get("conditions") or ()), target | {"lastProbeTime": None, "lastTransitionTime": now}]
            self.world.set_status(POD, pod, (pod.get("status") or {}) | {"conditions": found}, manager=SOURCE)
        self._fail(run, "Evicted", message)

    def runs(self) -> Iterator[PodRun]:
        """All pods on all nodes."""
        return iter(self._runs.values())

    def _run(self, namespace: str, name: str) -> PodRun:
        run = self._runs.get((namespace, name))
        if run is None:
            if self.world.get(POD, namespace, name) is None:
                raise not_found("", "pods", name)
            raise bad_request(f"pod {namespace}/{name} runs on no node: nothing can happen to it there")
        return run

    def _running(self, namespace: str, name: str) -> tuple[PodRun, ContainerRun]:
        run = self._run(namespace, name)
        container = run.main[0]
        if not container.is_running:
            raise bad_request(f"container {container.name} of pod {namespace}/{name} doesn't run: nothing can happen to it")
        return run, container
