"""HTTP/1.1 for the load generator: connections that cost little, and a fixed number of clients that use them.

A general client would cost more than the requests themselves; at 1,000 a second on a machine that serves them, too, that would be measured.
Nothing is tried again: what a user would see failing has failed.
"""

from __future__ import annotations

import asyncio
import errno
import json
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

if TYPE_CHECKING:
    from benchmarks.switch.loopback import Place

Said = tuple[int, str]
"""An answer's status and its version."""


class NoAnswerError(Exception):
    """There was no whole answer; the text says why."""


class Connection(asyncio.Protocol):
    """A connection, which carries one request at a time."""

    def __init__(self) -> None:
        self.usable = True
        self._transport: asyncio.Transport | None = None
        self._asked: asyncio.Future[Said] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._version = ""
        self._body = bytearray()
        self._headed = self._measured = False

    async def ask(self, request: bytes) -> Said:
        """Send a request; its answer."""
        if self._transport is None or not self.usable:
            raise NoAnswerError("the connection was closed")
        self._asked = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._asked

    def close(self) -> None:
        """Close it, whatever it is at."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"not HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if exc is None and self._headed and not self._measured:
            self._end()  # an answer that lasts until the connection ends
        self._fail(reason(exc) if exc else "closed before the answer was whole" if self._headed else "closed without an answer")

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._version = ""
        self._body.clear()
        self._headed = self._measured = False

    def on_header(self, name: bytes, value: bytes) -> None:
        match name.lower():
            case b"x-version":
                self._version = value.decode("latin-1")
            case b"content-length" | b"transfer-encoding":
                self._measured = True
            case _:
                pass

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200:  # an interim answer is none
            self.usable = self.usable and self._parser.should_keep_alive()
            self._end()

    def _end(self) -> None:
        said = self._parser.get_status_code(), self._version or _version(self._body)
        asked, self._asked = self._asked, None
        if asked is None:
            self._fail("an answer that nobody asked for")
            return
        if not asked.done():
            asked.set_result(said)
        self._headed = False

    def _fail(self, why: str) -> None:
        self.close()
        asked, self._asked = self._asked, None
        if asked is not None and not asked.done():
            asked.set_exception(NoAnswerError(why))


def _version(body: bytes | bytearray) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    version = said.get("version", "") if isinstance(said, dict) else ""
    return version if isinstance(version, str) else ""


def reason(error: BaseException) -> str:
    """In few words, why a connection failed; the same words for the same reason, so that they can be counted."""
    match error:
        case NoAnswerError():
            return str(error)
        case ConnectionRefusedError():
            return "refused"
        case ConnectionResetError() | BrokenPipeError():
            return "reset"
        case OSError(errno=int(number)):
            return errno.errorcode.get(number, str(number))
        case _:
            return f"{type(error).__name__}: {error}"


class Clients:
    """So many clients at most, who take turns: with `keep` all their connections stay in use, else each request has a new one."""

    def __init__(self, place: Place, most: int, *, keep: bool) -> None:
        self._place = place
        self._keep = keep
        self._free = asyncio.Semaphore(most)
        self._most = most
        self._opened = 0
        self._idle: deque[Connection] = deque()
        closing = "" if keep else "Connection: close\r\n"
        head = f"GET {place.path} HTTP/1.1\r\nHost: {place.host}\r\nUser-Agent: benchmarks-switch\r\nAccept: */*\r\n"
        self._request = (head + closing + "\r\n").encode("ascii")

    async def ask(self) -> Said:
        """A request's answer, once a client is free."""
        async with self._free:
            connection = await self._connection()
            try:
                return await connection.ask(self._request)
            except BaseException:
                connection.close()
                raise
            finally:
                self._back(connection)

    async def _connection(self) -> Connection:
        """A new one as long as there are fewer than clients, else the one that has rested longest."""
        while self._idle and self._opened >= self._most:
            connection = self._idle.popleft()
            if connection.usable:
                return connection
            self._opened -= 1
        self._opened += 1
        try:
            _, made = await asyncio.get_running_loop().create_connection(Connection, self._place.address, self._place.port)
        except BaseException:
            self._opened -= 1
            raise
        return made

    def _back(self, connection: Connection) -> None:
        if self._keep and connection.usable:
            self._idle.append(connection)
        else:
            connection.close()
            self._opened -= 1

    def close(self) -> None:
        """Close all that rest."""
        while self._idle:
            self._idle.popleft().close()
