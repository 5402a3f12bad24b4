"""A pod as its node runs it, and the status that this makes."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.times import stamp_of
from embedded.cluster.model.objects import condition, meta_of

if TYPE_CHECKING:
    from embedded.cluster.behaviour import Behaviour
    from embedded.cluster.model.clock import Timer
    from embedded.cluster.model.objects import Obj

Role = Literal["init", "sidecar", "main"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container came to its end."""

    code: int
    reason: str
    started: float
    finished: float
    container_id: str
    message: str = ""

    def data(self) -> Obj:
        """As in a container's state."""
        times = {"startedAt": stamp_of(self.started), "finishedAt": stamp_of(self.finished), "containerID": self.container_id}
        return {"exitCode": self.code, "reason": self.reason} | ({"message": self.message} if self.message else {}) | times


@dataclass(slots=True)
class ContainerRun:
    """One container: waiting, running since `started`, or ended."""

    spec: Obj
    role: Role
    behaviour: Behaviour
    waiting: str = "ContainerCreating"
    why: str = ""
    started: float | None = None
    ended: Ended | None = None
    last: Ended | None = None
    restarting: bool = False
    restarts: int = 0
    # Ends in a row: each makes the wait before the next start longer.
    crashes: int = 0
    pulls: int = 0
    # Starts so far: what was planned for an earlier one doesn't happen.
    starts: int = 0
    passed_startup: bool = False
    # When its readiness probe passes, as far as it is known.
    ready_at: float = math.inf
    ready: bool = False
    container_id: str = ""

    @property
    def name(self) -> str:
        """Its name in the pod."""
        return str(self.spec["name"])

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        return self.started is not None and self.ended is None

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.ended is not None and not self.restarting

    @property
    def is_done(self) -> bool:
        """Whether those after it may start: an init container that has succeeded, a sidecar that has started."""
        return self.passed_startup if self.role == "sidecar" else self.is_over and self.ended is not None and self.ended.code == 0

    def status(self) -> Obj:
        """As in the pod's status."""
        image = str(self.spec.get("image", ""))
        known = self.starts > 0
        found: Obj = {"name": self.name, "state": self._state(), "lastState": {"terminated": self.last.data()} if self.last else {}}
        found |= {"ready": self.ready or (self.role == "init" and self.is_done), "restartCount": self.restarts, "image": image}
        found |= {"imageID": image_id(image) if known else "", "started": self.is_running and self.passed_startup}
        if known:
            found["containerID"] = self.container_id
        return found

    def _state(self) -> Obj:
        if self.ended is not None:
            return {"terminated": self.ended.data()}
        if self.started is not None:
            return {"running": {"startedAt": stamp_of(self.started)}}
        return {"waiting": {"reason": self.waiting} | ({"message": self.why} if self.why else {})}


@dataclass(slots=True)
class PodRun:
    """One pod on its node."""

    uid: str
    namespace: str
    name: str
    node: str
    begun: float
    containers: list[ContainerRun]
    ip: str = ""
    # Which version of the pod's specification runs.
    generation: int = 1
    # Told to seem unready, whatever its probes say.
    unready: bool = False
    stopping: bool = False
    over: bool = False
    failure: tuple[str, str] | None = None
    # What it waits for before it can start: a ConfigMap that isn't there, say.
    blocked: str = ""
    timers: list[Timer] = field(default_factory=list)

    @property
    def initial(self) -> list[ContainerRun]:
        """The init containers and sidecars, in their order."""
        return [c for c in self.containers if c.role != "main"]

    @property
    def main(self) -> list[ContainerRun]:
        """The containers proper."""
        return [c for c in self.containers if c.role == "main"]

    @property
    def phase(self) -> str:
        """The pod's phase."""
        if self.failure is not None:
            return "Failed"
        ends = [c.ended for c in self.main if c.is_over]
        if len(ends) == len(self.main):
            return "Failed" if any(e is not None and e.code for e in ends) else "Succeeded"
        if any(c.role == "init" and c.is_over and not c.is_done for c in self.initial):
            return "Failed"
        return "Running" if any(c.starts for c in self.main) else "Pending"


