"""A cluster of dicts whose watches misbehave on demand, and an event loop whose time passes only as far as somebody waits."""

from __future__ import annotations

import asyncio
import copy
import selectors
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from embedded.providers.kubernetes import awaiting
from embedded.providers.kubernetes.discovery import Resource
from embedded.providers.kubernetes.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

    from embedded.engine.model.events import Severity

Obj = dict[str, Any]
T = TypeVar("T")

_PLURALS = {"Deployment": "deployments", "Ingress": "ingresses", "StorageClass": "storageclasses", "Endpoints": "endpoints"}


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: lets the loop's time jump to where the next timer is due."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "everything waits for something that never happens"
        self.skipped += timeout
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.skipped


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in no time however long it takes."""
    with asyncio.Runner(loop_factory=_JumpingLoop) as runner:
        return runner.run(work)


def refusal(code: int, message: str = "no") -> ApiError:
    """An API server's error."""
    return ApiError({"kind": "Status", "message": message, "code": code}, code)


def collection(obj: Obj) -> str:
    """The path under which an object lives."""
    version, kind = obj["apiVersion"], obj["kind"]
    namespace = obj["metadata"].get("namespace")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}{f'/namespaces/{namespace}' if namespace else ''}/{_PLURALS.get(kind, kind.lower() + 's')}"


def resource(obj: Obj) -> Resource:
    """The object's kind, as discovery would have it."""
    return Resource(obj["apiVersion"], obj["kind"], collection(obj).rsplit("/", 1)[1], "namespace" in obj["metadata"])


@dataclass
class _Watch:
    path: str
    name: str
    events: asyncio.Queue[tuple[str, Obj] | ApiError | None] = field(default_factory=asyncio.Queue)


class FakeCluster:
    """Objects by path, what happened to them, and the watches on them. `refuse` maps (verb, path's end) to errors yet to be raised."""

    def __init__(self, *objects: Obj) -> None:
        self.version = 100
        self.oldest = 0
        self.objects: dict[str, dict[str, Obj]] = {}
        self.history: list[tuple[int, str, str, Obj]] = []
        self.watches: list[_Watch] = []
        self.requests: list[str] = []
        self.refuse: dict[tuple[str, str], list[Exception]] = {}
        for obj in objects:
            self.put(obj)

    def put(self, *objects: Obj) -> None:
        """Create or replace objects."""
        for obj in objects:
            known = self.objects.setdefault(collection(obj), {})
            name = obj["metadata"]["name"]
            self._happened("MODIFIED" if name in known else "ADDED", obj)
            known[name] = self.history[-1][3]

    def change(self, obj: Obj, **parts: Any) -> Obj:
        """Put a copy of the object with top-level parts merged in."""
        changed = copy.deepcopy(obj)
        for key, value in parts.items():
            changed[key] = changed.get(key, {}) | value if isinstance(value, dict) else value
        self.put(changed)
        return changed

    def remove(self, obj: Obj) -> None:
        """Delete an object."""
        del self.objects[collection(obj)][obj["metadata"]["name"]]
        self._happened("DELETED", obj)

    def drop(self) -> None:
        """End all watches, as a lost connection does."""
        for watch in self.watches:
            watch.events.put_nowait(None)

    def expire(self) -> None:
        """Forget all history: watches end with 410, and none can go on from an old version."""
        self.version += 1
        self.oldest = self.version
        for watch in self.watches:
            watch.events.put_nowait(refusal(410))

    def asked(self, verb: str, plural: str) -> int:
        """How often a collection was asked for."""
        return self.requests.count(f"{verb} {plural}")

    async def get(self, path: str) -> Obj:
        folder, name = path.rsplit("/", 1)
        self._note("GET", folder)
        if name not in self.objects.get(folder, {}):
            raise refusal(404)
        return copy.deepcopy(self.objects[folder][name])

    async def list(self, path: str, params: Mapping[str, str]) -> Obj:
        self._note("LIST", path)
        await asyncio.sleep(0)
        name = _wanted_name(params)
        found = [obj for obj in self.objects.get(path, {}).values() if name in {"", obj["metadata"]["name"]}]
        items = [{key: value for key, value in obj.items() if key not in {"apiVersion", "kind"}} for obj in found]
        return {"metadata": {"resourceVersion": str(self.version)}, "items": copy.deepcopy(items)}

    async def watch(self, path: str, params: Mapping[str, str], opened: Callable[[], None]) -> AsyncIterator[tuple[str, Obj]]:
        self._note("WATCH", path)
        since = int(params["resourceVersion"])
        if since < self.oldest:
            raise refusal(410)
        watch = _Watch(path, _wanted_name(params))
        self.watches.append(watch)
        opened()
        for version, where, kind, obj in self.history:
            if version > since and where == path and watch.name in {"", obj["metadata"]["name"]}:
                watch.events.put_nowait((kind, obj))
        try:
            while (event := await watch.events.get()) is not None:
                if isinstance(event, ApiError):
                    raise event
                yield event[0], copy.deepcopy(event[1])
        finally:
            self.watches.remove(watch)

    def _note(self, verb: str, path: str) -> None:
        plural = path.rsplit("/", 1)[1]
        self.requests.append(f"{verb} {plural}")
        waiting = self.refuse.get((verb, plural))
        if waiting:
            raise waiting.pop(0) if len(waiting) > 1 or not getattr(waiting[0], "always", False) else waiting[0]

    def _happened(self, kind: str, obj: Obj) -> None:
        self.version += 1
        obj = copy.deepcopy(obj)
        obj["metadata"]["resourceVersion"] = str(self.version)
        path = collection(obj)
        self.history.append((self.version, path, kind, obj))
        for watch in self.watches:
            if watch.path == path and watch.name in {"", obj["metadata"]["name"]}:
                watch.events.put_nowait((kind, obj))


