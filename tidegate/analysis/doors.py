"""The ways to a Prometheus: straight over HTTP, or through the API server of the cluster that it runs in.

Queries change nothing, so they are asked again when the way was blocked or the server was busy. Credentials go into a header, and nowhere
else: no error names them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import stamina

from embedded.lean import httpx
from tidegate.model.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.asking import Asks

_TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_ATTEMPTS: Final = 4
# Seconds: of all attempts together, and between the first two.
_LONGEST: Final = 20.0
_PAUSE: Final = 0.2

# What was tried is said where it matters; the library's own messages would end up on users' terminals.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    code: int
    body: Any
    """JSON as such, anything else as text."""


class Door(Protocol):
    """A way to a Prometheus."""

    @property
    def where(self) -> str:
        """What it is called in errors; never with credentials."""

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask for something. `UnreachableError` when no answer is to be had."""


class HttpDoor:
    """Straight to an address."""

    def __init__(self, url: str, *, token: str | None = None, user: tuple[str, str] | None = None) -> None:
        self.where = url
        self._client = httpx.Client(
            base_url=url,
            timeout=_TIMEOUT,
            headers={"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
            auth=httpx.BasicAuth(*user) if user else None,
            follow_redirects=False,
        )

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask, and ask again as long as it may help."""
        try:
            for attempt in stamina.retry_context(_passing, attempts=_ATTEMPTS, timeout=_LONGEST, wait_initial=_PAUSE, wait_max=2.0):
                with attempt:
                    return _read(self._once(path, params))
        except _BusyError as error:
            return _read(error.answer)
        except httpx.HTTPError as error:
            raise UnreachableError(f"{self.where} doesn't answer: {str(error) or type(error).__name__}") from error
        raise AssertionError("the loop above returns or raises")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _once(self, path: str, params: Mapping[str, str]) -> httpx.Response:
        answer = self._client.get(path, params=dict(params))
        if answer.status_code in _BUSY:
            raise _BusyError(answer)
        return answer


class ServiceDoor:
    """To a Service of the cluster, through its API server, which tries again by itself."""

    def __init__(self, ask: Asks, namespace: str, service: str, port: str) -> None:
        self.where = f"the Service {namespace}/{service}, through the API server,"
        self._ask, self._base = ask, f"/api/v1/namespaces/{namespace}/services/http:{service}:{port}/proxy"

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask."""
        return Answer(*self._ask(f"{self._base}/{path.lstrip('/')}", params))


class _BusyError(Exception):
    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(str(answer.status_code))
        self.answer = answer


def _passing(error: Exception) -> bool:
    """Whether it may be gone in a moment."""
    return isinstance(error, _BusyError | httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol | httpx.ProtocolError)


def _read(answer: httpx.Response) -> Answer:
    try:
        return Answer(answer.status_code, answer.json())
    except ValueError:
        return Answer(answer.status_code, answer.text)
