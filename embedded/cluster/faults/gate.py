"""The gate in front of the API: each request passes it, and here the faults strike.

A connection breaks by the server's `abort` extension (see server.py), since HTTP servers have no way of their own to fail so badly.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from embedded.cluster.faults.requests import parse
from embedded.cluster.faults.rules import Answer, Cut, Drop, Slow

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from embedded.cluster.faults.book import Faults
    from embedded.cluster.faults.requests import Request
    from embedded.cluster.model.errors import StatusError

# The extension of the scope under which the server gives away how to break the connection.
ABORT: Final = "cluster.abort"
# Whoever looks whether the server is up asks for no faults.
_SPARED: Final = ("/healthz", "/livez", "/readyz")


class FaultGate:
    """An ASGI app around the API's."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app, self._faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or don't."""
        if scope["type"] != "http" or scope["path"].startswith(_SPARED):
            await self._app(scope, receive, send)
            return
        request = _request(scope)
        action = self._faults.decide(request)
        match action:
            case Answer(error):
                await _answer(error, send)
                return
            case Drop(handled):
                if handled:
                    await self._app(scope, receive, _losing(scope))
                await _abort(scope, receive)
                return
            case Slow(seconds):
                await asyncio.sleep(seconds)
        if request.verb == "watch":
            await self._watch(request, action.events if isinstance(action, Cut) else None, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _watch(self, request: Request, events: int | None, scope: Scope, receive: Receive, send: Send) -> None:
        """A watch, which breaks after so many events, or when a rule asks for it."""
        left = events

        async def pass_on(message: Message) -> None:
            nonlocal left
            if left is None or message["type"] != "http.response.body":
                await send(message)
                return
            told = message.get("body", b"").splitlines(keepends=True)[:left]
            left -= len(told)
            await send({"type": "http.response.body", "body": b"".join(told), "more_body": True})
            if left == 0:
                _break(scope)

        ended = self._faults.watching(request, lambda: _break(scope))
        try:
            if left == 0:
                await _abort(scope, receive)
            else:
                await self._app(scope, receive, pass_on)
        finally:
            ended()


def _request(scope: Scope) -> Request:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in {b"content-type", b"user-agent"}}
    query = scope.get("query_string", b"").decode("latin-1")
    return parse(scope["method"], scope["path"], query, headers.get(b"content-type", ""), headers.get(b"user-agent", ""))


async def _answer(error: StatusError, send: Send) -> None:
    body = json.dumps(error.status()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    await send({"type": "http.response.start", "status": error.code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _abort(scope: Scope, receive: Receive) -> None:
    _break(scope)
    while (await receive())["type"] != "http.disconnect":
        pass


def _break(scope: Scope) -> None:
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        raise ConnectionAbortedError("a fault breaks this connection")
    extension["abort"]()


def _losing(scope: Scope) -> Send:
    """Answers get lost: the first sign of one, when the request has been handled, breaks the connection."""

    async def lose(_: Message) -> None:
        _break(scope)

    return lose
