"""Pods: a status in one word, which is not the phase but what a person wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.api.tables.column import AGE, NAME, NONE, Column, duration, instant, wide
from embedded.cluster.model.objects import is_deleting, is_true

if TYPE_CHECKING:
    from embedded.cluster.api.tables.column import Columns, Row
    from embedded.cluster.model.objects import Obj

_ENDED: Final = frozenset({"Succeeded", "Failed"})


def _sidecars(row: Row) -> set[str]:
    """Init containers that go on running."""
    return {c["name"] for c in row.spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"}


def _ready(row: Row) -> str:
    statuses = [s for s in row.status.get("containerStatuses") or [] if s.get("ready") and "running" in (s.get("state") or {})]
    sidecars = _sidecars(row)
    started = [s for s in row.status.get("initContainerStatuses") or [] if s["name"] in sidecars and s.get("started") and s.get("ready")]
    return f"{len(statuses) + len(started)}/{len(row.spec.get('containers') or []) + len(sidecars)}"


def _status(row: Row) -> str:
    phase = row.status.get("phase", "")
    reason = row.status.get("reason") or phase
    if any(c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in row.status.get("conditions") or []):
        reason = "SchedulingGated"
    initializing = _initializing(row)
    reason = initializing or reason
    if initializing is None or is_true(row.obj, "Initialized"):
        reason = _running(row, reason)
    if is_deleting(row.obj) and row.status.get("reason") == "NodeLost":
        return "Unknown"
    return "Terminating" if is_deleting(row.obj) and phase not in _ENDED else reason


def _initializing(row: Row) -> str | None:
    """What the first init container that isn't through is up to; None: all are."""
    sidecars, wanted = _sidecars(row), len(row.spec.get("initContainers") or [])
    for at, status in enumerate(row.status.get("initContainerStatuses") or []):
        state = status.get("state") or {}
        ended, waiting = state.get("terminated"), (state.get("waiting") or {}).get("reason")
        if (ended is not None and not ended.get("exitCode")) or (status["name"] in sidecars and status.get("started")):
            continue
        if ended is not None:
            return f"Init:{_end(ended)}"
        return f"Init:{waiting}" if waiting and waiting != "PodInitializing" else f"Init:{at}/{wanted}"
    return None


def _running(row: Row, reason: str) -> str:
    """What the containers are up to; the first that has something to say is heard last."""
    running, failed = False, ""
    for status in reversed(row.status.get("containerStatuses") or []):
        state = status.get("state") or {}
        if waiting := (state.get("waiting") or {}).get("reason"):
            reason = waiting
        elif (ended := state.get("terminated")) is not None:
            reason = _end(ended)
            failed = reason if ended.get("exitCode") else failed
        elif status.get("ready") and "running" in state:
            running = True
    if reason != "Completed":
        return reason
    if running and is_true(row.obj, "Ready"):
        return "Running"
    return failed or ("NotReady" if running else reason)


def _end(ended: Obj) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _restarts(row: Row) -> str:
    statuses = list(row.status.get("containerStatuses") or [])
    sidecars = _sidecars(row)
    inits = row.status.get("initContainerStatuses") or []
    if _initializing(row) is not None and not is_true(row.obj, "Initialized"):
        statuses = list(inits)
    else:
        statuses += [s for s in inits if s["name"] in sidecars]
    count = sum(s.get("restartCount") or 0 for s in statuses)
    ends = [ended for s in statuses if (ended := ((s.get("lastState") or {}).get("terminated") or {}).get("finishedAt"))]
    return f"{count} ({duration(row.now - max(map(instant, ends)))} ago)" if count and ends else str(count)


def _gates(row: Row) -> str:
    gates = [g["conditionType"] for g in row.spec.get("readinessGates") or []]
    return f"{sum(is_true(row.obj, g) for g in gates)}/{len(gates)}" if gates else NONE


COLUMNS: Final[Columns] = (
    NAME,
    Column("Ready", _ready),
    Column("Status", _status),
    Column("Restarts", _restarts),
    AGE,
    wide("IP", lambda row: row.status.get("podIP") or NONE),
    wide("Node", lambda row: row.spec.get("nodeName") or NONE),
    wide("Nominated Node", lambda row: row.status.get("nominatedNodeName") or NONE),
    wide("Readiness Gates", _gates),
)
