"""CronJobs: Jobs made when they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.jobs import is_finished
from embedded.cluster.controllers.kinds import CRON_JOB, JOB
from embedded.cluster.controllers.schedule import Schedule
from embedded.cluster.controllers.times import seconds_of, stamp_of
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import clone, is_deleting, name_of, namespace_of, owner_reference, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

SOURCE: Final = "cronjob-controller"
_SCHEDULED: Final = "batch.kubernetes.io/cronjob-scheduled-timestamp"
# So late a start is none any more: the server itself may have been away.
_MISSED: Final = 100


class CronJobs(Controller):
    """Waits for the next time that is due, and for nothing else."""

    kind = CRON_JOB

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(JOB, self.dependent_changed)

    def reconcile(self, namespace: str, name: str) -> None:
        """Start a Job if one is due, tidy up finished ones, and come back for the next."""
        found = self.world.get(CRON_JOB, namespace, name)
        if found is None or is_deleting(found) or self.world.is_ending(namespace):
            return
        try:
            schedule = Schedule.parse(found["spec"]["schedule"], found["spec"].get("timeZone"))
        except ValueError as error:
            self.world.events.warning(found, "UnparseableSchedule", f"unparseable schedule: {error}", source=SOURCE)
            return
        jobs = self.world.controlled(JOB, found)
        self._tidy(found, jobs)
        status: Obj = {k: v for k, v in (found.get("status") or {}).items() if k in {"lastScheduleTime", "lastSuccessfulTime"}}
        ends = [j["status"]["completionTime"] for j in jobs if is_finished(j) == "Complete" and j["status"].get("completionTime")]
        if ends:
            status["lastSuccessfulTime"] = max([*ends, status.get("lastSuccessfulTime", "")])
        started = None if found["spec"].get("suspend") else self._start(found, schedule, [j for j in jobs if not is_finished(j)])
        if started is not None:
            status["lastScheduleTime"] = stamp_of(started)
        active = [j for j in self.world.controlled(JOB, found) if not is_finished(j) and not is_deleting(j)]
        if active:
            status["active"] = [_reference(j) for j in active]
        self.world.set_status(CRON_JOB, found, status)
        due = schedule.after(self.world.clock.now())
        if due is not None and not found["spec"].get("suspend"):
            self.enqueue_after(due - self.world.clock.now(), namespace, name)

    def _start(self, found: Obj, schedule: Schedule, active: list[Obj]) -> float | None:
        """Make the Job that is due; returns the time it was due at."""
        now, spec = self.world.clock.now(), found["spec"]
        last = seconds_of((found.get("status") or {}).get("lastScheduleTime"))
        since = last if last is not None else seconds_of(found["metadata"]["creationTimestamp"]) or now
        patience = spec.get("startingDeadlineSeconds")
        if patience is not None:
            since = max(since, now - float(patience))
        due, following = None, schedule.after(since)
        for _ in range(_MISSED):
            if following is None or following > now:
                break
            due, following = following, schedule.after(following)
        if due is None:
            return None
        policy = spec.get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and active:
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self.world.events.normal(found, "JobAlreadyActive", message, source=SOURCE)
            return None
        if policy == "Replace":
            for job in active:
                self.world.delete(JOB, job)
                self.world.events.normal(found, "SuccessfulDelete", f"Deleted job {name_of(job)}", source=SOURCE)
        self._make(found, due)
        return due

    def _make(self, found: Obj, due: float) -> None:
        template: Obj = clone(found["spec"]["jobTemplate"])
        metadata = template.get("metadata") or {}
        name = f"{name_of(found)}-{int(due) // 60}"
        fields: Obj = {"name": name, "namespace": namespace_of(found), "ownerReferences": [owner_reference(found)]}
        fields["annotations"] = {**(metadata.get("annotations") or {}), _SCHEDULED: stamp_of(due)}
        if metadata.get("labels"):
            fields["labels"] = metadata["labels"]
        try:
            self.world.create(JOB, {"metadata": fields, "spec": template["spec"]})
        except StatusError as error:
            if error.reason == "AlreadyExists":
                return
            self.world.events.warning(found, "FailedCreate", f"Error creating job: {error.message}", source=SOURCE)
            raise
        self.world.events.normal(found, "SuccessfulCreate", f"Created job {name}", source=SOURCE)

    def _tidy(self, found: Obj, jobs: list[Obj]) -> None:
        """Keep the last few Jobs of either end."""
        for end, field, usual in (("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)):
            past = sorted(
                (j for j in jobs if is_finished(j) == end and not is_deleting(j)), key=lambda j: j["metadata"]["creationTimestamp"]
            )
            limit = int(found["spec"].get(field, usual))
            for job in past[: max(len(past) - limit, 0)]:
                self.world.delete(JOB, job)


def _reference(job: Obj) -> Obj:
    names = {"apiVersion": "batch/v1", "kind": "Job", "namespace": namespace_of(job), "name": name_of(job)}
    return names | {"uid": uid_of(job), "resourceVersion": job["metadata"]["resourceVersion"]}