def always(error: ApiError) -> list[Exception]:
    """A refusal that no number of tries outlives."""
    error.always = True  # type: ignore[attr-defined]
    return [error]


def _wanted_name(params: Mapping[str, str]) -> str:
    selector = params.get("fieldSelector", "")
    return selector.removeprefix("metadata.name=") if selector.startswith("metadata.name=") else ""


@dataclass
class Outcome:
    """How a wait ended: the object or the error, after how many seconds, and what was said."""

    live: Obj | None
    error: awaiting.NotReadyError | None
    seconds: float
    said: list[str]

    @property
    def reasons(self) -> list[str]:
        """The error's text and reasons."""
        assert self.error is not None
        return [str(self.error), *self.error.reasons]


Script = list[tuple[float, "Callable[[], object]"]]


def wait(
    cluster: FakeCluster,
    obj: Obj,
    script: Script = [],  # noqa: B006 - only read
    *,
    annotations: dict[str, str] | None = None,
    timeout: float = 0,
    gone: bool = False,
    cancel_after: float | None = None,
) -> Outcome:
    """Await the object (its end, if `gone`) while the script runs: seconds from the start, and what happens then."""
    said: list[str] = []

    def say(severity: Severity, message: str, *, ephemeral: bool) -> None:
        said.append(f"{severity}{'' if ephemeral else '!'}: {message}")

    async def main() -> Outcome:
        loop = asyncio.get_running_loop()
        cancelled = asyncio.Event()
        for seconds, act in [*script, *([(cancel_after, cancelled.set)] if cancel_after is not None else [])]:
            loop.call_at(seconds, act)
        inputs = {**obj, "metadata": {**obj["metadata"], "annotations": annotations or {}}}
        live, error = None, None
        try:
            if gone:
                await awaiting.deleted(cluster, resource(obj), obj, inputs, timeout, say, cancelled)
            else:
                live = await awaiting.ready(cluster, resource(obj), obj, inputs, timeout, say, cancelled)
        except awaiting.NotReadyError as raised:
            error = raised
        assert len(asyncio.all_tasks()) == 1, "nothing goes on when the waiting is over"
        return Outcome(live, error, loop.time(), said)

    return run(main())