def image_id(image: str) -> str:
    """The digest of an image: the same for the same name, on all nodes."""
    name, _, digest = image.partition("@")
    repository = name if ":" not in name.rpartition("/")[2] else name.rpartition(":")[0]
    return f"{repository}@{digest or 'sha256:' + hashlib.sha256(name.encode()).hexdigest()}"


def status_of(pod: Obj, run: PodRun, host_ip: str, now: str) -> Obj:
    """The status that a node publishes for a pod; what others have put there stays."""
    before: Obj = pod.get("status") or {}
    phase = run.phase
    status: Obj = {k: v for k, v in before.items() if k in {"qosClass", "nominatedNodeName", "resourceClaimStatuses"}}
    if "generation" in meta_of(pod):
        status["observedGeneration"] = pod["metadata"]["generation"]
    status |= {"phase": phase, "hostIP": host_ip, "hostIPs": [{"ip": host_ip}], "startTime": stamp_of(run.begun)}
    if run.ip:
        status |= {"podIP": run.ip, "podIPs": [{"ip": run.ip}]}
    if run.failure is not None:
        status |= {"reason": run.failure[0], "message": run.failure[1]}
    found: list[Obj] = before.get("conditions") or []
    for new in _conditions(pod, run, phase):
        found = conditions.put(found, new, now)
    status["conditions"] = found
    if run.initial:
        status["initContainerStatuses"] = [c.status() for c in run.initial]
    status["containerStatuses"] = [c.status() for c in run.main]
    return status


def _conditions(pod: Obj, run: PodRun, phase: str) -> list[Obj]:
    sandbox = bool(run.ip) and phase in {"Pending", "Running"}
    return [
        _condition("PodReadyToStartContainers", holds=sandbox),
        _initialized(run, phase),
        _ready("Ready", pod, run, phase),
        _ready("ContainersReady", pod, run, phase),
        _condition("PodScheduled", holds=True),
    ]


def _condition(type_: str, *, holds: bool, reason: str = "", message: str = "") -> Obj:
    words: dict[str, Any] = {k: v for k, v in (("reason", reason), ("message", message)) if v}
    return {"type": type_, "status": "True" if holds else "False", "lastProbeTime": None, **words}


def _initialized(run: PodRun, phase: str) -> Obj:
    waiting = [c.name for c in run.initial if not c.is_done]
    if phase == "Succeeded":
        return _condition("Initialized", holds=True, reason="PodCompleted")
    if not waiting or any(c.starts for c in run.main):
        return _condition("Initialized", holds=True)
    message = f"containers with incomplete status: [{' '.join(waiting)}]"
    return _condition("Initialized", holds=False, reason="ContainersNotInitialized", message=message)


def _ready(type_: str, pod: Obj, run: PodRun, phase: str) -> Obj:
    if phase in {"Succeeded", "Failed"}:
        return _condition(type_, holds=False, reason="PodCompleted" if phase == "Succeeded" else "PodFailed")
    unready = [c.name for c in run.containers if c.role != "init" and not c.ready]
    if unready:
        message = f"containers with unready status: [{' '.join(unready)}]"
        return _condition(type_, holds=False, reason="ContainersNotReady", message=message)
    gates = [g["conditionType"] for g in pod["spec"].get("readinessGates") or []]
    for gate in gates if type_ == "Ready" else ():
        found = condition(pod, gate)
        if found is None or found["status"] != "True":
            is_what = "does not exist." if found is None else f'has status "{found["status"]}".'
            message = f'corresponding condition of pod readiness gate "{gate}" {is_what}'
            return _condition(type_, holds=False, reason="ReadinessGatesNotReady", message=message)
    return _condition(type_, holds=True)
