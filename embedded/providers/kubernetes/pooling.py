"""Connections that are kept open, one request at a time on each: what was last given back is used next.

httpx's own pool looks at every idle connection for every request: with 32 of them, most of a request's time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.lean import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping


class Pool(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once; `make` gives a transport for one."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._busy: set[httpx.AsyncBaseTransport] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request on the connection that was used last, or on a new one."""
        opening = _Opening()
        # One that was used before may have to be opened anew: the server has closed it, or nobody has asked anything for long.
        request.extensions = {**request.extensions, "trace": opening}
        transport = self._idle.pop() if self._idle else self._make()
        self._busy.add(transport)
        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            self._busy.discard(transport)
            await transport.aclose()
            await opening.aclose()
            raise
        response.stream = _Borrowed(response.stream, self, transport)
        return response

    async def give_back(self, transport: httpx.AsyncBaseTransport, *, ended: bool) -> None:
        """Take a connection that isn't in use any more. Where the answer didn't come to its end, nothing can follow it."""
        if transport not in self._busy:
            return
        self._busy.remove(transport)
        if ended:
            self._idle.append(transport)
        else:
            await transport.aclose()

    async def aclose(self) -> None:
        """Close everything, also what is in use."""
        transports = [*self._idle, *self._busy]
        self._idle.clear()
        self._busy.clear()
        for transport in transports:
            await transport.aclose()


@dataclass(slots=True)
class _Opening:
    """Sees what is opened for a connection. What is cut short while it agrees on a secret with the server, nobody else would close."""

    _streams: list[Any] = field(default_factory=list)

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """What the transport tells of its doings."""
        if event == "connection.connect_tcp.complete":
            self._streams.append(info["return_value"])

    async def aclose(self) -> None:
        """Close what was opened, if it isn't closed yet."""
        for stream in self._streams:
            await stream.aclose()


class _Borrowed(httpx.AsyncByteStream):
    """A response's body, that gives its connection back when it is closed."""

    def __init__(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, pool: Pool, transport: httpx.AsyncBaseTransport) -> None:
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - of an asynchronous transport
        self._stream, self._pool, self._transport = stream, pool, transport
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
        self._ended = True

    async def aclose(self) -> None:
        closed = False
        try:
            await self._stream.aclose()
            closed = True
        finally:
            # Whoever is cancelled meanwhile leaves the connection behind in no known state.
            await self._pool.give_back(self._transport, ended=self._ended and closed)
