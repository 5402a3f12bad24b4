"""What containers that end by themselves look at: pages of the cluster's Services. A smoke check is such an errand.

A container says what it asks for by the annotation `sim.tidegate.dev/asks`, or else as checks usually are told: a variable `TARGET` with
a URL, and paths among its arguments. A variable `HEADER` is sent along: `X-Candidate: yes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from embedded.cluster.model.objects import namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from embedded.cluster.behaviour import Behaviour
    from embedded.cluster.model.objects import Obj

Headers = tuple[tuple[str, str], ...]

_TARGET: Final = "TARGET"
_HEADER: Final = "HEADER"
_FINE: Final = range(200, 400)
_FAILED: Final = 1


class Pages(Protocol):
    """Who answers requests. `key` says whose request it is: the same one gets the same answer."""

    def ask(self, url: str, key: tuple[object, ...], headers: Headers = ()) -> tuple[int, str]:
        """Send one request: its code, and why there is no better one."""


class AllPages:
    """Whatever is asked for is there."""

    def ask(self, url: str, key: tuple[object, ...], headers: Headers = ()) -> tuple[int, str]:  # noqa: ARG002 the port's names
        """Fine."""
        return 200, ""


def urls_of(pod: Obj, container: Obj, behaviour: Behaviour) -> tuple[str, ...]:
    """What a container asks for, with full host names."""
    return tuple(_full(url, namespace_of(pod)) for url in behaviour.asks or _told(container))


def headers_of(container: Obj) -> Headers:
    """What a container sends along with what it asks for."""
    name, colon, value = _variables(container).get(_HEADER, "").partition(":")
    return ((name.strip(), value.strip()),) if colon else ()


def run(pages: Pages, urls: Iterable[str], key: tuple[object, ...], headers: Headers = ()) -> tuple[int, list[str]]:
    """Ask for one page after the other until one fails: the exit code, and what is logged."""
    log: list[str] = []
    for url in urls:
        code, why = pages.ask(url, (*key, url), headers)
        log.append(f"GET {url}: {code}" + (f", {why}" if why else ""))
        if code not in _FINE:
            return _FAILED, log
    return 0, log


def _told(container: Obj) -> Iterator[str]:
    target = _variables(container).get(_TARGET, "")
    if urlsplit(target).scheme not in {"http", "https"}:
        return
    paths = [a for a in container.get("args") or () if a.startswith("/")]
    yield from (target.rstrip("/") + path for path in paths or ("/",))


def _variables(container: Obj) -> Mapping[str, str]:
    return {v["name"]: v.get("value") or "" for v in container.get("env") or ()}


def _full(url: str, namespace: str) -> str:
    """The URL with the host as it is from everywhere: `http://web/` in `shop` is `http://web.shop.svc/`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if "." in host:
        return url
    port = "" if parts.port is None else f":{parts.port}"
    return parts._replace(netloc=f"{host}.{namespace}.svc{port}").geturl()
