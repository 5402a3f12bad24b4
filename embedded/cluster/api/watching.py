"""Watches: what happens to the objects of a kind, told line by line until the client goes or the time is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from embedded.cluster.api.answers import encode
from embedded.cluster.api.views import event
from embedded.cluster.model.errors import Cause, StatusError
from embedded.cluster.model.objects import labels_of, name_of, namespace_of
from embedded.cluster.registry.conversion import seen

if TYPE_CHECKING:
    from starlette.types import Receive, Send

    from embedded.cluster.api.forms import Form
    from embedded.cluster.api.options import Listing
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.store.store import Change

# Real seconds: it is clients and the network between that these are for.
_BOOKMARK: Final = 60.0
_TIMEOUT: Final = 3600.0
# A client that has fallen so many events behind starts afresh.
_BACKLOG: Final = 50_000
_INITIAL_END: Final = {"k8s.io/initial-events-end": "true"}

Key = tuple[str, str | None, str | None]


class Watch:
    """One client's watch: what it hasn't been told yet."""

    def __init__(self, registry: Registry, resource: Resource, namespace: str | None, listing: Listing, form: Form, include: str) -> None:
        self._registry, self._resource, self._listing, self._form, self._include = registry, resource, listing, form, include
        self.namespace = namespace if resource.namespaced else None
        self.wake = asyncio.Event()
        self.over = False
        self._lines: list[bytes] = []
        self._begin()

    @property
    def key(self) -> Key:
        """What changes it hears of at all."""
        return (self._resource.storage, self.namespace, self._listing.fields.only_name())

    def tell(self, change: Change) -> None:
        """A change to an object: what it means depends on whether the object was and is one of those watched."""
        if self.namespace is not None and change.namespace != self.namespace:
            return
        now = change.type != "DELETED" and self._matches(change.obj)
        before = change.old is not None and self._matches(change.old)
        if now:
            self._add("MODIFIED" if before else "ADDED", change.obj)
        elif before and change.type == "DELETED":
            self._add("DELETED", change.obj)
        elif before and change.old is not None:
            version = change.obj["metadata"]["resourceVersion"]
            self._add("DELETED", {**change.old, "metadata": {**change.old["metadata"], "resourceVersion": version}})

    def bookmark(self, annotations: dict[str, str] | None = None) -> None:
        """Tell only up to which version everything has been told."""
        metadata: Obj = {"resourceVersion": str(self._registry.store.version)}
        if annotations:
            metadata["annotations"] = annotations
        obj = {"kind": self._resource.kind, "apiVersion": self._resource.group_version, "metadata": metadata}
        self._put(encode({"type": "BOOKMARK", "object": obj}) + b"\n")

    def taken(self) -> bytes:
        """All that hasn't been told yet."""
        lines, self._lines = self._lines, []
        self.wake.clear()
        return b"".join(lines)

    def end(self) -> None:
        """There will be no more."""
        self.over = True
        self.wake.set()

    def _begin(self) -> None:
        listing = self._listing
        version = int(listing.version or 0)
        if listing.initial or (listing.initial is None and not version):
            for obj in self._registry.list(self._resource, self.namespace, listing.labels, listing.fields):
                self._add("ADDED", obj)
            if listing.initial and listing.bookmarks:
                self.bookmark(_INITIAL_END)
            return
        try:
            check_not_ahead(self._registry, version)
            for change in self._registry.store.changes_since(version or self._registry.store.version, self._resource.storage):
                self.tell(change)
        except StatusError as error:
            self._put(encode({"type": "ERROR", "object": error.status()}) + b"\n")
            self.end()

    def _matches(self, obj: Obj) -> bool:
        return self._listing.labels.matches(labels_of(obj)) and self._listing.fields.matches(obj)

    def _add(self, type_: str, obj: Obj) -> None:
        found = event(type_, self._resource, seen(self._resource, obj), self._form, self._include, self._registry.clock.now())
        self._put(encode(found) + b"\n")

    def _put(self, line: bytes) -> None:
        self._lines.append(line)
        if len(self._lines) > _BACKLOG:
            self._lines.clear()
            self.over = True
        self.wake.set()


class Watches:
    """All open watches."""

    def __init__(self, registry: Registry) -> None:
        self._open: dict[Key, list[Watch]] = {}
        registry.store.subscribe(self._changed)

    async def serve(self, watch: Watch, listing: Listing, receive: Receive, send: Send) -> None:
        """Tell a client of changes until it goes, or until its time is over."""
        key = watch.key
        self._open.setdefault(key, []).append(watch)
        loop = asyncio.get_running_loop()
        end = loop.call_later(listing.timeout or _TIMEOUT, _finish, watch, listing)
        leaving = asyncio.create_task(_until_gone(receive, watch))
        try:
            headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache, private")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while True:
                if told := watch.taken():
                    await send({"type": "http.response.body", "body": told, "more_body": True})
                elif watch.over:
                    break
                else:
                    await _wait(watch, bookmarks=listing.bookmarks)
            if not leaving.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            end.cancel()
            leaving.cancel()
            self._open[key].remove(watch)
            if not self._open[key]:
                del self._open[key]

    def _changed(self, change: Change) -> None:
        storage, namespace, name = change.storage, namespace_of(change.obj), name_of(change.obj)
        for key in ((storage, namespace, name), (storage, namespace, None), (storage, None, name), (storage, None, None)):
            for watch in self._open.get(key, ()):
                watch.tell(change)


def check_not_ahead(registry: Registry, version: int) -> None:
    """Refuse a version that hasn't been yet: it is another cluster's."""
    if version > registry.store.version:
        cause = Cause("ResourceVersionTooLarge", "Too large resource version", "").data()
        message = f"Too large resource version: {version}, current: {registry.store.version}"
        raise StatusError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


async def _wait(watch: Watch, *, bookmarks: bool) -> None:
    try:
        await asyncio.wait_for(watch.wake.wait(), _BOOKMARK)
    except TimeoutError:
        if bookmarks:
            watch.bookmark()


async def _until_gone(receive: Receive, watch: Watch) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watch.end()


def _finish(watch: Watch, listing: Listing) -> None:
    if listing.bookmarks:
        watch.bookmark()
    watch.end()
