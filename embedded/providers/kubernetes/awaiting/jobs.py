"""Jobs: ready when they have completed; one that has failed stays so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.providers.kubernetes.awaiting.model import OBJECT, Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import condition, dig, full_name, is_true, number, owned_by, sequence, text, told
from embedded.providers.kubernetes.awaiting.podsources import PODS, pods_of_selector

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj, View

# A Job and its pods are told of one beside the other: the news that a pod has ended, and why, may come after that the Job has failed,
# and later still when nothing was heard of the pods yet, as a server may be slow.
_PATIENCE: Final = 2.0
_PATIENCE_TO_READ: Final = 10.0


def _judge(view: View) -> Verdict:
    job = view.object
    start = f'Waiting for Job "{full_name(job)}" to start'
    counts = " | ".join(f"{count.capitalize()}: {number(job, 'status', count)}" for count in ("active", "succeeded", "failed"))
    success = f'Waiting for Job "{full_name(job)}" to succeed ({counts})'
    failed = condition(job, "Failed")
    if failed and is_true(failed):
        left = _patience(view) - view.quiet(OBJECT) if number(job, "status", "failed") and not _ended(view) else 0.0
        return Verdict(failed=left <= 0, reasons=(told(failed),), says=(("info", success),), again=max(left, 0.0))
    if not text(job, "status", "startTime"):
        return Verdict(says=(("info", start),))
    return Verdict(ready=is_true(condition(job, "Complete")), says=(("info", start), ("info", success)))


def _pods(view: View) -> list[Obj]:
    # A failed Job's pods may be gone by the time that it is known to have failed, and their exit codes with them.
    return [pod for pod in view.ever(PODS) if owned_by(pod, view.object)]


def _ended(view: View) -> bool:
    """Whether it is known how a pod ended, or can't be."""
    return PODS in view.unreadable or any(
        dig(status, "state", "terminated") for pod in _pods(view) for status in sequence(pod, "status", "containerStatuses")
    )


def _patience(view: View) -> float:
    return _PATIENCE if PODS in view.changed else _PATIENCE_TO_READ


KIND = Kind(_judge, pods_of_selector, _pods)
