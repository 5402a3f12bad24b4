"""Who is let in: programs of this machine that know the token, and no web page.

A server on loopback is within reach of every page that the user's browser shows: a name that resolves to 127.0.0.1 makes it "same origin"
(DNS rebinding), and simple requests need no permission at all. So the Host must be a loopback name, and an Origin must be none or the same.
"""

from __future__ import annotations

import hmac
import json
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import StatusError, unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
# What a real cluster tells anybody.
_PUBLIC: Final = frozenset({"/healthz", "/livez", "/readyz", "/version"})


class Door:
    """An ASGI app around all others. Without a token everybody who gets this far is let in.

    Answers carry the cluster's own date, since clients compare it with the objects'.
    """

    def __init__(self, app: ASGIApp, now: Callable[[], float], token: str | None = None) -> None:
        self._app, self._now = app, now
        self._expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"date", formatdate(self._now(), usegmt=True).encode())]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, dated)
        else:
            await _refuse(refusal, dated)

    def _refusal(self, scope: Scope) -> StatusError | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"")
        if _name(host) not in _LOOPBACK:
            why = f"the local cluster answers to localhost and 127.0.0.1 only, not to {host.decode('latin-1')!r}"
            return StatusError(403, "Forbidden", why)
        origin = headers.get(b"origin")
        if origin is not None and origin.partition(b"//")[2] != host:
            return StatusError(
                403, "Forbidden", f"the local cluster takes no requests from web pages (origin {origin.decode('latin-1')!r})"
            )
        if self._expected is None or scope["path"] in _PUBLIC:
            return None
        return None if hmac.compare_digest(headers.get(b"authorization", b""), self._expected) else unauthorized()


def _name(host: bytes) -> bytes:
    """A Host header without its port."""
    return host.rpartition(b":")[0] if b":" in host and not host.endswith(b"]") else host


async def _refuse(error: StatusError, send: Send) -> None:
    body = json.dumps(error.status()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": error.code, "headers": headers})
    await send({"type": "http.response.body", "body": body})
