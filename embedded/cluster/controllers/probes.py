"""When probes succeed and fail: worked out from a container's behaviour, so that nothing has to be probed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

# Without ports of its own in the pod's template, a container is taken to listen where programs do without privileges, or serve the web.
_UNPRIVILEGED: Final = 1024
_WEB: Final = frozenset({80, 443})


def answers(container: Obj, probe: Obj) -> bool:
    """Whether there is anything behind the probe's port; a command always finds its program."""
    action = probe.get("httpGet") or probe.get("tcpSocket") or probe.get("grpc")
    if action is None:
        return True
    port = action.get("port")
    named = {p.get("name"): p["containerPort"] for p in container.get("ports") or ()}
    if isinstance(port, str) and not port.isdecimal():
        return port in named
    number = int(port or 0)
    return number in named.values() or number in _WEB or number >= _UNPRIVILEGED


def failure_text(kind: str, probe: Obj, ip: str, *, refused: bool) -> str:
    """What a node says of a probe that fails."""
    if get := probe.get("httpGet"):
        address = f"{ip}:{get.get('port')}"
        if refused:
            url = f"{get.get('scheme', 'HTTP').lower()}://{address}{get.get('path', '/')}"
            return f'{kind} probe failed: Get "{url}": dial tcp {address}: connect: connection refused'
        return f"{kind} probe failed: HTTP probe failed with statuscode: 503"
    if socket := probe.get("tcpSocket"):
        return f"{kind} probe failed: dial tcp {ip}:{socket.get('port')}: connect: connection refused"
    if grpc := probe.get("grpc"):
        return f'{kind} probe failed: service unhealthy (responded with "NOT_SERVING") on port {grpc.get("port")}'
    return f"{kind} probe failed: "


def first_failure(probe: Obj, begin: float, up: float) -> float | None:
    """When the first probe fails; None if the container is up by then."""
    first = begin + probe.get("initialDelaySeconds", 0)
    return first if up > first else None


def success(probe: Obj, begin: float, up: float) -> float:
    """When a probe that begins at one time counts as passed, for a container that answers from another on."""
    period = probe.get("periodSeconds", 10)
    first = begin + probe.get("initialDelaySeconds", 0)
    missed = max(math.ceil((up - first) / period), 0)
    return float(first + (missed + probe.get("successThreshold", 1) - 1) * period)


def given_up(probe: Obj, begin: float, up: float) -> float | None:
    """When a probe has failed too often in a row for a container that answers from `up` on; None if it never does."""
    period = probe.get("periodSeconds", 10)
    last = begin + probe.get("initialDelaySeconds", 0) + (probe.get("failureThreshold", 3) - 1) * period
    return float(last) if up > last else None


def lost(probe: Obj, begin: float, down: float) -> float:
    """When a probe has failed too often in a row for a container that answers no more from `down` on."""
    period = probe.get("periodSeconds", 10)
    first = begin + probe.get("initialDelaySeconds", 0)
    next_one = first + max(math.ceil((down - first) / period), 0) * period
    return float(next_one + (probe.get("failureThreshold", 3) - 1) * period)
