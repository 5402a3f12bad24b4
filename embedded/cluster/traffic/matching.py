"""Which HTTPRoute rule takes a request: the Gateway API's matches and its order of precedence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from embedded.cluster.model.objects import meta_of, name_of, namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.traffic.flows import Request

# Larger is more specific: exact path, length of a path prefix, method, number of headers, number of parameters.
Rank = tuple[int, int, int, int, int]


def host_rank(route: Obj, host: str) -> int | None:
    """How exactly the route names the host: larger is more exact, None is not at all."""
    hostnames = route["spec"].get("hostnames") or []
    if not hostnames:
        return 0
    ranks = []
    for hostname in hostnames:
        if hostname == host:
            ranks.append(1_000_000)
        elif hostname.startswith("*.") and host.endswith(hostname[1:]) and len(host) > len(hostname) - 1:
            ranks.append(len(hostname))
    return max(ranks, default=None)


def choose(routes: Iterable[Obj], request: Request) -> tuple[Obj, Obj] | None:
    """The route and its rule that take the request, if any does."""
    best: tuple[tuple[Any, ...], Obj, Obj] | None = None
    for route in sorted(routes, key=lambda r: (str(meta_of(r).get("creationTimestamp") or ""), namespace_of(r), name_of(r))):
        host = host_rank(route, request.host)
        if host is None:
            continue
        for rule in route["spec"].get("rules") or [{}]:
            for match in rule.get("matches") or [{}]:
                rank = match_rank(match, request)
                # Among equals the oldest route and then its first rule win, which is the order of these loops.
                if rank is not None and (best is None or (host, *rank) > best[0]):
                    best = ((host, *rank), route, rule)
    return None if best is None else (best[1], best[2])


def match_rank(match: Obj, request: Request) -> Rank | None:
    """How specific the match is; None if the request isn't it."""
    path = match.get("path") or {}
    kind, value = path.get("type", "PathPrefix"), path.get("value", "/")
    headers, parameters = match.get("headers") or [], match.get("queryParams") or []
    method = match.get("method")
    fits = (
        _path_fits(kind, value, request.path)
        and (not method or method == request.method)
        and all(_pair_fits(h, h["name"].lower(), request.headers) for h in headers)
        and all(_pair_fits(p, p["name"], request.parameters) for p in parameters)
    )
    if not fits:
        return None
    return int(kind == "Exact"), len(value) if kind == "PathPrefix" else 0, int(bool(method)), len(headers), len(parameters)


def _path_fits(kind: str, value: str, path: str) -> bool:
    if kind == "Exact":
        return path == value
    if kind == "RegularExpression":
        return _full_match(value, path)
    prefix = value.rstrip("/")
    return path == prefix or path.startswith(prefix + "/")


def _pair_fits(wanted: Obj, name: str, found: Mapping[str, str]) -> bool:
    value = found.get(name)
    if value is None:
        return False
    return _full_match(wanted["value"], value) if wanted.get("type") == "RegularExpression" else value == wanted["value"]


def _full_match(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False
