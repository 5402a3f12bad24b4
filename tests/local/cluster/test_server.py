"""The HTTP server under the cluster: what clients see of its start, its end, its certificates, and of connections that break."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from embedded.cluster import certificates
from embedded.cluster.faults.gate import ABORT
from embedded.cluster.server import Listener, PortError, ServerThread, bind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by the path: at once, after half an answer, never, or with a broken connection."""
    match scope["path"]:
        case "/never":
            await asyncio.Event().wait()
        case "/abort":
            scope["extensions"][ABORT]["abort"]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        case "/half":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": threading.current_thread().name.encode()})


def serving(*listeners: Listener) -> ServerThread:
    """A server that runs."""
    server = ServerThread(listeners, lambda _: None, lambda: None)
    server.start()
    return server


@pytest.fixture
def listener() -> Iterator[Listener]:
    """The app on a free port, served."""
    found = Listener(bind(0), app)
    server = serving(found)
    yield found
    server.stop()


def test_two_listeners_share_one_thread() -> None:
    """So nothing of what they serve needs a lock; what is called gets there too."""
    first, second = Listener(bind(0), app), Listener(bind(0), app)
    server = serving(first, second)
    try:
        names = {httpx.get(listener.url, timeout=10).text for listener in (first, second)}
        assert names == {"cluster"} == {server.call(lambda: threading.current_thread().name)}
        with pytest.raises(ZeroDivisionError):
            server.call(lambda: 1 / 0)
    finally:
        server.stop()
    with pytest.raises(RuntimeError, match="the cluster isn't running"):
        server.call(lambda: None)


def test_answers_do_not_wait_for_acknowledgements(listener: Listener) -> None:
    """Nagle's algorithm would make each request of a kept connection last 40 ms."""
    with httpx.Client(base_url=listener.url, timeout=10) as client:
        client.post("/", content=b"x" * 1000)

        def seconds() -> float:
            begin = time.perf_counter()
            for _ in range(50):
                client.post("/", content=b"x" * 1000)
            return time.perf_counter() - begin

        # A busy machine may be slow as well, but not each time.
        assert any(seconds() < 1.0 for _ in range(10))


def test_a_broken_connection_is_no_answer(listener: Listener) -> None:
    """And nobody else's connection suffers."""
    with httpx.Client(base_url=listener.url, timeout=10) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/abort")
        assert client.get("/").status_code == 200


def test_the_end_waits_for_nobody() -> None:
    """Neither for those who wait for an answer nor for those who have half of one."""
    for tls in (None, certificates.make()):
        found = Listener(bind(0), app, None if tls is None else tls.context)
        server = serving(found)
        trust = ssl.create_default_context(cadata=tls.authority) if tls else False
        with httpx.Client(base_url=found.url, timeout=10, verify=trust) as client, client.stream("GET", "/half") as half:
            assert half.status_code == 200
            begin = time.perf_counter()
            server.stop()
            assert time.perf_counter() - begin < 1.0


def test_the_end_waits_for_no_newcomer() -> None:
    """Whoever comes just when everybody is sent away is sent away too."""
    found = Listener(bind(0), app)
    server = serving(found)
    busy, free = threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        free.wait(10)

    threading.Thread(target=server.call, args=(hold,)).start()
    assert busy.wait(10)
    # The server has something else to do when it is told to end, and when they come.
    ending = threading.Thread(target=server.stop)
    ending.start()
    newcomers = [socket.create_connection(found.socket.getsockname(), timeout=10) for _ in range(20)]
    for newcomer in newcomers:
        newcomer.sendall(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n")
    free.set()
    ending.join(10)
    try:
        assert not ending.is_alive()
    finally:
        for newcomer in newcomers:
            newcomer.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_its_certificate_holds_up_to_the_strictest_check(host: str) -> None:
    """By either name, by all the rules that newer clients apply; nobody else's authority will do."""
    identity = certificates.make()
    found = Listener(bind(0), app, identity.context)
    server = serving(found)
    try:
        trust = ssl.create_default_context(cadata=identity.authority)
        trust.verify_flags |= ssl.VERIFY_X509_STRICT
        url = found.url.replace("127.0.0.1", host)
        assert httpx.get(url, verify=trust, timeout=10).status_code == 200
        for other in (ssl.create_default_context(), ssl.create_default_context(cadata=certificates.make().authority)):
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                httpx.get(url, verify=other, timeout=10)
    finally:
        server.stop()


def test_a_start_that_fails_says_so() -> None:
    """To whoever starts it; the port is free again."""

    def refuse(_: asyncio.AbstractEventLoop) -> None:
        raise ValueError("not today")

    found = Listener(bind(0), app)
    port = found.socket.getsockname()[1]
    with pytest.raises(ValueError, match="not today"):
        ServerThread([found], refuse, lambda: None).start()
    bind(port).close()


def test_a_port_that_is_taken() -> None:
    """The text says which, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortError, match=f"can't listen on port {port} of 127.0.0.1: it is in use; name another, or none"):
            bind(port)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_is_none(port: int) -> None:
    """The same kind of error."""
    with pytest.raises(PortError, match=f"can't listen on port {port}"):
        bind(port)


def test_only_this_machine_gets_in(listener: Listener) -> None:
    """The socket is on loopback, whatever else the machine has."""
    assert listener.socket.getsockname()[0] == "127.0.0.1"
