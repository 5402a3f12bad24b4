"""The snapshot while an update runs, and its group commit to disk.

Steps tell the journal when they begin and end. Everything that was told since the last write goes out with the next one, and
all who wait for it are answered at once: with N steps at a time a write serves up to 2N of them. No step starts before its
pending operation is on disk, and no registration is answered before its outcome is; so a kill at any moment leaves a
checkpoint that names what was under way.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from embedded.engine.deploy import graph
from embedded.engine.deploy.read_steps import Import, Read
from embedded.engine.deploy.steps import Create, Delete, RemovePendingReplace, Same, Update
from embedded.engine.model import urn as urns
from embedded.engine.model.state import PendingOperation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.engine.deploy.steps import Step
    from embedded.engine.model.state import Resource, Snapshot


class Writer(Protocol):
    """Puts a snapshot on disk. `encode` runs on the event loop (states must not change under it), `commit` in a thread."""

    def encode(self, resources: Sequence[Resource], pending: Sequence[PendingOperation]) -> bytes:
        """The checkpoint's bytes."""
        ...

    def commit(self, data: bytes) -> None:
        """On disk when this returns."""
        ...


_PENDING = {"create": "creating", "update": "updating", "delete": "deleting", "read": "reading", "import": "importing"}


class Journal:
    """What the next checkpoint says: new states in the order of completion, then the old ones that nothing has happened to yet."""

    def __init__(self, base: Snapshot, writer: Writer | None) -> None:
        self._base = list(base.resources)
        # Creations that an earlier update did not see end stay until a step settles them, or a refresh clears them.
        self._left_over = [p for p in base.pending if p.type == "creating"]
        self._writer = writer
        self._news: list[Resource] = []
        self._done: set[int] = set()
        self._pending: dict[int, PendingOperation] = {}
        self._waiters: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None
        # States that left the snapshot are kept, because `_done` names them by identity.
        self._keep: list[Resource] = []

    @property
    def resources(self) -> list[Resource]:
        """The states as they would be written now."""
        return [r for r in (*self._news, *self._base) if id(r) not in self._done]

    @property
    def size(self) -> int:
        """About how many states a write has, without counting them."""
        return len(self._news) + len(self._base) - len(self._done)

    @property
    def pending(self) -> list[PendingOperation]:
        """What has begun and not ended."""
        return [*self._pending.values(), *self._left_over]

    def left_over(self, urn: str) -> Resource | None:
        """What an earlier update was creating by that name when it was interrupted."""
        return next((p.resource for p in self._left_over if p.resource.urn == urn), None)

    async def begin(self, step: Step) -> None:
        """A step is about to start; returns when its pending operation is on disk."""
        kind = _PENDING.get(step.op)
        if kind:
            resource = step.old if isinstance(step, Delete) and step.old else step.resource
            self._pending[id(step)] = PendingOperation(resource, kind)
            await self.write()

    async def end(self, step: Step, *, kept: bool) -> None:
        """A step has ended; `kept`: what it made is to be remembered (it went well, or at least in part)."""
        was_pending = self._pending.pop(id(step), None)
        if kept:
            self._apply(step)
            if isinstance(step, Create) and step.settles:
                self._left_over = [p for p in self._left_over if p.resource.urn != step.resource.urn]
        if was_pending or isinstance(step, RemovePendingReplace):
            await self.write()

    def _apply(self, step: Step) -> None:
        old, new = step.old, step.new
        if isinstance(step, Same | Update | Read) or (isinstance(step, Create) and old and old.pending_replacement):
            self._forget(old)
        if isinstance(step, RemovePendingReplace) or (isinstance(step, Delete) and old and not old.pending_replacement):
            self._forget(old)
        if new and isinstance(step, Same | Create | Update | Read | Import) and not (isinstance(step, Same) and step.skipped_create):
            self._news.append(new)
            if old and old.urn != new.urn:
                self._rename(old.urn, new.urn)
            # From here on everything has the new name: the alias has done its work.
            new.aliases = []

    def _forget(self, old: Resource | None) -> None:
        if old:
            self._done.add(id(old))
            self._keep.append(old)

    def _rename(self, old: str, new: str) -> None:
        """A resource took over another's place under a new URN: what still refers to the old one follows."""
        for resource in self._base:
            if id(resource) not in self._done and (old in graph.references(resource)):
                rewrite_references(resource, old, new)

    def rebase(self, resources: list[Resource]) -> None:
        """A refresh has looked at everything: its findings are the state to go on from."""
        self._base = list(resources)

    def clear_left_over(self) -> None:
        """Forget the creations that an earlier update did not see end."""
        self._left_over = []

    async def write(self) -> None:
        """Returns when everything told so far is on disk."""
        if self._writer is None:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all(self._writer))
        await waiter

    async def _write_all(self, writer: Writer) -> None:
        # Whoever is ready in this turn of the loop joins the write.
        await asyncio.sleep(0)
        while self._waiters:
            waiters, self._waiters = self._waiters, []
            try:
                data = writer.encode(self.resources, self.pending)
                await asyncio.to_thread(writer.commit, data)
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it, whatever it is
                for waiter in waiters:
                    if not waiter.done():
                        waiter.set_exception(error)
                continue
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)


def rewrite_references(resource: Resource, old: str, new: str) -> None:
    """Make everything in the resource that refers to the URN `old` refer to `new`."""

    def swap(names: list[str]) -> list[str]:
        return [new if n == old else n for n in names]

    resource.parent = new if resource.parent == old else resource.parent
    resource.deleted_with = new if resource.deleted_with == old else resource.deleted_with
    resource.dependencies = swap(resource.dependencies)
    resource.replace_with = swap(resource.replace_with)
    resource.property_dependencies = {k: swap(v) for k, v in resource.property_dependencies.items()}
    if resource.provider:
        provider, id_ = urns.split_provider_ref(resource.provider)
        if provider == old:
            resource.provider = urns.provider_ref(new, id_)
