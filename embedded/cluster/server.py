"""HTTP on loopback, in a thread with an event loop of its own.

uvicorn does the HTTP. What it lacks for us is added here: connections that break on demand, an end that waits for nobody, and errors of
the start that reach whoever started it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from embedded.cluster.faults.gate import ABORT

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")

HOST: Final = "127.0.0.1"
# Idle connections stay: a client that comes back to one that was just closed takes it for a failure.
_KEEP_ALIVE: Final = 3600
_BACKLOG: Final = 1024
_TIMEOUT: Final = 60.0
# How many turns of the loop it takes a connection to be accepted and closed again.
_TURNS: Final = 6
# An hour of a busy cluster's time takes a while to pass.
_CALL_TIMEOUT: Final = 600.0


class PortError(Exception):
    """The port can't be had."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that is bound already, and what answers there."""

    socket: socket.socket
    app: ASGIApp
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http{'s' if self.tls else ''}://{HOST}:{self.socket.getsockname()[1]}"


def bind(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes any that is free."""
    # The protocol is named so that asyncio switches Nagle's algorithm off, which else costs each answer 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        busy = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "it is in use" if busy else str(error)
        raise PortError(f"can't listen on port {port} of {HOST}: {why}; name another, or none to have a free one chosen") from error
    return listening


class _Protocol(HttpToolsProtocol):
    """HTTP, with a way for a fault to break the connection. Who comes after the end is turned away."""

    def __init__(self, end: asyncio.Event, **given: Any) -> None:
        super().__init__(**given)
        self._end = end

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        if self._end.is_set():
            transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}}


class _Server(uvicorn.Server):
    """uvicorn's server, which ends when it is told to instead of looking ten times a second whether it should."""

    def __init__(self, listener: Listener) -> None:
        async def until_the_end(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await listener.app(scope, receive, send)
            except asyncio.CancelledError:
                if not self.end.is_set():
                    raise
                while (await receive())["type"] != "http.disconnect":
                    pass

        self.end = asyncio.Event()
        super().__init__(_config(until_the_end, self.end, listener.tls))

    async def main_loop(self) -> None:
        await self.end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Nobody else is let in; who is on the way in already comes in first, to be turned away: closed servers lose sight of them.
        for listening in sockets or []:
            asyncio.get_running_loop().remove_reader(listening)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class ServerThread:
    """Runs listeners until it is stopped. `started` and `ended` run in the loop."""

    def __init__(
        self, listeners: Sequence[Listener], started: Callable[[asyncio.AbstractEventLoop], None], ended: Callable[[], None]
    ) -> None:
        self._listeners, self._started, self._ended = listeners, started, ended
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers: list[_Server] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)

    def start(self) -> None:
        """Returns when requests are taken."""
        self._thread.start()
        if not self._ready.wait(_TIMEOUT):
            raise TimeoutError(f"the server wasn't ready within {_TIMEOUT:.0f} s")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ends it, whoever is still waiting for an answer."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end)
        self._thread.join(_TIMEOUT)
        if self._thread.is_alive():
            raise TimeoutError(f"the server hadn't ended after {_TIMEOUT:.0f} s")

    def call(self, what: Callable[[], T]) -> T:
        """Runs `what` in the loop, between requests, and waits for it."""
        if threading.current_thread() is self._thread:
            return what()
        if self._loop is None or not self._thread.is_alive():
            raise RuntimeError("the cluster isn't running")
        return _in(self._loop, what).result(_CALL_TIMEOUT)

    def _end(self) -> None:
        for server in self._servers:
            server.end.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - whoever started the thread hears of it
            self._failure = error
        finally:
            for listener in self._listeners:
                listener.socket.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        for listener in self._listeners:
            self._servers.append(_Server(listener))
        serving = [
            asyncio.create_task(server._serve([listener.socket]))  # noqa: SLF001 - `serve` is this, and takes the process's signals too
            for server, listener in zip(self._servers, self._listeners, strict=True)
        ]
        self._started(self._loop)
        self._loop.call_soon(self._ready.set)
        try:
            await asyncio.gather(*serving)
        finally:
            self._ended()


def _config(app: ASGIApp, end: asyncio.Event, tls: ssl.SSLContext | None) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    options: dict[str, Any] = {"ssl_context_factory": lambda *_: tls} if tls else {}
    return uvicorn.Config(
        app,
        http=partial(_Protocol, end),  # type: ignore[arg-type] # it is only called
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        backlog=_BACKLOG,
        proxy_headers=False,
        **options,
    )


def _in(loop: asyncio.AbstractEventLoop, what: Callable[[], T]) -> Future[T]:
    async def run() -> T:
        return what()

    return asyncio.run_coroutine_threadsafe(run(), loop)
