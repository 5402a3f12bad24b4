"""What is wrong with a pod or a Deployment, in a sentence that names pod, container and reason, and of which kind it is.

health: it doesn't get or stay ready. resources: there isn't enough of something. configuration: something that it refers to is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.health import Trouble

Obj = dict[str, Any]
Found = tuple["Trouble", str]

_IMAGE: Final = frozenset(
    {
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
# A key or a Secret that isn't there, a command that the image doesn't have.
_MAKING: Final = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ContainerCannotRun", "StartError"})
_BEGINNING: Final = frozenset({"ContainerCreating", "PodInitializing"})
_OUT_OF_MEMORY: Final = "OOMKilled"
_LONGEST: Final = 300


def starting(pod: Obj) -> bool:
    """Whether its containers are being made: what keeps them from it, only events say."""
    status = pod.get("status") or {}
    return status.get("phase") == "Pending" and any(_waiting(one) in _BEGINNING for one in status.get("containerStatuses") or ())


def of_pod(pod: Obj, said: str = "") -> Found | None:
    """The worst that is wrong with a pod just now; `said` is what its node says of its volumes."""
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    if status.get("phase") == "Failed":
        reason, message = status.get("reason") or "Failed", status.get("message") or ""
        kind: Trouble = "resources" if reason in {"Evicted", "OutOfcpu", "OutOfmemory", "OutOfpods"} else "health"
        return kind, _sentence(f"pod {name} has ended: {reason}", message)
    conditions = {one["type"]: one for one in status.get("conditions") or ()}
    placed = conditions.get("PodScheduled") or {}
    if placed.get("status") == "False" and placed.get("reason") == "Unschedulable":
        return "resources", _sentence(f"pod {name} fits on no node: Unschedulable", placed.get("message"))
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    if found := next(filter(None, (_of_container(name, one) for one in containers)), None):
        return found
    if said and starting(pod):
        return "configuration", _sentence(f"pod {name} doesn't get a volume", said)
    unready = [one["name"] for one in status.get("containerStatuses") or () if _lost(one, conditions.get("Ready") or {})]
    if unready:
        return "health", f"pod {name} isn't ready: container {', '.join(unready)} doesn't answer its readiness probe"
    return None


def of_deployment(deployment: Obj, *, known: bool) -> Iterator[Found]:
    """Why a Deployment doesn't get its pods; `known`: whether it is known of the pods themselves why they aren't ready."""
    name = deployment["metadata"]["name"]
    conditions = {one["type"]: one for one in (deployment.get("status") or {}).get("conditions") or ()}
    failure = conditions.get("ReplicaFailure") or {}
    if failure.get("status") == "True":
        message = str(failure.get("message") or "")
        scarce = "quota" in message or "maximum" in message
        yield "resources" if scarce else "configuration", _sentence(f"deployment {name} can't make a pod: {failure.get('reason')}", message)
    progress = conditions.get("Progressing") or {}
    if progress.get("reason") == "ProgressDeadlineExceeded" and not known:
        yield "health", _sentence(f"deployment {name} doesn't get its pods ready in time", progress.get("message"))


def _of_container(pod: str, status: Obj) -> Found | None:
    reason, what = _waiting(status), f"pod {pod}: container {status['name']}"
    message = ((status.get("state") or {}).get("waiting") or {}).get("message")
    if reason in _IMAGE:
        return "configuration", _sentence(f"{what} doesn't get its image {status.get('image')}: {reason}", message)
    if reason in _MAKING:
        return "configuration", _sentence(f"{what} can't be made: {reason}", message)
    ended = _ended(status)
    if ended is None or status.get("ready"):
        return None
    again = f", started {status.get('restartCount')} times anew" if status.get("restartCount") else ""
    if ended.get("reason") == _OUT_OF_MEMORY:
        return "resources", f"{what} took more memory than it may and was killed: {_OUT_OF_MEMORY}{again}"
    if ended.get("reason") in _MAKING:
        return "configuration", _sentence(f"{what} can't be started: {ended['reason']}", ended.get("message"))
    if reason == "CrashLoopBackOff" or ended.get("exitCode"):
        why = reason or "Error"
        return "health", _sentence(f"{what} crashed with exit code {ended.get('exitCode')}: {why}{again}", _last(ended.get("message")))
    return None


def _ended(status: Obj) -> Obj | None:
    """How the container has ended: just now, or the time before."""
    for state in (status.get("state") or {}, status.get("lastState") or {}):
        if found := state.get("terminated"):
            return dict(found)
    return None


def _waiting(status: Obj) -> str:
    return str(((status.get("state") or {}).get("waiting") or {}).get("reason") or "")


def _lost(status: Obj, readiness: Obj) -> bool:
    """Whether the container was ready and isn't any more. One that has just started is on its way."""
    running = (status.get("state") or {}).get("running")
    if running is None or not status.get("started") or status.get("ready"):
        return False
    return str(readiness.get("lastTransitionTime") or "") > str(running.get("startedAt") or "")


def _last(text: Any) -> str:
    lines = str(text or "").strip().splitlines()
    return lines[-1] if lines else ""


def _sentence(what: str, message: Any) -> str:
    said = " ".join(str(message or "").split())
    return f"{what}: {said[:_LONGEST]}" if said else what
