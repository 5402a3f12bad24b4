"""Jobs: pods that have to succeed so many times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers import conditions, podstate
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.claiming import claim
from embedded.cluster.controllers.kinds import JOB, POD
from embedded.cluster.controllers.templates import pod_of
from embedded.cluster.controllers.times import seconds_of
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import Selector, annotations_of, is_deleting, labels_of, name_of, namespace_of, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

SOURCE: Final = "job-controller"
INDEX: Final = "batch.kubernetes.io/job-completion-index"
_BACKOFF: Final = 10.0
_LONGEST_BACKOFF: Final = 600.0
_UNSUPPORTED: Final = ("podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "maxFailedIndexes", "managedBy")


class Jobs(Controller):
    """Counts each pod's end once, also when the pod is gone afterwards."""

    kind = JOB

    def __init__(self, world: World) -> None:
        super().__init__(world)
        # By job: the pods that have ended, and whether well.
        self._ends: dict[str, dict[str, bool]] = {}
        self._indexes: dict[str, set[int]] = {}
        self._last_failure: dict[str, float] = {}
        world.on(POD, self._pod_changed)

    def changed(self, change: Change) -> None:
        """Forget what is gone."""
        super().changed(change)
        if change.type == "DELETED":
            self._ends.pop(uid_of(change.obj), None)
            self._indexes.pop(uid_of(change.obj), None)
            self._last_failure.pop(uid_of(change.obj), None)

    def _pod_changed(self, change: Change) -> None:
        self.dependent_changed(change)
        owner = next((r for r in change.obj["metadata"].get("ownerReferences") or () if r.get("controller")), None)
        if owner is None or owner["kind"] != JOB.kind or not self.world.dependents.exists(owner["uid"]):
            return
        ends = self._ends.setdefault(owner["uid"], {})
        phase = podstate.phase_of(change.obj)
        over = podstate.is_finished(change.obj) or change.type == "DELETED"
        if over and uid_of(change.obj) not in ends:
            ends[uid_of(change.obj)] = phase == "Succeeded"
            if phase != "Succeeded":
                self._last_failure[owner["uid"]] = self.world.clock.now()
            elif (index := index_of(change.obj)) is not None:
                self._indexes.setdefault(owner["uid"], set()).add(index)

    def reconcile(self, namespace: str, name: str) -> None:
        """Start what is missing; see whether it is done, or has failed too often or too long."""
        job = self.world.get(JOB, namespace, name)
        if job is None:
            return
        pods = claim(self.world, POD, job, Selector.of_spec(job["spec"].get("selector")))
        if is_deleting(job) or self.world.is_ending(namespace):
            return
        status: Obj = job.get("status") or {}
        if _verdict(status, "Complete") or _verdict(status, "Failed"):
            self._retire(job, status)
            return
        if "startTime" not in status and not job["spec"].get("suspend"):
            for field in _UNSUPPORTED:
                if job["spec"].get(field) is not None:
                    self.world.events.warning(job, "NotSupported", f"spec.{field} has no effect in this cluster", source=SOURCE)
        failure: StatusError | None = None
        found = self._judge(job, pods, list(status.get("conditions") or ()))
        if not any(c["type"] in {"SuccessCriteriaMet", "FailureTarget"} for c in found):
            try:
                self._scale(job, [p for p in pods if podstate.is_active(p)])
            except StatusError as error:
                failure = error
        self._publish(job, self.world.controlled(POD, job), found)
        if failure is not None:
            raise failure

    def _judge(self, job: Obj, pods: list[Obj], found: list[Obj]) -> list[Obj]:
        """The conditions with the verdict, when there is one; then what still runs is stopped."""
        now, spec = self.world.clock.stamp(), job["spec"]
        if any(c["type"] in {"SuccessCriteriaMet", "FailureTarget"} for c in found):
            return found
        found = self._suspension(job, found)
        ends = self._ends.get(uid_of(job), {}).values()
        failed, succeeded = sum(not e for e in ends), self._succeeded(job)
        verdict: tuple[str, str, str] | None = None
        started = seconds_of((job.get("status") or {}).get("startTime"))
        deadline = spec.get("activeDeadlineSeconds")
        limit = int(spec.get("backoffLimit", 6))
        restarts = sum(podstate.restarts_of(p) for p in pods if podstate.is_active(p))
        if failed > limit or (spec["template"]["spec"].get("restartPolicy") == "OnFailure" and restarts and restarts >= limit):
            verdict = ("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        elif deadline is not None and started is not None and started + deadline <= self.world.clock.now() and not spec.get("suspend"):
            verdict = ("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")
        elif spec.get("completions") is None:
            if succeeded and not any(podstate.is_active(p) for p in pods):
                verdict = ("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
        elif succeeded >= int(spec["completions"]):
            verdict = ("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
        if verdict is not None:
            found = _put(found, verdict, now)
            for pod in pods:
                if podstate.is_active(pod):
                    self.world.delete(POD, pod)
        return found

    def _suspension(self, job: Obj, found: list[Obj]) -> list[Obj]:
        suspended, said = bool(job["spec"].get("suspend")), conditions.find(found, "Suspended")
        if suspended and (said is None or said["status"] != "True"):
            self.world.events.normal(job, "Suspended", "Job suspended", source=SOURCE)
            return _put(found, ("Suspended", "JobSuspended", "Job suspended"), self.world.clock.stamp())
        if not suspended and said is not None and said["status"] == "True":
            self.world.events.normal(job, "Resumed", "Job resumed", source=SOURCE)
            return _put(found, ("Suspended", "JobResumed", "Job resumed"), self.world.clock.stamp(), status="False")
        return found

    def _succeeded(self, job: Obj) -> int:
        if job["spec"].get("completionMode") == "Indexed":
            return len({i for i in self._indexes.get(uid_of(job), ()) if i < int(job["spec"].get("completions") or 0)})
        return sum(self._ends.get(uid_of(job), {}).values())

    def _scale(self, job: Obj, active: list[Obj]) -> None:
        spec = job["spec"]
        if spec.get("suspend"):
            for pod in active:
                self.world.delete(POD, pod)
            return
        wanted = int(spec.get("parallelism", 1))
        succeeded = self._succeeded(job)
        if spec.get("completions") is not None:
            wanted = min(wanted, int(spec["completions"]) - succeeded)
        elif succeeded:
            wanted = min(wanted, len(active))
        for pod in podstate.deletion_order(active)[: max(len(active) - wanted, 0)]:
            self.world.delete(POD, pod)
            self.world.events.normal(job, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", source=SOURCE)
        missing = wanted - len(active)
        wait = self._backoff(job)
        if missing > 0 and wait > 0:
            self.enqueue_after(wait, namespace_of(job), name_of(job))
            return
        taken = {index_of(p) for p in active} | self._indexes.get(uid_of(job), set())
        free = (i for i in range(int(spec.get("completions") or 0)) if i not in taken)
        for _ in range(missing):
            self._make(job, next(free, None) if spec.get("completionMode") == "Indexed" else None)

    def _backoff(self, job: Obj) -> float:
        """Seconds to wait before the next pod, after failures."""
        failed = sum(not e for e in self._ends.get(uid_of(job), {}).values())
        last = self._last_failure.get(uid_of(job))
        if not failed or last is None:
            return 0.0
        wait: float = min(_BACKOFF * 2 ** min(failed - 1, 10), _LONGEST_BACKOFF)
        return last + wait - self.world.clock.now()

    def _make(self, job: Obj, index: int | None) -> None:
        # The template has these labels already where the server has added them.
        labels = {"batch.kubernetes.io/controller-uid": uid_of(job), "batch.kubernetes.io/job-name": name_of(job)}
        labels |= {"controller-uid": uid_of(job), "job-name": name_of(job)}
        prefix = f"{name_of(job)}-" if index is None else f"{name_of(job)}-{index}-"
        metadata: Obj = {"generateName": prefix, "labels": labels}
        if index is not None:
            labels[INDEX] = str(index)
            metadata["annotations"] = {INDEX: str(index)}
        pod = pod_of(job["spec"]["template"], job, **metadata)
        if index is not None:
            pod["spec"]["hostname"] = f"{name_of(job)}-{index}"
            for container in [*pod["spec"].get("containers", []), *pod["spec"].get("initContainers", [])]:
                source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
                container["env"] = [*(container.get("env") or ()), {"name": "JOB_COMPLETION_INDEX", "valueFrom": source}]
        try:
            made = self.world.create(POD, pod)
        except StatusError as error:
            self.world.events.warning(job, "FailedCreate", f"Error creating: {error.message}", source=SOURCE)
            raise
        self.world.events.normal(job, "SuccessfulCreate", f"Created pod: {name_of(made)}", source=SOURCE)

    def _publish(self, job: Obj, pods: list[Obj], found: list[Obj]) -> None:
        now = self.world.clock.stamp()
        before: Obj = job.get("status") or {}
        active = [p for p in pods if podstate.is_active(p)]
        ending = sum(is_deleting(p) and not podstate.is_finished(p) for p in pods)
        ends = self._ends.get(uid_of(job), {}).values()
        found = self._conclude(job, found, active, ending)
        status: Obj = {k: v for k, v in before.items() if k in {"startTime", "completionTime"}}
        if "startTime" not in status and not job["spec"].get("suspend"):
            status["startTime"] = now
        if job["spec"].get("suspend"):
            status.pop("startTime", None)
        counts = {"active": len(active), "succeeded": self._succeeded(job), "failed": sum(not e for e in ends)}
        status |= {k: v for k, v in counts.items() if v}
        status |= {"ready": sum(podstate.is_ready(p) for p in active), "terminating": ending, "uncountedTerminatedPods": {}}
        if indexes := self._indexes.get(uid_of(job)):
            status["completedIndexes"] = _ranges(indexes)
        if found:
            status["conditions"] = found
        if _verdict(status, "Complete"):
            status["completionTime"] = now
        self.world.set_status(JOB, job, status)
        deadline, started = job["spec"].get("activeDeadlineSeconds"), seconds_of(status.get("startTime"))
        if deadline is not None and started is not None and not found:
            self.enqueue_after(max(started + deadline - self.world.clock.now(), 0.0), namespace_of(job), name_of(job))

    def _conclude(self, job: Obj, found: list[Obj], active: list[Obj], ending: int) -> list[Obj]:
        """The verdict becomes final when the last pod has ended."""
        if active or ending:
            return found
        for target, final in (("SuccessCriteriaMet", "Complete"), ("FailureTarget", "Failed")):
            verdict = conditions.find(found, target)
            if verdict is not None and verdict["status"] == "True":
                found = _put(found, (final, verdict["reason"], verdict["message"]), self.world.clock.stamp())
                if final == "Complete":
                    self.world.events.normal(job, "Completed", "Job completed", source=SOURCE)
                else:
                    self.world.events.warning(job, verdict["reason"], verdict["message"], source=SOURCE)
        return found

    def _retire(self, job: Obj, status: Obj) -> None:
        """Delete a finished job when its time has come."""
        kept = job["spec"].get("ttlSecondsAfterFinished")
        if kept is None:
            return
        ends = (seconds_of(c.get("lastTransitionTime")) for c in status["conditions"] if c["type"] in {"Complete", "Failed"})
        wait = max((e for e in ends if e is not None), default=0.0) + kept - self.world.clock.now()
        if wait > 0:
            self.enqueue_after(wait, namespace_of(job), name_of(job))
        else:
            self.world.delete(JOB, job)


def index_of(pod: Obj) -> int | None:
    """Which of an indexed job's completions the pod is for."""
    text = annotations_of(pod).get(INDEX, labels_of(pod).get(INDEX, ""))
    return int(text) if text.isdecimal() else None


def is_finished(job: Obj) -> str:
    """`Complete` or `Failed`, when it is."""
    status = job.get("status") or {}
    return next((t for t in ("Complete", "Failed") if _verdict(status, t)), "")


def _verdict(status: Obj, type_: str) -> bool:
    found = conditions.find(status.get("conditions") or [], type_)
    return found is not None and found["status"] == "True"


def _put(found: list[Obj], words: tuple[str, str, str], now: str, status: str = "True") -> list[Obj]:
    type_, reason, message = words
    new = {"type": type_, "status": status, "reason": reason, "message": message, "lastProbeTime": now}
    return conditions.put(found, new, now)


def _ranges(numbers: set[int]) -> str:
    """`0-3,5`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(p[0]) if len(p) == 1 else f"{p[0]}{',' if len(p) == 2 else '-'}{p[-1]}" for p in parts)
