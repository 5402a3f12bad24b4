"""The nodes: how they register, what happens when one falls silent, and who must leave a tainted one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from embedded.cluster.behaviour import LOST, is_lost
from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import NODE, POD
from embedded.cluster.controllers.placement import tolerates
from embedded.cluster.controllers.podstate import is_ready
from embedded.cluster.controllers.times import seconds_of
from embedded.cluster.model.errors import not_found
from embedded.cluster.model.objects import condition, is_deleting, is_true, name_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

SOURCE: Final = "node-controller"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
# How long a node may be silent before it counts as unreachable.
GRACE: Final = 40.0
_KUBELET: Final = "kubelet"
_HEALTHY: Final = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node to begin with."""

    name: str
    cpu: str = "4"
    memory: str = "16Gi"
    pods: int = 110


class Nodes(Controller):
    """Watches over the nodes; nothing beats here: a node's silence is known from the fault that caused it."""

    kind = NODE

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._silent_since: dict[str, float] = {}
        # When a taint was first seen, for those that don't say it.
        self._seen: dict[tuple[str, str], float] = {}

    def changed(self, change: Change) -> None:
        """The pods of a node that is taken away are gone with it."""
        super().changed(change)
        if change.type == "DELETED":
            for pod in self._pods(change.name):
                self.world.delete(POD, pod, grace=0)

    def register(self, spec: NodeSpec, number: int) -> None:
        """A node joins, as the cluster's n-th."""
        now = self.world.clock.stamp()
        room = {"cpu": spec.cpu, "memory": spec.memory, "pods": str(spec.pods), "ephemeral-storage": "100Gi"}
        healthy = [
            {"type": t, "status": s, "reason": r, "message": m, "lastHeartbeatTime": now, "lastTransitionTime": now}
            for t, s, r, m in _HEALTHY
        ]
        labels = {"kubernetes.io/hostname": spec.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        labels |= {"topology.kubernetes.io/region": "local", "topology.kubernetes.io/zone": f"local-{'abc'[(number - 1) % 3]}"}
        addresses = [{"type": "InternalIP", "address": f"172.18.0.{number + 1}"}, {"type": "Hostname", "address": spec.name}]
        info = {"architecture": "amd64", "operatingSystem": "linux", "kubeletVersion": "v1.36.3", "osImage": "simulated"}
        info |= {"containerRuntimeVersion": "simulated://1.0.0", "kernelVersion": "6.12.0", "bootID": "", "machineID": "", "systemUUID": ""}
        node: Obj = {
            "metadata": {"name": spec.name, "labels": labels},
            "spec": {"podCIDR": f"10.244.{number}.0/24", "podCIDRs": [f"10.244.{number}.0/24"]},
            "status": {
                "capacity": room,
                "allocatable": room,
                "conditions": healthy,
                "addresses": addresses,
                "nodeInfo": info | {"kubeProxyVersion": ""},
            },
        }
        self.world.create(NODE, node, manager=_KUBELET)

    def lose(self, name: str) -> None:
        """The node can't be reached any more: its pods answer nobody, and nobody hears of them."""
        node = self._known(name)
        if is_lost(node):
            return
        self.world.journal.write("node", name=name, what="lost")
        self.world.change(NODE, node, lambda fresh: fresh["metadata"].setdefault("annotations", {}).__setitem__(LOST, "true"))

    def restore(self, name: str) -> None:
        """The node is back."""
        node = self._known(name)
        if not is_lost(node):
            return
        self.world.journal.write("node", name=name, what="back")

        def back(fresh: Obj) -> None:
            fresh["metadata"]["annotations"].pop(LOST)
            taints = [t for t in fresh["spec"].get("taints") or [] if t["key"] != UNREACHABLE]
            fresh["spec"]["taints"] = taints
            if not taints:
                del fresh["spec"]["taints"]

        self.world.change(NODE, node, back)
        if not is_true(node, "Ready"):
            self._say(node, _HEALTHY, _KUBELET)
            self.world.events.normal(node, "NodeReady", f"Node {name} status is now: NodeReady", source=_KUBELET)

    def reconcile(self, namespace: str, name: str) -> None:
        """Notice a silent node in time, and send away the pods that don't tolerate its taints."""
        node = self.world.get(NODE, namespace, name)
        if node is None:
            return
        if not is_lost(node):
            self._silent_since.pop(name, None)
        elif is_true(node, "Ready"):
            wait = self._silent_since.setdefault(name, self.world.clock.now()) + GRACE - self.world.clock.now()
            if wait > 0:
                self.enqueue_after(wait, "", name)
            else:
                self._notice(node)  # the change brings the node back here
            return
        self._seen = {key: at for key, at in self._seen.items() if key[0] != name or key[1] in _evicting(node)}
        for taint in _evicting(node).values():
            since = self._seen.setdefault((name, taint["key"]), seconds_of(taint.get("timeAdded")) or self.world.clock.now())
            for pod in self._pods(name):
                self._send_away(pod, taint, since, name)

    def _known(self, name: str) -> Obj:
        node = self.world.get(NODE, "", name)
        if node is None:
            raise not_found("", "nodes", name)
        return node

    def _notice(self, node: Obj) -> None:
        now, name = self.world.clock.stamp(), name_of(node)
        unknown = "Kubelet stopped posting node status."
        self._say(node, tuple((t, "Unknown", "NodeStatusUnknown", unknown) for t, *_ in _HEALTHY), "kube-controller-manager")

        def taint(fresh: Obj) -> None:
            taints = fresh["spec"].setdefault("taints", [])
            taints += [{"key": UNREACHABLE, "effect": effect, "timeAdded": now} for effect in ("NoSchedule", "NoExecute")]

        self.world.change(NODE, node, taint)
        self.world.events.normal(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady", source=SOURCE)
        for pod in self._pods(name):
            if is_ready(pod):
                found = [
                    c | {"status": "False", "lastTransitionTime": now} if c["type"] == "Ready" else c for c in pod["status"]["conditions"]
                ]
                self.world.set_status(POD, pod, pod["status"] | {"conditions": found})
                self.world.events.warning(pod, "NodeNotReady", "Node is not ready", source=SOURCE)

    def _say(self, node: Obj, words: tuple[tuple[str, str, str, str], ...], manager: str) -> None:
        now = self.world.clock.stamp()
        found: list[Obj] = node["status"]["conditions"]
        for type_, status, reason, message in words:
            beat = now if manager == _KUBELET else (condition(node, type_) or {}).get("lastHeartbeatTime", now)
            new = {"type": type_, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": beat}
            found = conditions.put(found, new, now)
        self.world.change(NODE, node, lambda fresh: fresh["status"].__setitem__("conditions", found), subresource="status", manager=manager)

    def _send_away(self, pod: Obj, taint: Obj, since: float, node: str) -> None:
        if is_deleting(pod):
            return
        toleration = tolerates(pod["spec"].get("tolerations") or [], taint)
        if toleration is not None and toleration.get("tolerationSeconds") is None:
            return
        patience = float(toleration["tolerationSeconds"]) if toleration is not None else 0.0
        wait = since + patience - self.world.clock.now()
        if wait > 0:
            self.enqueue_after(wait, "", node)
            return
        about = f"{pod['metadata']['namespace']}/{name_of(pod)}"
        self.world.events.normal(pod, "TaintManagerEviction", f"Marking for deletion Pod {about}", source="taint-eviction-controller")
        self.world.delete(POD, pod)

    def _pods(self, node: str) -> list[Obj]:
        return [p for p in self.world.all(POD) if p["spec"].get("nodeName") == node]


def _evicting(node: Obj) -> dict[str, Obj]:
    """The node's taints that pods have to leave for, by key."""
    return {t["key"]: t for t in (node.get("spec") or {}).get("taints") or () if t["effect"] == "NoExecute"}
