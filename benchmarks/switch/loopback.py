"""Where load may go: to this machine's own loopback addresses, and nowhere else. A benchmark that is mistyped must not be an attack."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


class LoadRefusedError(ValueError):
    """What was asked for is more than, or something else than, the load generator does."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where requests go, by an address that was looked at: a name could mean another one later."""

    address: str
    port: int
    host: str
    """What the Host header says."""
    path: str


def place(url: str, host: str = "") -> Place:
    """Where a URL leads, if that is this machine; `host` is what the Host header is to say instead."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise LoadRefusedError(f"{url!r} is no http:// URL; the load generator speaks plain HTTP, like http://127.0.0.1:8000/api/version")
    try:
        port = parts.port or 80
    except ValueError as error:
        raise LoadRefusedError(f"{url!r}: {error}") from None
    _plain(url, host)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(_address(parts.hostname), port, host or parts.netloc.rpartition("@")[2], path)


def _plain(*texts: str) -> None:
    """Nothing that would end a line of a request."""
    for text in texts:
        if not text.isascii() or not text.isprintable() or " " in text:
            raise LoadRefusedError(f"{text!r} has signs that a request's line can't have; percent-encode them")


def _address(name: str) -> str:
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise LoadRefusedError(f"{name} can't be found ({error}); load goes to this machine alone: 127.0.0.1, ::1 or localhost") from None
    for address in found:
        if not ipaddress.ip_address(address).is_loopback:
            said = name if name == address else f"{name} ({address})"
            raise LoadRefusedError(f"{said} is no loopback address; load goes to this machine alone: 127.0.0.1, ::1 or localhost")
    return next((address for address in found if ":" not in address), found[0])
