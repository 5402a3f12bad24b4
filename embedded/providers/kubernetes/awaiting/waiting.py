"""The wait itself: what the followers tell goes into the view, the kind's rules judge it, and the clock sets the end."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.following import Asked, Changed, Follower, Listed, Opened, Trouble
from embedded.providers.kubernetes.awaiting.model import OBJECT, NotReadyError, Source, VanishedError, Verdict, View
from embedded.providers.kubernetes.awaiting.objects import dig, mapping, name_of, namespace_of, number, text, uid_of
from embedded.providers.kubernetes.awaiting.podreasons import pod_reasons
from embedded.providers.kubernetes.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from embedded.engine.model.events import Severity
    from embedded.providers.kubernetes.awaiting.following import Event
    from embedded.providers.kubernetes.awaiting.model import Client, Kind, Obj, Say
    from embedded.providers.kubernetes.discovery import Resource

# How often the user is told what keeps pods from being ready: often it passes.
_PODS_SECONDS = 10.0
# After so many seconds without an answer the user is told that it isn't the object that is slow.
_SILENCE_SECONDS = 10.0
_EVENTS = "events"
UNINITIALIZED = "Resource '{name}' was created but failed to initialize"


class Wait:
    """One object's wait. `cancelled` ends it early."""

    def __init__(self, client: Client, resource: Resource, obj: Obj, kind: Kind, say: Say, cancelled: asyncio.Event | None = None) -> None:
        self._client, self._kind, self._say, self._cancelled = client, kind, say, cancelled
        self._written = obj
        self._path = resource.path_of(obj)
        self._view = View(obj)
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._told: set[tuple[Severity, str]] = set()
        self._troubles: dict[str, str] = {}
        # Since when a source's answer is being waited for, and whether the user knows.
        self._silent: dict[str, float] = {}
        self._away = False
        self._gone = False
        itself = Source(
            OBJECT, resource.path(namespace_of(obj)), {"fieldSelector": f"metadata.name={name_of(obj)}"}, single=resource.path_of(obj)
        )
        self._sources = (itself, *kind.sources(obj))
        self._unread = {source.name for source in self._sources if not source.optional}
        self._deadline = self._tick = math.inf

    async def until_ready(self, timeout: float) -> Obj:
        """The object, once it is ready."""
        namespace = namespace_of(self._written) or "default"
        selector = {"fieldSelector": f"involvedObject.uid={uid_of(self._written)}"}
        events = Source(_EVENTS, f"/api/v1/namespaces/{namespace}/events", selector, optional=True)
        async with self._following(timeout, (*self._sources, events)):
            while True:
                verdict = self._judge()
                if self._gone:
                    raise VanishedError(f"'{name_of(self._written)}' was deleted while it was awaited", self._view.object, [])
                if verdict.ready:
                    return self._view.object
                if verdict.failed:
                    raise self._failure(UNINITIALIZED, verdict)
                if not await self._next(verdict.again):
                    break
        # Time for what was only waiting to see whether it lasts.
        self._view.now = math.inf
        verdict = self._judge(at_the_end=True)
        if verdict.ready:
            return self._view.object
        raise self._failure(self._kind.overdue, verdict)

    async def until_gone(self, timeout: float) -> None:
        """Until the object isn't there any more."""
        async with self._following(timeout, self._sources):
            while not self._gone:
                verdict = self._judge()
                if not await self._next(verdict.again):
                    break
        if self._gone or await self._is_gone():
            return
        verdict = self._judge(at_the_end=True)
        for reason in verdict.reasons:
            self._say("warning", reason, ephemeral=False)
        raise self._failure(self._kind.overdue, verdict)

    async def _is_gone(self) -> bool:
        try:
            return uid_of(await self._client.get(self._path)) != uid_of(self._written)
        except ApiError as error:
            return error.not_found

    def _failure(self, message: str, verdict: Verdict) -> NotReadyError:
        live, now = self._view.object, asyncio.get_running_loop().time()
        silent = {name: f"no answer for {now - since:.0f} s" for name, since in self._silent.items() if now - since >= _SILENCE_SECONDS}
        troubles = [f"could not read {source}: {why}" for source, why in sorted((silent | self._troubles).items())]
        return NotReadyError(message.format(name=name_of(live)), live, [*explained(self._kind, self._view, verdict), *troubles])

    @asynccontextmanager
    async def _following(self, timeout: float, sources: tuple[Source, ...]) -> AsyncIterator[None]:
        now = asyncio.get_running_loop().time()
        self._deadline, self._tick = now + timeout, now + _PODS_SECONDS
        tasks = [asyncio.create_task(Follower(self._client, source, self._queue.put_nowait).run()) for source in sources]
        if self._cancelled:
            tasks.append(asyncio.create_task(self._watch_for_cancellation(self._cancelled)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch_for_cancellation(self, cancelled: asyncio.Event) -> None:
        await cancelled.wait()
        self._queue.put_nowait(None)

    def _judge(self, *, at_the_end: bool = False) -> Verdict:
        if self._unread and not at_the_end:
            return Verdict()
        verdict = self._kind.judge(self._view)
        for severity, message in verdict.says:
            self._tell(severity, message)
        return verdict

    def _tell(self, severity: Severity, message: str) -> None:
        if (severity, message) not in self._told:
            self._told.add((severity, message))
            self._say(severity, message, ephemeral=True)

    async def _next(self, again: float) -> bool:
        """Wait for something to judge by. False if the time is over."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._deadline:
            return False
        wake = min(self._deadline, self._tick, loop.time() + again, self._due_to_tell())
        try:
            async with asyncio.timeout_at(wake):
                event = await self._queue.get()
        except TimeoutError:
            self._view.now = loop.time()
            if self._view.now >= self._due_to_tell():
                self._tell_of_silence()
            if self._view.now >= self._tick:
                self._tick += _PODS_SECONDS
                for reason in pod_reasons(self._kind.pods(self._view)):
                    self._tell("warning", reason)
            return True
        self._view.now = loop.time()
        if event is None:
            raise self._failure('Resource operation was cancelled for "{name}"', self._judge(at_the_end=True))
        self._learn(event)
        return True

    def _due_to_tell(self) -> float:
        """When the user is to hear that the server doesn't answer."""
        return math.inf if self._away else min(self._silent.values(), default=math.inf) + _SILENCE_SECONDS

    def _tell_of_silence(self) -> None:
        self._away = True
        source = min(self._silent, key=self._silent.__getitem__)
        why = self._troubles.get(source, f"nothing for {_SILENCE_SECONDS:.0f} s")
        self._say("warning", f"the API server doesn't answer: {why}; still waiting", ephemeral=False)

    def _learn_answered(self, source: Source) -> None:
        self._troubles.pop(source.name, None)
        self._silent.pop(source.name, None)
        if self._away and not self._silent:
            self._away = False
            self._say("info", "the API server answers again", ephemeral=False)

    def _learn(self, event: Event) -> None:
        source = event.source
        if isinstance(event, Asked):
            if not source.optional:
                self._silent.setdefault(source.name, self._view.now)
            return
        if isinstance(event, Trouble):
            self._learn_trouble(event)
            return
        self._learn_answered(source)
        if isinstance(event, Opened):
            return
        self._unread.discard(source.name)
        if source.name == OBJECT:
            self._learn_object(event)
        elif source.name == _EVENTS:
            for obj in event.objects if isinstance(event, Listed) else [event.object]:
                if text(obj, "type") == "Warning" and dig(obj, "involvedObject", "uid") == uid_of(self._written):
                    self._tell("warning", f"{text(obj, 'reason')}: {text(obj, 'message')}")
        else:
            self._learn_related(event)

    def _learn_trouble(self, event: Trouble) -> None:
        if event.source.optional:
            if event.lasting:
                self._view.unreadable.add(event.source.name)
            return
        if not event.lasting:
            self._troubles[event.source.name] = str(event.error)
        elif event.source.name == OBJECT and isinstance(event.error, ApiError) and event.error.not_found:
            self._gone = True  # with its kind
        else:
            name, what = name_of(self._written), event.source.name
            help_ = "waiting needs the rights to get, list and watch them; the annotation pulumi.com/skipAwait does without"
            raise NotReadyError(f"'{name}' can't be awaited: could not read {what}: {event.error}", self._view.object, [help_])

    def _learn_object(self, event: Listed | Changed) -> None:
        name, uid = name_of(self._written), uid_of(self._written)
        objects = event.objects if isinstance(event, Listed) else [event.object]
        found = next((obj for obj in objects if name_of(obj) == name and uid_of(obj) == uid), None)
        if isinstance(event, Listed):
            self._gone = found is None
        elif found is None:
            return
        else:
            self._gone = event.deleted
        # An older generation is from before the write.
        if found is not None and number(found, "metadata", "generation") >= number(self._written, "metadata", "generation"):
            if _versions({name: found}) != _versions({name: self._view.object}):
                self._view.changed[OBJECT] = self._view.now
            # Lists leave out what kind their items are.
            self._view.object = {"apiVersion": self._written.get("apiVersion"), "kind": self._written.get("kind"), **found}

    def _learn_related(self, event: Listed | Changed) -> None:
        source = event.source.name
        known, gone = self._view.related.setdefault(source, {}), self._view.gone.setdefault(source, {})
        if isinstance(event, Changed):
            name, before = name_of(event.object), dict(known)
            if event.deleted:
                known.pop(name, None)
                gone[name] = event.object
            else:
                known[name] = event.object
        else:
            before = dict(known)
            known.clear()
            known.update({name_of(obj): obj for obj in event.objects})
            gone.update({name: obj for name, obj in before.items() if name not in known})
        if source not in self._view.changed or _versions(before) != _versions(known):
            self._view.changed[source] = self._view.now


def explained(kind: Kind, view: View, verdict: Verdict) -> list[str]:
    """Why it isn't ready: the kind's own reasons, then the pods'."""
    return [*verdict.reasons, *pod_reasons(kind.pods(view))]


def _versions(objects: dict[str, Obj]) -> dict[str, str]:
    return {name: text(mapping(obj, "metadata"), "resourceVersion") for name, obj in objects.items()}
