"""Who is let in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from embedded.cluster.door import Door
from embedded.cluster.model.clock import EPOCH

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

TOKEN = {"authorization": "Bearer right"}


def knock(path: str = "/api/v1/pods", headers: dict[str, str] | None = None, *, guarded: bool = True) -> httpx.Response:
    """Ask for something at the door of a cluster that has this token."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": b"in"})

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(Door(app, lambda: EPOCH, "right" if guarded else None))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:6443") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(call())


@pytest.mark.parametrize("host", ["127.0.0.1:6443", "localhost:6443", "localhost", "127.0.0.1", "[::1]:6443", "[::1]"])
def test_loopback_is_let_in(host: str) -> None:
    """By whichever of its names."""
    assert knock(headers={"host": host, **TOKEN}).text == "in"


@pytest.mark.parametrize(
    "host", ["evil.example:6443", "evil.example", "127.0.0.1.evil.example", "10.0.0.1:6443", "localhost.evil:80", "", "[::2]:1"]
)
def test_a_name_that_resolves_to_loopback_is_not_let_in(host: str) -> None:
    """A page of the user's browser that calls us by its own name is turned away, token or not (DNS rebinding)."""
    answer = knock(headers={"host": host, **TOKEN})
    assert (answer.status_code, answer.json()["reason"]) == (403, "Forbidden")
    assert "answers to localhost and 127.0.0.1 only" in answer.json()["message"]


@pytest.mark.parametrize(
    ("origin", "code"), [("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:8080", 403), ("http://127.0.0.1:6443", 200)]
)
def test_web_pages_are_not_let_in(origin: str, code: int) -> None:
    """Browsers say for which page they ask."""
    assert knock(headers={"origin": origin, **TOKEN}).status_code == code


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Bearer ", "right", "Basic right", "bearer right"])
def test_the_token_is_needed(authorization: str) -> None:
    """Without the right one: 401, as the real server has it."""
    answer = knock(headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["reason"], answer.json()["kind"]) == (401, "Unauthorized", "Status")
    assert "right" not in answer.text


@pytest.mark.parametrize(
    ("path", "code"), [("/healthz", 200), ("/readyz", 200), ("/livez", 200), ("/version", 200), ("/healthz/x", 401), ("/control/", 401)]
)
def test_what_anybody_may_ask(path: str, code: int) -> None:
    """Whether it is up and which version it is, no more."""
    assert knock(path).status_code == code


def test_without_a_token_all_of_this_machine_are_let_in() -> None:
    """As in tests."""
    assert knock(guarded=False).text == "in"


def test_answers_carry_the_clusters_date() -> None:
    """Not the machine's: clients compare it with the times in objects."""
    answer = knock(headers=TOKEN)
    assert (answer.headers["date"], answer.headers["x"]) == ("Thu, 01 Jan 2026 00:00:00 GMT", "y")
