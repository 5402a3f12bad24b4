"""The control API, without a server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedded.cluster.control.app import Control, app
from embedded.cluster.model.draws import Draws
from embedded.cluster.store.store import Store
from embedded.cluster.traffic.model import Traffic
from tests.unit.cluster.faults.conftest import make

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message

    from tests.unit.cluster.faults.conftest import Rig

    Ask = Callable[..., httpx.Response]


@pytest.fixture
def rig() -> Rig:
    """Faults with nothing in force."""
    return make()


@pytest.fixture
def ask(rig: Rig) -> Ask:
    """Make one request: method, path, and a body if there is one."""
    traffic = Traffic(Store(), rig.clock, Draws(0), rig.journal)
    control = app(Control(rig.clock, rig.faults, traffic, rig.journal, lambda: {"name": "local"}))

    def do(method: str, path: str, body: Any = None) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(control), base_url="http://127.0.0.1/control") as client:
                return (
                    await client.request(method, path, content=body)
                    if isinstance(body, str)
                    else await client.request(method, path, json=body)
                )

        return asyncio.run(call())

    return do


def test_the_clock(ask: Ask) -> None:
    """It tells the time, lets it pass, and changes its pace."""
    assert ask("GET", "/clock").json() == {"now": "2026-01-01T00:00:00Z", "elapsed": 0.0, "rate": 0.0}
    assert ask("POST", "/clock", {"advance": 90.5}).json() == {"now": "2026-01-01T00:01:30Z", "elapsed": 90.5, "rate": 0.0}
    assert ask("POST", "/clock", {"rate": 2}).json()["rate"] == 2.0


def test_time_passes_in_order(rig: Rig, ask: Ask) -> None:
    """However long it is: each thing at its own instant."""
    seen: list[float] = []
    for due in (0.5, 1.0, 1.5, 7.25, 7.5):
        rig.clock.later(due, lambda: seen.append(rig.clock.elapsed()))
    ask("POST", "/clock", {"advance": 7.25})
    assert (seen, rig.clock.elapsed()) == ([0.5, 1.0, 1.5, 7.25], 7.25)


def test_time_stops_passing_when_nobody_waits_for_it(rig: Rig) -> None:
    """Whoever asked for a year by mistake, and went away, doesn't get it."""
    messages: list[Message] = [{"type": "http.request", "body": b'{"advance": 31536000}'}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    control = app(Control(rig.clock, rig.faults, Traffic(Store(), rig.clock, Draws(0), rig.journal), rig.journal, dict))
    scope = {"type": "http", "method": "POST", "path": "/control/clock", "query_string": b"", "headers": []}
    asyncio.run(control(scope, receive, send))
    assert rig.clock.elapsed() == 1


@pytest.mark.parametrize(
    "body", [{}, {"advance": -1}, {"advance": "1"}, {"rate": -1}, {"advance": 1, "rate": 1}, [], "{", "NaN", '{"rate": NaN}']
)
def test_a_clock_that_makes_no_sense(ask: Ask, body: Any) -> None:
    """400, and the time is what it was."""
    answer = ask("POST", "/clock", body)
    assert (answer.status_code, answer.json().keys()) == (400, {"error"})
    assert ask("GET", "/clock").json() == {"now": "2026-01-01T00:00:00Z", "elapsed": 0.0, "rate": 0.0}


def test_faults_come_and_go(rig: Rig, ask: Ask) -> None:
    """They are added, listed, removed one by one, and cleared."""
    added = ask("POST", "/faults", {"kind": "503", "verb": "create", "nth": 3})
    assert (added.status_code, added.json()) == (
        201,
        {"id": "1", "kind": "503", "verb": "create", "nth": 3, "spent": False, "counted": 0, "struck": 0, "hits": []},
    )
    ask("POST", "/faults", {"kind": "crash", "pod": "shop/web-*"})
    assert rig.world.done == ["crash shop/web-1", "crash shop/web-2"]
    assert [(f["id"], f["kind"], f["spent"]) for f in ask("GET", "/faults").json()["faults"]] == [("1", "503", False), ("2", "crash", True)]
    assert ask("DELETE", "/faults/1").json() == {"removed": 1}
    assert ask("DELETE", "/faults").json() == {"removed": 1}
    assert ask("GET", "/faults").json() == {"faults": []}


def test_a_fault_that_is_not_there(ask: Ask) -> None:
    """404 says which there are."""
    ask("POST", "/faults", {"kind": "503"})
    answer = ask("DELETE", "/faults/7")
    assert (answer.status_code, answer.json()) == (404, {"error": "there is no fault 7; there are: 1"})


def test_a_fault_that_makes_no_sense(ask: Ask) -> None:
    """400 says what is wrong; nothing is in force."""
    answer = ask("POST", "/faults", {"kind": "503", "nth": 0})
    assert (answer.status_code, answer.json()) == (400, {"error": "nth is 0; it counts from 1"})
    assert ask("GET", "/faults").json() == {"faults": []}


def test_flows_come_and_go(rig: Rig, ask: Ask) -> None:
    """They are started, listed with what has come of them, and stopped, also those with a slash in their name."""
    flow = {"name": "shop/web", "url": "http://web.shop.svc/", "rate": 10}
    assert ask("POST", "/flows", flow).status_code == 201
    rig.clock.advance(10)
    found = ask("GET", "/flows").json()["flows"]
    assert [(f["name"], f["requests"], f["failed"]) for f in found] == [("shop/web", 100, 100)]
    assert ask("DELETE", "/flows/other").json() == {"error": "there is no flow other; there are: shop/web"}
    assert ask("DELETE", "/flows/shop/web").json() == {"removed": 1}
    ask("POST", "/flows", flow)
    assert ask("DELETE", "/flows").json() == {"removed": 1}
    assert ask("GET", "/flows").json() == {"flows": []}


def test_a_flow_that_makes_no_sense(ask: Ask) -> None:
    """400 says what is wrong."""
    answer = ask("POST", "/flows", {"name": "x", "url": "web", "rate": 1})
    assert (answer.status_code, answer.json()["error"][:20]) == (400, "flow x: url 'web' mu")


def test_state_and_journal(ask: Ask) -> None:
    """The state says how much of everything there is; the journal is JSON lines."""
    ask("POST", "/faults", {"kind": "node-lost", "node": "node-1"})
    state = ask("GET", "/").json()
    assert (state["name"], state["faults"], state["flows"], state["requests"]) == ("local", 1, 0, 0)
    assert ask("GET", "/journal").text == '{"t":0.0,"kind":"strike","fault":"node-lost","id":"1","target":"node-1"}\n'
    assert ask("GET", "/requests").json() == {"counted": 0, "requests": []}


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/nothing", 404), ("PUT", "/clock", 405)])
def test_what_there_is_not(ask: Ask, method: str, path: str, code: int) -> None:
    """In the same form as all other errors."""
    answer = ask(method, path)
    assert (answer.status_code, answer.json().keys()) == (code, {"error"})
