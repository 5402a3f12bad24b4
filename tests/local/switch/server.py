"""Two versions behind one address: a server whose answers a share decides, and which misbehaves when told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Server:
    """What it has seen, and how it answers."""

    def __init__(self, share: Callable[[], float]) -> None:
        self.share = share
        """The new version's percent."""
        self.port = 0
        self.connections = 0
        self.requests = 0
        self.hosts: set[str] = set()
        self.behaviour = "well"
        self.stall = 0.0
        """So many seconds from the first request nobody is answered."""
        self.stalled_until = 0.0
        self._owed = 0.0

    @property
    def url(self) -> str:
        """Where it says its version."""
        return f"http://127.0.0.1:{self.port}/api/version"

    def version(self) -> str:
        """Whose turn it is: spread evenly, as gateways do it."""
        self._owed += self.share() / 100
        if self._owed >= 1:
            self._owed -= 1
            return "v2"
        return "v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection."""
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
                self.hosts.add(fields["Host"])
                loop = asyncio.get_running_loop()
                if self.requests == 1:
                    self.stalled_until = loop.time() + self.stall
                if (wait := self.stalled_until - loop.time()) > 0:
                    await asyncio.sleep(wait)
                writer.write(self._answer(closing=fields.get("Connection") == "close"))
                closing = fields.get("Connection") == "close" and self.behaviour != "silent"
                if closing or self.behaviour in {"silent close", "half", "until the end"}:
                    writer.close()

    def _answer(self, *, closing: bool) -> bytes:
        version = self.version()
        body = json.dumps({"version": version}).encode()
        length = f"Content-Length: {len(body)}\r\n".encode()
        close = b"Connection: close\r\n" if closing else b""
        match self.behaviour:
            case "silent close" | "silent":
                return b""
            case "half":
                return b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + body[:4]
            case "not http":
                return b"hello\r\n\r\n"
            case "unavailable":
                return b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
            case "until the end":
                return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
            case "interim":
                return b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n" + length + close + b"\r\n" + body
            case "header":
                return f"HTTP/1.1 200 OK\r\nX-Version: {version}\r\nContent-Length: 2\r\n\r\nhi".encode()
            case _:
                return b"HTTP/1.1 200 OK\r\n" + length + close + b"\r\n" + body


@contextlib.contextmanager
def serving(share: Callable[[], float] = lambda: 0.0) -> Iterator[Server]:
    """A server in a thread of its own."""
    made = Server(share)
    ready, loops = threading.Event(), list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def main() -> None:
        tasks: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await made.serve(reader, writer)
            finally:
                tasks.discard(task)

        stop = asyncio.Event()
        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        made.port = listener.sockets[0].getsockname()[1]
        loops.append((asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # their connections are gone with the loop's next turn

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    try:
        yield made
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
