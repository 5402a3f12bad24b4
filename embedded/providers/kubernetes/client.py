"""Requests to a Kubernetes API server: one connection pool, retries where they can do no harm, watches.

Everything that can be sent twice is retried on lost connections, 429, 5xx, and conflicts of the server's own making (a quota that several
creates count against), with growing, jittered pauses, and `Retry-After` is kept to. A create can't be sent twice: if what came of it is
unknown, `LostAnswerError` leaves it to the caller to find out.
"""

from __future__ import annotations

import contextlib
import json
import logging
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import stamina

from embedded.lean import httpx
from embedded.providers.kubernetes.errors import ApiError, LostAnswerError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    Obj = dict[str, Any]
    Params = Mapping[str, str]

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"

# How long a watch lasts before it is asked for again, and how long after that silence means that the connection is dead.
WATCH_SECONDS: Final = 240
SILENCE_SECONDS: Final = 15
# How often a request may be carried out: as often as one likes, as long as the object is at the version that the request names, or once.
Repeat = Literal["freely", "at version", "never"]
# Failures before anything was sent.
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

# An attempt to connect that times out took ten seconds. After so many more the server isn't there: a closed network shouldn't cost minutes.
_CONNECT_TIMEOUTS: Final = 1
_UNTRUSTED: Final = (
    " (the server's certificate has expired, or isn't from the kubeconfig's certificate authority: is the kubeconfig current, and for this "
    "cluster?)"
)

# Retries are said to users where they matter; the library's own messages would end up on their terminal.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and with which pauses in seconds, a request is tried."""

    attempts: int = 7
    initial: float = 0.1
    longest: float = 5.0
    jitter: float = 0.2


DEFAULT_PATIENCE: Final = Patience()


