"""Posting to addresses that are secrets themselves, or with secrets in their headers.

What goes wrong is said in words of ours: an exception of the library may name the address, and so may its log.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import stamina

from embedded.lean import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT: Final = httpx.Timeout(8.0, connect=3.0)
_ATTEMPTS: Final = 3
# Seconds, of all attempts together.
_LONGEST: Final = 15.0
_PATIENT: Final = 5.0
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_discreet: Final[ContextVar[bool]] = ContextVar("discreet", default=False)


class UntoldError(Exception):
    """Somebody could not be told; why, without secrets."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    code: int
    body: Any = field(repr=False)
    """JSON as such, anything else as text."""
    location: str | None = None


def send(method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str], repeat: bool) -> Reply:
    """Send a request; `repeat`: whether it may be sent again when nobody knows whether it has arrived."""
    token = _discreet.set(True)
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=False) as client:
            return _read(_sent(client, httpx.Request(method, url, content=body, headers=dict(headers)), repeat=repeat))
    except _AgainError as error:
        raise UntoldError(_refusal(error.answer)) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
        raise UntoldError("its address is none") from None
    except httpx.TimeoutException:
        raise UntoldError("it doesn't answer in time") from None
    except httpx.TransportError as error:
        raise UntoldError(f"it can't be reached ({type(error).__name__})") from None
    finally:
        _discreet.reset(token)


class _AgainError(Exception):
    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def _sent(client: httpx.Client, request: httpx.Request, *, repeat: bool) -> httpx.Response:
    def passing(error: Exception) -> bool | float:
        match error:
            case _AgainError(answer=answer):
                return _pause(answer) if answer.status_code == 429 or repeat else False
            case httpx.TransportError() if not isinstance(error, httpx.UnsupportedProtocol):
                return repeat or isinstance(error, _UNSENT)
            case _:
                return False

    for attempt in stamina.retry_context(passing, attempts=_ATTEMPTS, timeout=_LONGEST, wait_initial=0.5, wait_max=3.0):
        with attempt:
            return _once(client, request)
    raise AssertionError("the loop above returns or raises")


def _once(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    answer = client.send(request)
    if answer.status_code == 429 or answer.status_code >= 500:
        raise _AgainError(answer)
    return answer


def _pause(answer: httpx.Response) -> bool | float:
    """How long it asks to be left alone; not longer than a release should wait for it."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), _PATIENT) if text.isdecimal() else True


def _read(answer: httpx.Response) -> Reply:
    if not answer.is_success:
        raise UntoldError(_refusal(answer))
    try:
        body = answer.json()
    except ValueError:
        body = answer.text
    return Reply(answer.status_code, body, answer.headers.get("location"))


def _refusal(answer: httpx.Response) -> str:
    return f"it answers HTTP {answer.status_code} {answer.reason_phrase}".rstrip()


def _public(_: logging.LogRecord) -> bool:
    return not _discreet.get()


# The library logs the address of each request.
logging.getLogger("httpx").addFilter(_public)
logging.getLogger("stamina").addHandler(logging.NullHandler())
