"""A pod's logs. Nothing runs, so there is little to read: its starts and its ends, and what it has asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import bad_request
from embedded.cluster.model.objects import is_deleting, name_of, uid_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Send

    from embedded.cluster.api.requests import Request
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.store.store import Change

_TRUE: Final = frozenset({"1", "true"})
_ENDED: Final = frozenset({"Succeeded", "Failed"})
_NOTE: Final = "(a simulated pod: it writes no more than this)"


async def serve(registry: Registry, request: Request, receive: Receive, send: Send) -> None:
    """The log as text; followed, until the pod ends or the client goes."""
    pod = registry.get(request.resource, request.namespace, request.target.name)
    container = _container(pod, request.query.get("container", ""))
    stamps = request.query.get("timestamps", "") in _TRUE
    lines = list(_lines(registry, pod, container, previous=request.query.get("previous", "") in _TRUE))
    if (tail := request.query.get("tailLines", "")).isdigit():
        lines = lines[len(lines) - min(int(tail), len(lines)) :]
    text = "".join(f"{stamp} {line}\n" if stamps else f"{line}\n" for stamp, line in lines)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    follow = request.query.get("follow", "") in _TRUE
    await send({"type": "http.response.body", "body": text.encode(), "more_body": follow})
    if follow and await _ended(registry, request, pod, receive):
        await send({"type": "http.response.body", "body": b""})


async def _ended(registry: Registry, request: Request, pod: Obj, receive: Receive) -> bool:
    """Wait for the pod's end; False: the client went before."""
    end = asyncio.Event()

    def changed(change: Change) -> None:
        same = (change.storage, change.namespace, change.name) == ("/pods", request.namespace, request.target.name)
        if same and (change.type == "DELETED" or _over(change.obj)):
            end.set()

    if _over(pod):
        return True
    stop = registry.store.subscribe(changed)
    ended, gone = asyncio.create_task(end.wait()), asyncio.create_task(_gone(receive))
    try:
        done, _ = await asyncio.wait((ended, gone), return_when=asyncio.FIRST_COMPLETED)
        return gone not in done
    finally:
        stop()
        ended.cancel()
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _over(pod: Obj) -> bool:
    return is_deleting(pod) or (pod.get("status") or {}).get("phase") in _ENDED


def _container(pod: Obj, wanted: str) -> Obj:
    containers: list[Obj] = [*(pod["spec"].get("containers") or []), *(pod["spec"].get("initContainers") or [])]
    if not wanted:
        if len(pod["spec"]["containers"]) > 1:
            names = " ".join(c["name"] for c in pod["spec"]["containers"])
            raise bad_request(f"a container name must be specified for pod {name_of(pod)}, choose one of: [{names}]")
        return containers[0]
    found = next((c for c in containers if c["name"] == wanted), None)
    if found is None:
        raise bad_request(f"container {wanted} is not valid for pod {name_of(pod)}")
    return found


def _lines(registry: Registry, pod: Obj, container: Obj, *, previous: bool) -> Iterator[tuple[str, str]]:
    """Lines with the instants at which they were written."""
    name = container["name"]
    statuses = [
        *((pod.get("status") or {}).get("containerStatuses") or []),
        *((pod.get("status") or {}).get("initContainerStatuses") or []),
    ]
    status: Obj = next((s for s in statuses if s["name"] == name), {})
    last, state = (status.get("lastState") or {}).get("terminated"), status.get("state") or {}
    if previous:
        if last is None:
            raise bad_request(f'previous terminated container "{name}" in pod "{name_of(pod)}" not found')
        yield from _life(registry, pod, container, last, last.get("containerID", ""))
        return
    run = state.get("running") or state.get("terminated")
    if run is None and last is not None:
        run = last
    if run is None:
        why = (state.get("waiting") or {}).get("reason", "ContainerCreating")
        raise bad_request(f'container "{name}" in pod "{name_of(pod)}" is waiting to start: {why}')
    yield from _life(registry, pod, container, run, run.get("containerID") or status.get("containerID", ""))


def _life(registry: Registry, pod: Obj, container: Obj, run: Obj, life: str) -> Iterator[tuple[str, str]]:
    started = run.get("startedAt", "")
    yield started, f"{container['image']} started"
    yield from registry.logs.read(uid_of(pod), life)
    if ended := run.get("finishedAt"):
        yield ended, f"{container['image']} ended: {run.get('reason', 'Completed')}, exit code {run.get('exitCode', 0)}"
    else:
        yield started, _NOTE
