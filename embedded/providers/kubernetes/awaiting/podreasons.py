"""Why a pod isn't ready, in a line: not scheduled, no image, crashed with an exit code, failing its probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.providers.kubernetes.awaiting.objects import condition, full_name, is_true, number, sequence, text

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj

_NOISE_BEFORE = "rpc error: code = Unknown desc = Error response from daemon: "
_NOISE_AFTER = ": manifest unknown"
_OWN_ENDS = {"Completed", "Error"}


def pod_progress(pod: Obj) -> tuple[list[str], str]:
    """The stages up to the one that the pod is in, and what keeps it there: "" if it is ready or nobody said."""
    stages = [f'Waiting for Pod "{full_name(pod)}" to be {stage}' for stage in ("scheduled", "initialized", "ready")]
    scheduled = condition(pod, "PodScheduled")
    if not is_true(scheduled):
        return stages[:1], _line(pod, scheduled, []) if scheduled else _silence(pod, "the scheduler")
    initialized = condition(pod, "Initialized")
    if initialized is None:
        return stages[:2], _silence(pod, f"the kubelet of node {text(pod, 'spec', 'nodeName')}")
    if not is_true(initialized):
        return stages[:2], _line(pod, initialized, [*_statuses(pod, "initContainerStatuses"), *_statuses(pod, "containerStatuses")])
    ready = condition(pod, "Ready")
    if not is_true(ready) and text(pod, "status", "phase") != "Succeeded":
        return stages, _line(pod, ready, _statuses(pod, "containerStatuses"))
    return stages, ""


def pod_is_ready(pod: Obj) -> bool:
    """Whether the pod is scheduled, initialized and ready, or has done what it was for."""
    if not is_true(condition(pod, "PodScheduled")) or not is_true(condition(pod, "Initialized")):
        return False
    ready = condition(pod, "Ready")
    return is_true(ready) or (ready is not None and text(pod, "status", "phase") == "Succeeded")


def pod_reasons(pods: list[Obj]) -> list[str]:
    """What keeps each of these pods from being ready."""
    lines = [pod_progress(pod)[1] for pod in pods]
    return [line for line in lines if line]


def _silence(pod: Obj, who: str) -> str:
    """That nobody does anything about the pod: whoever should may be down, or busy for a moment."""
    return f"[Pod {full_name(pod)}]: {who} has not taken notice of it yet"


def _line(pod: Obj, found: dict[str, Any] | None, statuses: list[Any]) -> str:
    if found is None:
        return ""
    message = text(found, "message")
    problems = [problem for status in statuses for problem in _problems(status)]
    if not message and not problems:
        return ""
    return f"[Pod {full_name(pod)}]: {message if text(found, 'reason') else ''}" + "\n".join(problems)


def _statuses(pod: Obj, which: str) -> list[Any]:
    return sequence(pod, "status", which)


def _problems(status: Any) -> list[str]:
    if not isinstance(status, dict) or status.get("ready") is True:
        return []
    state, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated")
    found = []
    if (waiting := state.get("waiting")) and waiting.get("reason") not in {"ContainerCreating", "PodInitializing"}:
        found.append(_tagged(waiting))
    if (terminated := state.get("terminated")) and (reason := text(terminated, "reason")):
        ended = f'container "{text(status, "name")}" completed with exit code {number(terminated, "exitCode")}'
        # What wasn't its own doing is worth a word: that it was out of memory.
        ended += "" if reason in _OWN_ENDS else f" ({reason})"
        found.append(_tagged(terminated) if terminated.get("message") else ended)
    if last:
        how = f"{text(last, 'reason')}: exit code {number(last, 'exitCode')}"
        found.append(f'container "{text(status, "name")}" terminated at {text(last, "finishedAt")} ({how})')
        found += [text(last, "message")] if last.get("message") else []
    return found


def _tagged(state: dict[str, Any]) -> str:
    return f"[{text(state, 'reason')}] {text(state, 'message').removeprefix(_NOISE_BEFORE).removesuffix(_NOISE_AFTER)}"
