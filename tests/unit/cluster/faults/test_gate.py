"""Where faults strike: at the gate in front of the API."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.faults.gate import ABORT, FaultGate
from embedded.cluster.faults.rules import Rule, Where

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from tests.unit.cluster.faults.conftest import Rig

POD = "/api/v1/namespaces/shop/pods/web"


class Line:
    """One client's connection to an API that counts what it handles; three events a watch, in two pieces."""

    def __init__(self, rig: Rig) -> None:
        self.handled = 0
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self._gate = FaultGate(self._api, rig.faults)

    async def ask(self, path: str = POD, query: str = "") -> None:
        extensions = {ABORT: {"abort": self.gone.set}}
        scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": [], "extensions": extensions}
        await asyncio.wait_for(self._gate(scope, self._receive, self._send), 10)

    @property
    def status(self) -> int | None:
        return next((message["status"] for message in self.sent if message["type"] == "http.response.start"), None)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if not self.gone.is_set():
            self.sent.append(message)

    async def _api(self, scope: Scope, _: Receive, send: Send) -> None:
        self.handled += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        pieces = (b'{"n":1}\n{"n":2}\n', b'{"n":3}\n', b"") if b"watch" in scope["query_string"] else (b"fine",)
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": piece != pieces[-1]})


def asked(rig: Rig, **request: Any) -> Line:
    """A line after one request."""

    async def ask() -> Line:
        line = Line(rig)
        await line.ask(**request)
        return line

    return asyncio.run(ask())


def test_without_a_fault_a_request_goes_through(rig: Rig) -> None:
    """And is counted."""
    line = asked(rig)
    assert (line.status, line.body, line.handled, rig.faults.counted) == (200, b"fine", 1, 1)


def test_a_status_is_answered_instead(rig: Rig) -> None:
    """The API never sees the request; the client gets a Status, and when to come again."""
    rig.faults.add(Rule("429", retry_after=3))
    line = asked(rig)
    assert (line.status, line.handled, json.loads(line.body)["kind"]) == (429, 0, "Status")
    assert (b"retry-after", b"3") in line.sent[0]["headers"]


@pytest.mark.parametrize(("kind", "handled"), [("drop", 0), ("lost", 1)])
def test_a_broken_connection(rig: Rig, kind: str, handled: int) -> None:
    """Not a byte of an answer arrives; whether the request was handled is the difference."""
    rig.faults.add(Rule(kind))
    line = asked(rig)
    assert (line.sent, line.gone.is_set(), line.handled) == ([], True, handled)


def test_a_slow_answer_comes(rig: Rig) -> None:
    """Late, but it comes."""
    rig.faults.add(Rule("slow", delay=0.01))
    assert asked(rig).body == b"fine"


@pytest.mark.parametrize(("events", "told"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, None)])
def test_a_dropped_watch_tells_exactly_so_much(rig: Rig, events: int, told: int | None) -> None:
    """However the API's events come in pieces; a watch that ends before isn't touched."""
    rig.faults.add(Rule("watch-drop", events=events))
    line = asked(rig, query="watch=1")
    assert (line.body.count(b"\n"), line.gone.is_set()) == ((3, False) if told is None else (told, True))


@pytest.mark.parametrize("path", ["/healthz", "/livez/ping", "/readyz"])
def test_questions_after_its_health_are_spared(rig: Rig, path: str) -> None:
    """They are neither counted nor struck."""
    rig.faults.add(Rule("500"))
    assert (asked(rig, path=path).status, rig.faults.counted) == (200, 0)


def test_a_rule_that_means_others_changes_nothing(rig: Rig) -> None:
    """The request goes through."""
    rig.faults.add(Rule("500", Where(verb="create")))
    assert asked(rig).status == 200


def test_a_server_that_cannot_break_connections_is_told_so(rig: Rig) -> None:
    """Under another server than ours the fault is an error, not an answer."""
    rig.faults.add(Rule("drop"))

    async def call() -> None:
        line = Line(rig)
        scope = {"type": "http", "method": "GET", "path": POD, "query_string": b"", "headers": []}
        await line._gate(scope, line._receive, line._send)

    with pytest.raises(ConnectionAbortedError):
        asyncio.run(call())
