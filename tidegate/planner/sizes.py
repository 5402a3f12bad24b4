"""How many pods a slot needs for its share of the traffic.

Where the number is fixed it is taken from the intent, or from the hand that scaled the service. Where the cluster scales the service
nobody knows the number but the cluster: what was observed counts, and without that the most that there may be. Too many pods cost a
little for a while; too few are an outage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.model.events import Observed
    from tidegate.model.intent.intent import Intent


def fixed(intent: Intent, name: str, scale: int | None) -> int | None:
    """How many pods carry all of the traffic; None where the cluster decides."""
    service = intent.services[name]
    if scale is not None:
        return scale
    return None if service.autoscaling is not None else service.replicas or intent.environment.defaults.replicas


def full(intent: Intent, name: str, scale: int | None, observed: Observed | None) -> int:
    """How many pods carry all of the traffic now, for sure."""
    number = fixed(intent, name, scale)
    if number is not None:
        return number
    bounds = intent.services[name].autoscaling
    assert bounds is not None  # noqa: S101 - what isn't fixed scales by itself
    if observed is None:
        return bounds.max
    return min(bounds.max, max(bounds.min, observed.live.size, observed.candidate.size))


def first(intent: Intent, name: str, scale: int | None = None) -> int:
    """How many pods a service is installed with: no traffic yet."""
    bounds = intent.services[name].autoscaling
    return fixed(intent, name, scale) or (bounds.min if bounds is not None else 1)


def needed(whole: int, weight: int) -> int:
    """How many of so many pods carry so many percent of the traffic; one at least, for testers."""
    return max(1, -(-whole * weight // 100))
