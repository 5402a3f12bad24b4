"""The load generator against a local server."""

from __future__ import annotations

import asyncio
import itertools
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.switch.answers import read
from benchmarks.switch.load import KEEP, NEW, Load, arguments, generate
from benchmarks.switch.recording import LoadEndedError, Recording
from tests.local.switch.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.switch.answers import Answer
    from tests.local.switch.server import Server

# They measure time: beside other tests that says little.
pytestmark = pytest.mark.node


@pytest.fixture
def server() -> Iterator[Server]:
    """One that serves the old version."""
    with serving() as made:
        yield made


def sent(load: Load) -> list[Answer]:
    """What is recorded of a load that is sent from this process."""
    answers: list[Answer] = []
    asyncio.run(generate(load, answers.append, asyncio.Event()))
    return answers


@pytest.mark.parametrize(("connections", "most", "least"), [(KEEP, 8, 8), (NEW, 100, 100)])
def test_connections_are_kept_or_new(server: Server, connections: str, most: int, least: int) -> None:
    """With keep-alive every client has one connection and uses it; else each request has its own."""
    answers = sent(Load(server.url, rate=200, seconds=0.5, connections=connections, clients=8))
    assert [a.error for a in answers] == [""] * 100
    assert {(a.status, a.version) for a in answers} == {(200, "v1")}
    assert server.requests == 100
    assert least <= server.connections <= most


def test_requests_come_when_they_are_due(server: Server) -> None:
    """Arrivals are evenly spaced, and none is sent before its time."""
    answers = sorted(sent(Load(server.url, rate=500, seconds=0.4)), key=lambda a: a.due)
    assert len(answers) == 200
    assert [b.due - a.due for a, b in itertools.pairwise(answers)] == pytest.approx([0.002] * 199)
    assert all(a.due <= a.begun <= a.done for a in answers)


@pytest.mark.parametrize("connections", [KEEP, NEW])
def test_a_stall_is_everybodys_who_was_due(server: Server, connections: str) -> None:
    """While nothing answers, requests are due all the same, and wait from then on: even with two clients, who are busy all the time."""
    server.stall = 0.6
    answers = sent(Load(server.url, rate=200, seconds=1, connections=connections, clients=2))
    waited = [a.latency for a in answers if a.due < server.stalled_until - 0.1]
    assert len(waited) >= 80
    assert all(a.done >= server.stalled_until for a in answers)
    assert min(waited) >= 0.1
    assert max(waited) >= 0.5


@pytest.mark.parametrize(
    ("behaviour", "status", "version", "error"),
    [
        ("well", 200, "v1", ""),
        ("header", 200, "v1", ""),
        ("interim", 200, "v1", ""),
        ("until the end", 200, "v1", ""),
        ("unavailable", 503, "", ""),
        ("silent close", 0, "", "closed without an answer"),
        ("half", 0, "", "closed before the answer was whole"),
        ("silent", 0, "", "no answer within 0.3 s"),
    ],
)
@pytest.mark.parametrize("connections", [KEEP, NEW])
def test_what_becomes_of_a_request_is_recorded(
    server: Server, connections: str, behaviour: str, status: int, version: str, error: str
) -> None:
    """Whole answers have a status and a version; whatever else happens has a reason."""
    server.behaviour = behaviour
    timeout = 0.3 if behaviour == "silent" else 5
    answers = sent(Load(server.url, rate=50, seconds=0.2, connections=connections, timeout=timeout))
    assert [(a.status, a.version, a.error) for a in answers] == [(status, version, error)] * 10


def test_what_is_not_http_is_a_failure(server: Server) -> None:
    """Anything may listen there."""
    server.behaviour = "not http"
    assert all(a.error.startswith("not HTTP") for a in sent(Load(server.url, rate=50, seconds=0.1)))


def test_where_nobody_listens_requests_are_refused() -> None:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert {a.error for a in sent(Load(f"http://localhost:{port}/", rate=50, seconds=0.1))} == {"refused"}


def test_the_host_is_what_is_asked_for(server: Server) -> None:
    """A gateway finds its route by it."""
    sent(Load(server.url, host="shop.test", rate=50, seconds=0.1))
    assert server.hosts == {"shop.test"}


def test_the_command_writes_a_line_a_request(server: Server) -> None:
    """It ends by itself, and its records are those of the requests that the server had."""
    command = [sys.executable, "-m", "benchmarks.switch.load", *arguments(Load(server.url, rate=200, seconds=0.25))]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True)
    assert [read(line).version for line in done.stdout.splitlines()] == ["v1"] * 50
    assert server.requests == 50


def test_a_recording_ends_when_it_is_left(server: Server) -> None:
    """The load lasts as long as somebody wants it, not as long as it may."""
    with Recording(Load(server.url, rate=200, seconds=60)) as recording:
        assert recording.wait(lambda last: len(last) >= 20, 0.2, 10)
    assert len(recording.answers) == server.requests
    assert all(not a.error for a in recording.answers)


def test_load_that_ends_too_soon_is_said(server: Server) -> None:
    """A measurement isn't taken for whole when the load was over before it."""
    with Recording(Load(server.url, rate=100, seconds=0.1)) as recording, pytest.raises(LoadEndedError):
        recording.wait(lambda _: False, 0.1, 30)


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "http://[2001:db8::1]/"])
def test_the_command_refuses_other_machines(url: str) -> None:
    """The process that sends looks for itself, whoever started it."""
    command = [sys.executable, "-m", "benchmarks.switch.load", url]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "is no loopback address; load goes to this machine alone" in done.stderr
    assert not done.stdout
