"""A running cluster's control API, as its owner's commands call it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final

from embedded.lean import httpx

if TYPE_CHECKING:
    from embedded.cluster.place import Running

# An hour of a busy cluster's time takes some seconds to pass.
_TIMEOUT: Final = 600.0
_CONNECT: Final = 5.0


class ControlError(Exception):
    """The cluster refused, and says why."""


class UnreachableError(Exception):
    """The cluster doesn't answer."""


def call(running: Running, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the control API, and its answer."""
    answer = _request(running, method, path, body)
    content = _content(running, answer)
    if answer.is_error:
        raise _refusal(content, answer)
    return content


def journal(running: Running) -> str:
    """All that the cluster has noted of what happened: JSON lines."""
    answer = _request(running, "GET", "/journal", None)
    if answer.is_error:
        raise _refusal(_content(running, answer), answer)
    return answer.text


def _request(running: Running, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
    trust = ssl.create_default_context(cadata=running.authority)
    timeout = httpx.Timeout(_TIMEOUT, connect=_CONNECT)
    headers = {"Authorization": f"Bearer {running.token}"}
    # Loopback needs no proxy, whatever the environment says.
    with httpx.Client(base_url=f"{running.url}/control", verify=trust, headers=headers, timeout=timeout, trust_env=False) as client:
        try:
            return client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise UnreachableError(f"the cluster at {running.url} doesn't answer ({error})") from error


def _content(running: Running, answer: httpx.Response) -> dict[str, Any]:
    try:
        content: dict[str, Any] = answer.json()
    except ValueError as error:
        raise UnreachableError(f"what answers at {running.url} is no local cluster (status {answer.status_code})") from error
    return content


def _refusal(content: dict[str, Any], answer: httpx.Response) -> ControlError:
    return ControlError(str(content.get("error") or content.get("message") or answer.status_code))
