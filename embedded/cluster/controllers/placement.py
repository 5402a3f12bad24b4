"""Whether a pod may run on a node: selectors, affinity, taints, spreading, and room."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.podstate import is_finished
from embedded.cluster.model.objects import (
    Selector,
    controller_of,
    is_deleting,
    is_true,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from embedded.cluster.model.quantities import quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedded.cluster.model.objects import Obj

_HOSTNAME: Final = "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True)
class Request:
    """What a pod asks a node for."""

    cpu: Fraction
    memory: Fraction


def request_of(pod: Obj) -> Request:
    """The sum of the containers' requests; an init container's where that is more."""
    spec = pod["spec"]
    together, alone = spec.get("containers") or [], spec.get("initContainers") or []
    sums = {
        what: max(sum((_asked(c, what) for c in together), Fraction(0)), max((_asked(c, what) for c in alone), default=Fraction(0)))
        for what in ("cpu", "memory")
    }
    return Request(sums["cpu"], sums["memory"])


def _asked(container: Obj, what: str) -> Fraction:
    resources = container.get("resources") or {}
    value = (resources.get("requests") or {}).get(what, (resources.get("limits") or {}).get(what, 0))
    return quantity(value)


@dataclass(slots=True)
class Occupancy:
    """What runs on one node."""

    pods: dict[str, tuple[Obj, Request]] = field(default_factory=dict)
    cpu: Fraction = Fraction(0)
    memory: Fraction = Fraction(0)
    siblings: Counter[str] = field(default_factory=Counter)


class Load:
    """What runs where, kept with every change to a pod."""

    def __init__(self) -> None:
        self._nodes: dict[str, Occupancy] = {}

    def note(self, pod: Obj, *, gone: bool) -> None:
        """Keep up with a pod."""
        name = pod["spec"].get("nodeName")
        if not name:
            return
        node, uid = self.on(name), uid_of(pod)
        known = node.pods.pop(uid, None)
        if known is not None:
            self._count(node, *known, -1)
        if not gone and not is_finished(pod):
            node.pods[uid] = (pod, known[1] if known is not None else request_of(pod))
            self._count(node, *node.pods[uid], 1)

    @staticmethod
    def _count(node: Occupancy, pod: Obj, request: Request, sign: int) -> None:
        if request.cpu or request.memory:
            node.cpu += sign * request.cpu
            node.memory += sign * request.memory
        owner = controller_of(pod)
        if owner is not None and not is_deleting(pod):
            node.siblings[owner["uid"]] += sign

    def on(self, node: str) -> Occupancy:
        """What runs on a node."""
        return self._nodes.setdefault(node, Occupancy())

    def pods(self, node: str) -> list[Obj]:
        """The pods on a node."""
        return [pod for pod, _ in self.on(node).pods.values()]


def tolerates(tolerations: Iterable[Obj], taint: Obj) -> Obj | None:
    """The toleration that lets a pod stay in spite of a taint."""
    for toleration in tolerations:
        if toleration.get("effect") not in {None, "", taint["effect"]}:
            continue
        key, operator = toleration.get("key"), toleration.get("operator", "Equal")
        if not key and operator == "Exists":
            return toleration
        if key == taint["key"] and (operator == "Exists" or toleration.get("value", "") == taint.get("value", "")):
            return toleration
    return None


def obstacle(pod: Obj, node: Obj, nodes: Iterable[Obj], load: Load, request: Request) -> str:
    """Why a pod can't go to a node, in the scheduler's words; "" if it can."""
    spec = pod["spec"]
    tolerations = spec.get("tolerations") or []
    unschedulable = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    if (node.get("spec") or {}).get("unschedulable") and tolerates(tolerations, unschedulable) is None:
        return "node(s) were unschedulable"
    for taint in (node.get("spec") or {}).get("taints") or ():
        if taint["effect"] != "PreferNoSchedule" and tolerates(tolerations, taint) is None:
            return "node(s) had untolerated taint(s)"
    if not is_true(node, "Ready"):
        return "node(s) were not ready"
    if not is_wanted(spec, node):
        return "node(s) didn't match Pod's node affinity/selector"
    if why := _repelled(pod, node, list(nodes), load):
        return why
    return _no_room(node, load, request)


def _no_room(node: Obj, load: Load, request: Request) -> str:
    room = (node.get("status") or {}).get("allocatable") or {}
    used = load.on(name_of(node))
    if len(used.pods) >= quantity(room.get("pods", 0)):
        return "Too many pods"
    if request.cpu and used.cpu + request.cpu > quantity(room.get("cpu", 0)):
        return "Insufficient cpu"
    if request.memory and used.memory + request.memory > quantity(room.get("memory", 0)):
        return "Insufficient memory"
    return ""


def is_wanted(spec: Obj, node: Obj) -> bool:
    """Whether the pod's selector and required affinity are satisfied by the node's labels."""
    labels = labels_of(node)
    if any(labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    fields = {"metadata.name": name_of(node)}
    return any(
        (term.get("matchExpressions") or term.get("matchFields"))
        and all(_holds(e, labels) for e in term.get("matchExpressions") or ())
        and all(_holds(e, fields) for e in term.get("matchFields") or ())
        for term in required.get("nodeSelectorTerms") or ()
    )


def _holds(expression: Obj, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" if value is not None and values and value.lstrip("-").isdecimal():
            return int(value) > int(values[0]) if expression["operator"] == "Gt" else int(value) < int(values[0])
    return False


def _repelled(pod: Obj, node: Obj, nodes: list[Obj], load: Load) -> str:
    """Other pods that it must keep away from, or be near, or be spread with."""
    affinity = pod["spec"].get("affinity") or {}
    for term in (affinity.get("podAntiAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or ():
        if _count(pod, term, _domain(node, nodes, term["topologyKey"]), load):
            return "node(s) didn't match pod anti-affinity rules"
    for term in (affinity.get("podAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or ():
        itself = Selector.of_spec(term.get("labelSelector")).matches(labels_of(pod))
        first = itself and not _count(pod, term, nodes, load)
        if not first and not _count(pod, term, _domain(node, nodes, term["topologyKey"]), load):
            return "node(s) didn't match pod affinity rules"
    for spread in pod["spec"].get("topologySpreadConstraints") or ():
        if spread.get("whenUnsatisfiable", "DoNotSchedule") != "DoNotSchedule":
            continue
        key = spread["topologyKey"]
        if key not in labels_of(node):
            return "node(s) didn't match pod topology spread constraints (missing required label)"
        usable = [n for n in nodes if key in labels_of(n) and is_wanted(pod["spec"], n)]
        counts = {labels_of(n)[key]: _count(pod, spread, _domain(n, nodes, key), load) for n in usable}
        if counts.get(labels_of(node)[key], 0) + 1 - min(counts.values(), default=0) > spread["maxSkew"]:
            return "node(s) didn't match pod topology spread constraints"
    return ""


def _domain(node: Obj, nodes: list[Obj], key: str) -> list[Obj]:
    value = labels_of(node).get(key, name_of(node) if key == _HOSTNAME else None)
    return [n for n in nodes if value is not None and labels_of(n).get(key) == value]


def _count(pod: Obj, term: Obj, domain: list[Obj], load: Load) -> int:
    selector = Selector.of_spec(term.get("labelSelector"))
    spaces = {*(term.get("namespaces") or ()), *(() if term.get("namespaces") else (namespace_of(pod),))}
    return sum(
        namespace_of(other) in spaces and not is_deleting(other) and selector.matches(labels_of(other)) and uid_of(other) != uid_of(pod)
        for node in domain
        for other in load.pods(name_of(node))
    )
