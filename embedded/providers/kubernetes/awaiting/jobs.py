"""Jobs: ready when they have completed; one that has failed stays so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import condition, full_name, is_true, number, owned_by, text, told
from embedded.providers.kubernetes.awaiting.podsources import pods_of_selector

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj, View


def _judge(view: View) -> Verdict:
    job = view.object
    start = f'Waiting for Job "{full_name(job)}" to start'
    counts = " | ".join(f"{count.capitalize()}: {number(job, 'status', count)}" for count in ("active", "succeeded", "failed"))
    success = f'Waiting for Job "{full_name(job)}" to succeed ({counts})'
    failed = condition(job, "Failed")
    if failed and is_true(failed):
        return Verdict(failed=True, reasons=(told(failed),), says=(("info", success),))
    if not text(job, "status", "startTime"):
        return Verdict(says=(("info", start),))
    return Verdict(ready=is_true(condition(job, "Complete")), says=(("info", start), ("info", success)))


def _pods(view: View) -> list[Obj]:
    # A failed Job's pods may be gone by the time that it is known to have failed, and their exit codes with them.
    return [pod for pod in view.ever("pods") if owned_by(pod, view.object)]


KIND = Kind(_judge, pods_of_selector, _pods)
