"""How many pods a rolling update may have too many, and how many may be missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj


class Bounds(NamedTuple):
    """The limits of a rolling update, in pods."""

    surge: int
    unavailable: int


def scaled(value: int | str | None, total: int, *, up: bool) -> int:
    """A number of pods: itself, or a share of the total in percent, rounded up or down."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    share = int(value.removesuffix("%")) * total / 100
    return math.ceil(share) if up else math.floor(share)


def bounds_of(deployment: Obj) -> Bounds:
    """The limits for a Deployment; none for one that recreates its pods."""
    strategy = deployment["spec"].get("strategy") or {}
    replicas = replicas_of(deployment)
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return Bounds(0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = scaled(rolling.get("maxSurge", "25%"), replicas, up=True)
    unavailable = scaled(rolling.get("maxUnavailable", "25%"), replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1  # both rounded to nothing: without this an update would never begin
    return Bounds(surge, min(unavailable, replicas))


def replicas_of(obj: Obj) -> int:
    """How many pods the object's specification asks for."""
    replicas = obj["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def status_of(obj: Obj, field: str) -> int:
    """A number in the object's status; 0 where it is left out."""
    return int((obj.get("status") or {}).get(field) or 0)
