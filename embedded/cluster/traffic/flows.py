"""Flows: what virtual clients send. A flow is one URL at one rate; users with other headers or paths are another flow.

`http://web.shop.svc/cart` goes to the Service `web` in the namespace `shop`, as it does inside of a cluster; any other host goes through
the HTTPRoutes of the cluster's Gateways.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

# Above this, one tick's numbers stop meaning anything for the pods that a local cluster has.
MOST_PER_SECOND: Final = 1_000_000.0
_FIELDS: Final = {"name": "", "url": "", "rate": 0, "method": "GET", "headers": {}}
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Request:
    """A flow's request, taken apart for routing. Header names are in lower case."""

    host: str
    port: int
    path: str
    method: str
    headers: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def service(self) -> tuple[str, str] | None:
        """Namespace and name of the Service that the host is, if it is one."""
        host = self.host.removesuffix(".cluster.local")
        name, dot, namespace = host.removesuffix(".svc").partition(".")
        return (namespace, name) if host.endswith(".svc") and dot and "." not in namespace else None


@dataclass(frozen=True, slots=True)
class Flow:
    """Requests of one kind, so many a second."""

    name: str
    url: str
    rate: float
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Flow:
        """The flow that JSON data describes; a ValueError says what is wrong with it."""
        unknown = sorted(set(data) - set(_FIELDS))
        if unknown:
            raise ValueError(f"a flow has no {', '.join(unknown)}: known are {', '.join(_FIELDS)}")
        name, url, method, headers = (data.get(key, _FIELDS[key]) for key in ("name", "url", "method", "headers"))
        if not isinstance(name, str) or not name:
            raise ValueError("a flow needs a name")
        if not isinstance(method, str) or not method:
            raise ValueError(f"flow {name}: method {method!r} is no HTTP method")
        if not isinstance(headers, dict) or not all(isinstance(text, str) for pair in headers.items() for text in pair):
            raise ValueError(f"flow {name}: headers must be an object of texts")
        return cls(name, _checked_url(name, url), _checked_rate(name, data.get("rate")), method.upper(), tuple(sorted(headers.items())))

    def data(self) -> dict[str, Any]:
        """The flow as JSON data, as `of` takes it."""
        return {"name": self.name, "url": self.url, "rate": self.rate, "method": self.method, "headers": dict(self.headers)}

    def request(self) -> Request:
        """One of its requests."""
        parts = urlsplit(self.url)
        return Request(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            path=parts.path or "/",
            method=self.method,
            headers={name.lower(): value for name, value in self.headers},
            parameters=dict(parse_qsl(parts.query, keep_blank_values=True)),
        )


def _checked_url(name: str, url: Any) -> str:
    problem = (
        f"flow {name}: url {url!r} must be like http://web.shop.svc/path (a Service) or http://shop.example/path (an HTTPRoute's host)"
    )
    if not isinstance(url, str):
        raise ValueError(problem)  # noqa: TRY004 - a ValueError is what the caller makes a clear answer of
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError as e:
        raise ValueError(f"{problem}: {e}") from e
    if not usable:
        raise ValueError(problem)
    return url


def _checked_rate(name: str, rate: Any) -> float:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not math.isfinite(rate) or not 0 <= rate <= MOST_PER_SECOND:
        raise ValueError(f"flow {name}: rate {rate!r} must be requests a second, from 0 to {MOST_PER_SECOND:.0f}")
    return float(rate)