class Client:
    """An API server as its paths. All methods raise ApiError for refusals and UnreachableError when there is no answer."""

    def __init__(self, http: httpx.AsyncClient, patience: Patience = DEFAULT_PATIENCE) -> None:
        self._http = http
        self.patience = patience
        self._unreachable = False
        self._cancelled = False
        self.date = ""  # The server's clock when it last answered: the Date header.

    async def get(self, path: str, params: Params | None = None) -> Obj:
        """An object, or whatever is at the path."""
        return await self._send("GET", path, params)

    async def list(self, path: str, params: Params | None = None, accept: str = JSON) -> Obj:
        """A list object: `items`, and `metadata.resourceVersion` to watch from; or in another form that is accepted, as a table."""
        return await self._send("GET", path, params, accept=accept)

    async def create(self, path: str, body: Obj, params: Params | None = None, warn: Callable[[str], None] | None = None) -> Obj:
        """POST an object. LostAnswerError if it is unknown whether that happened."""
        return await self._send("POST", path, params, body, JSON, warn, repeat="freely" if params and params.get("dryRun") else "never")

    async def replace(self, path: str, body: Obj, params: Params | None = None, warn: Callable[[str], None] | None = None) -> Obj:
        """PUT an object, at the version that it says."""
        return await self._send("PUT", path, params, body, JSON, warn, repeat="at version")

    async def patch(self, path: str, body: Any, kind: str, params: Params | None = None, warn: Callable[[str], None] | None = None) -> Obj:
        """Patch an object; `kind` is the patch's media type."""
        return await self._send("PATCH", path, params, body, kind, warn, repeat="at version" if kind == JSON_PATCH else "freely")

    async def delete(self, path: str, body: Obj | None = None, params: Params | None = None) -> Obj:
        """Delete an object: what is left of it, or a `Status`."""
        return await self._send("DELETE", path, params, body, JSON)

    async def watch(
        self, path: str, params: Params | None = None, opened: Callable[[], None] | None = None
    ) -> AsyncGenerator[tuple[str, Obj], None]:
        """Changes (ADDED, MODIFIED, DELETED, BOOKMARK with the object) until the server or the connection ends the watch.

        An ended watch is no error: list or watch again. ApiError (410: list again) if the server says so, also in the middle.
        """
        query = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(WATCH_SECONDS), **(params or {})}
        silence = float(query["timeoutSeconds"]) + SILENCE_SECONDS
        timeout = httpx.Timeout(self._http.timeout.connect, read=silence, pool=self._http.timeout.pool)
        request = self._http.build_request("GET", path, params=query, headers={"Accept": JSON}, timeout=timeout)
        response = await self._answered(request, stream=True)
        if opened:
            opened()
        try:
            async for line in response.aiter_lines():
                if not line:
                    continue
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(event["object"], int(event["object"].get("code") or 500))
                yield event["type"], event["object"]
        except (httpx.TransportError, json.JSONDecodeError):
            return  # Broken off, perhaps within a line.
        finally:
            await response.aclose()

    def cancel(self) -> None:
        """From now on nothing is tried again."""
        self._cancelled = True

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: Any = None,
        kind: str = "",
        warn: Callable[[str], None] | None = None,
        repeat: Repeat = "freely",
        accept: str = JSON,
    ) -> Obj:
        headers = {"Accept": accept}
        content = None
        if body is not None:
            headers["Content-Type"] = kind
            content = json.dumps(body, separators=(",", ":")).encode()
        request = self._http.build_request(method, path, params=params, headers=headers, content=content)
        response = await self._answered(request, repeat)
        if warn:
            for line in response.headers.get_list("warning"):
                warn(_warning(line))
        try:
            answer: Obj = response.json()
        except ValueError as error:
            raise UnreachableError(f"what answers at {request.url.copy_with(query=None)} is no Kubernetes API server") from error
        return answer

    async def _answered(self, request: httpx.Request, repeat: Repeat = "freely", *, stream: bool = False) -> httpx.Response:
        """The answer, after as many tries as it takes; or the last failure as one of this package's errors."""
        timeouts = 0

        def again(error: Exception) -> bool | float:
            nonlocal timeouts
            timeouts += isinstance(error, httpx.ConnectTimeout)
            if self._cancelled or self._unreachable or timeouts > _CONNECT_TIMEOUTS or not _harmless(error, repeat):
                return False
            if isinstance(error, ApiError) and error.retry_after is not None:
                return error.retry_after
            return True

        p = self.patience
        try:
            async for attempt in stamina.retry_context(again, p.attempts, None, p.initial, p.longest, p.jitter):
                with attempt:
                    return await self._once(request, stream=stream)
        except httpx.TransportError as error:
            if repeat == "never" and not isinstance(error, _UNSENT):
                raise LostAnswerError(UnreachableError(self._silence(request, error))) from error
            self._unreachable = isinstance(error, _UNSENT)
            raise UnreachableError(self._silence(request, error)) from error
        except ApiError as error:
            if repeat == "never" and error.code >= 500:
                raise LostAnswerError(error) from error
            raise
        raise AssertionError("the loop above returns or raises")

    async def _once(self, request: httpx.Request, *, stream: bool) -> httpx.Response:
        response = await self._http.send(request, stream=stream)
        self._unreachable = False
        self.date = response.headers.get("date", self.date)
        if response.is_success:
            return response
        with contextlib.suppress(httpx.StreamClosed):
            await response.aread()
        await response.aclose()
        raise _refusal(request, response)

    @staticmethod
    def _silence(request: httpx.Request, error: httpx.TransportError) -> str:
        server = str(request.url.copy_with(raw_path=b"/")).rstrip("/")
        what = str(error) or type(error).__name__
        hint = _UNTRUSTED if _untrusted(error) else ""
        return f"no answer from the Kubernetes API server at {server} to {request.method} {request.url.path}: {what}{hint}"


def _harmless(error: Exception, repeat: Repeat) -> bool:
    """Whether sending the request again can do no harm, and may help."""
    if isinstance(error, ApiError):
        if error.outdated:
            return repeat != "at version"
        return error.code == 429 or (repeat != "never" and error.busy)
    if isinstance(error, _UNSENT):
        return not isinstance(error, httpx.UnsupportedProtocol) and not _untrusted(error)
    return repeat != "never" and isinstance(error, httpx.TransportError)


def _untrusted(error: BaseException | None) -> bool:
    """Whether the server's certificate, or this side's trust in it, is what is wrong."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _refusal(request: httpx.Request, response: httpx.Response) -> ApiError:
    try:
        status = response.json()
    except ValueError:
        status = None
    if not isinstance(status, dict) or status.get("kind") != "Status":
        text = response.text.strip()[:200]
        message = f"{request.method} {request.url.path}: {response.status_code} {response.reason_phrase}" + (f": {text}" if text else "")
        status = {"kind": "Status", "status": "Failure", "code": response.status_code, "reason": "", "message": message}
    return ApiError(status, response.status_code, _seconds(response.headers.get("retry-after")))


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None


def _warning(header: str) -> str:
    """The text of `299 - "text"`."""
    text = header.split(" ", 2)[-1]
    return text[1:-1].replace('\\"', '"') if text.startswith('"') and text.endswith('"') else text
