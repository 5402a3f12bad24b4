"""Following a collection through everything that happens to watches.

A list says what there is, a watch from the list's version what changes. A watch that ends is taken up where it ended; one whose version
the server has forgotten (410), or that the user may not have, is replaced by a new list. Trouble that may pass is waited out: how long is
the waiting's business, not this one's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.objects import sequence, text
from embedded.providers.kubernetes.errors import ApiError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.providers.kubernetes.awaiting.model import Client, Obj, Source

_SHORTEST, _LONGEST = 0.1, 5.0
# A watch that held for so many seconds was of use, also if nothing happened.
_LASTED = 0.5
# How often to look where there is no watch.
_POLL_SECONDS = 1.0
_NO_WATCH = {403, 405}


@dataclass(frozen=True, slots=True)
class Asked:
    """The server was asked for something. Whatever comes next from the source is its answer."""

    source: Source


@dataclass(frozen=True, slots=True)
class Opened:
    """A watch has begun: there may be nothing to tell for long."""

    source: Source


@dataclass(frozen=True, slots=True)
class Listed:
    """All there is."""

    source: Source
    objects: list[Obj]


@dataclass(frozen=True, slots=True)
class Changed:
    """One object came, changed or went."""

    source: Source
    object: Obj
    deleted: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is tried again, or (`lasting`) not."""

    source: Source
    error: ApiError | UnreachableError
    lasting: bool


Event = Asked | Opened | Listed | Changed | Trouble


class Follower:
    """Tells of everything that happens in a source, until it is cancelled or the source turns out not to be there to read."""

    def __init__(self, client: Client, source: Source, tell: Callable[[Event], None]) -> None:
        self._client, self._source, self._tell = client, source, tell
        self._version = ""
        self._idle = 0

    async def run(self) -> None:
        """Follow the source."""
        while True:
            self._tell(Asked(self._source))
            try:
                if not self._version:
                    await self._list()
                    self._tell(Asked(self._source))
                await self._watch()
                pause = self._pause()
            except UnreachableError as error:
                self._tell(Trouble(self._source, error, lasting=False))
                pause = self._pause()
            except ApiError as error:
                if error.busy:
                    self._tell(Trouble(self._source, error, lasting=False))
                    pause = self._pause()
                elif error.gone:
                    self._version, pause = "", self._pause()
                elif error.code in _NO_WATCH and self._version:
                    self._version, pause = "", _POLL_SECONDS
                elif error.code in _NO_WATCH and self._source.single:
                    return await self._poll()
                else:
                    return self._tell(Trouble(self._source, error, lasting=True))
            await asyncio.sleep(pause)

    async def _list(self) -> None:
        answer = await self._client.list(self._source.path, self._source.params)
        self._tell(Listed(self._source, sequence(answer, "items")))
        self._version = text(answer, "metadata", "resourceVersion")

    async def _watch(self) -> None:
        started = asyncio.get_running_loop().time()
        params = {**self._source.params, "resourceVersion": self._version}
        async for kind, obj in self._client.watch(self._source.path, params, lambda: self._tell(Opened(self._source))):
            self._version, self._idle = text(obj, "metadata", "resourceVersion") or self._version, 0
            if kind != "BOOKMARK":
                self._tell(Changed(self._source, obj, deleted=kind == "DELETED"))
        if asyncio.get_running_loop().time() - started > _LASTED:
            self._idle = 0

    async def _poll(self) -> None:
        while True:
            pause = _POLL_SECONDS
            self._tell(Asked(self._source))
            try:
                self._tell(Listed(self._source, [await self._client.get(self._source.single)]))
            except UnreachableError as error:
                self._tell(Trouble(self._source, error, lasting=False))
            except ApiError as error:
                if error.not_found:
                    self._tell(Listed(self._source, []))
                elif error.busy:
                    self._tell(Trouble(self._source, error, lasting=False))
                else:
                    return self._tell(Trouble(self._source, error, lasting=True))
            await asyncio.sleep(pause)

    def _pause(self) -> float:
        """Longer each time that nothing came of the last try."""
        pause = min(_SHORTEST * 2.0**self._idle, _LONGEST)
        self._idle += 1
        return pause
