"""Connections are used again, the last one first, and closed in the end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from embedded.providers.kubernetes.pooling import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Body(httpx.AsyncByteStream):
    """An answer that comes over the wire."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"o"
        yield b"k"


@dataclass(eq=False)
class Connection(httpx.AsyncBaseTransport):
    """A connection that counts."""

    made: list[Connection]
    requests: int = 0
    closed: bool = False
    fails: bool = False
    number: int = field(init=False)

    def __post_init__(self) -> None:
        self.number = len(self.made)
        self.made.append(self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        await asyncio.sleep(0)
        if request.url.path == "/fails":
            raise httpx.ReadError("reset", request=request)
        return httpx.Response(200, stream=Body())

    async def aclose(self) -> None:
        self.closed = True


def test_connections_are_used_again() -> None:
    """There are as many as requests at once; one alone always takes the same."""
    made: list[Connection] = []

    async def main() -> None:
        async with httpx.AsyncClient(transport=Pool(lambda: Connection(made)), base_url="https://api.test") as client:
            await asyncio.gather(*(client.get("/") for _ in range(3)))
            for _ in range(5):
                assert (await client.get("/")).text == "ok"

    asyncio.run(main())
    assert sorted(c.requests for c in made) == [1, 1, 6]
    assert all(c.closed for c in made)


def test_a_broken_connection_is_not_used_again() -> None:
    """What failed is closed, and its place is free."""
    made: list[Connection] = []

    async def main() -> None:
        async with httpx.AsyncClient(transport=Pool(lambda: Connection(made)), base_url="https://api.test") as client:
            with pytest.raises(httpx.ReadError):
                await client.get("/fails")
            await client.get("/")

    asyncio.run(main())
    assert [(c.requests, c.closed) for c in made] == [(1, True), (1, True)]


def test_a_connection_in_the_middle_of_an_answer_is_not_used_again() -> None:
    """A watch that is left has its connection to itself, and takes it along."""
    made: list[Connection] = []

    async def main() -> None:
        async with httpx.AsyncClient(transport=Pool(lambda: Connection(made)), base_url="https://api.test") as client:
            async with client.stream("GET", "/") as response:
                async for _ in response.aiter_raw():
                    break
            assert made[0].closed
            await client.get("/")

    asyncio.run(main())
    assert [c.requests for c in made] == [1, 1]


def test_a_connection_given_back_by_someone_cancelled_is_closed() -> None:
    """The answer was read to its end; whether the connection got to know of that isn't known."""
    made: list[Connection] = []

    class Slow(Body):
        async def aclose(self) -> None:
            task = asyncio.current_task()
            assert task
            task.cancel()
            await asyncio.sleep(0)

    class Closing(Connection):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await super().handle_async_request(request)
            answer.stream = Slow() if self.number == 0 else Body()
            return answer

    async def main() -> None:
        async with httpx.AsyncClient(transport=Pool(lambda: Closing(made)), base_url="https://api.test") as client:
            with pytest.raises(asyncio.CancelledError):
                await asyncio.create_task(client.get("/"))
            assert made[0].closed
            await client.get("/")

    asyncio.run(main())
    assert len(made) == 2


def test_the_end_closes_what_is_in_use() -> None:
    """A watch that nobody ended doesn't outlive its client."""
    made: list[Connection] = []

    async def main() -> None:
        pool = Pool(lambda: Connection(made))
        client = httpx.AsyncClient(transport=pool, base_url="https://api.test")
        async with client.stream("GET", "/") as response:
            await pool.aclose()
            assert made[0].closed
            await response.aread()
        assert not pool._idle

    asyncio.run(main())


def test_a_greeting_that_is_cut_short_leaves_no_connection() -> None:
    """A server that has only just come back is slow to agree on a secret; whoever tires of it closes what was opened."""

    async def main() -> None:
        opened, closed = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            opened.set()
            while await reader.read(1000):
                pass
            closed.set()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with httpx.AsyncClient(transport=Pool(httpx.AsyncHTTPTransport)) as client:
                asking = asyncio.create_task(client.get(f"https://127.0.0.1:{port}/"))
                await opened.wait()
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
                # Kept, what it was at would keep its connection too.
                await asyncio.wait_for(closed.wait(), 5)

    asyncio.run(main())


def test_a_connection_that_is_opened_anew_is_closed_when_that_is_cut_short() -> None:
    """One that was used before, and that the server has closed meanwhile, greets the server again; that may be cut short, too."""
    made: list[Connection] = []
    opened, greeting = Connection([]), asyncio.Event()

    class Again(Connection):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await super().handle_async_request(request)
            if self.requests > 1:
                await request.extensions["trace"]("connection.connect_tcp.complete", {"return_value": opened})
                greeting.set()
                await asyncio.sleep(60)
            return answer

    async def main() -> None:
        async with httpx.AsyncClient(transport=Pool(lambda: Again(made)), base_url="https://api.test") as client:
            await client.get("/")
            asking = asyncio.create_task(client.get("/"))
            await greeting.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(main())
    assert opened.closed
    assert len(made) == 1
