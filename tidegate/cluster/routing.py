"""Where users go: what routes say that their gateways have taken, and whom Services select."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tidegate.cluster.api import ROUTES, SERVICES
from tidegate.cluster.recorded import COMPONENT, LEADING, Recorded
from tidegate.cluster.rewriting import shared
from tidegate.model.base import SLOTS
from tidegate.model.ledger import other
from tidegate.planner.standing import SLOT, Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.cluster.api import Api
    from tidegate.model.base import Slot
    from tidegate.planner.reading import Reading

Obj = dict[str, Any]

_LEADING: Final = f"{COMPONENT}={LEADING}"
_CONDITIONS: Final = ("Accepted", "ResolvedRefs")
_ANYTHING: Final[dict[Slot, int]] = dict.fromkeys(SLOTS, 100)
_NOTHING: Final[dict[Slot, int]] = dict.fromkeys(SLOTS, 0)


async def traffic(api: Api, reading: Reading) -> Mapping[str, Seen]:
    """Each service, as its gateway has taken it."""
    recorded = Recorded(reading)
    if not recorded:
        return {}
    services, routes = await asyncio.gather(
        api.all(SERVICES, recorded.namespace, labelSelector=_LEADING),
        api.all(ROUTES, recorded.namespace, labelSelector=_LEADING) if recorded.has_routes() else _none(),
    )
    fronts, ways = _by_name(services), _by_name(routes)
    before = reading.standing.services
    return {name: _seen(name, before.get(name, Seen()), recorded, fronts, ways) for name in recorded.ledger.services}


def taken(route: Obj) -> bool:
    """Whether each gateway that the route names has taken it as it is now, and finds all that it leads to."""
    parents = (route.get("status") or {}).get("parents") or []
    wanted = (route.get("spec") or {}).get("parentRefs") or []
    return bool(wanted) and all(any(_names(route, parent, ref) and _holds(route, parent) for parent in parents) for ref in wanted)


def _seen(name: str, before: Seen, recorded: Recorded, fronts: Mapping[str, Obj], ways: Mapping[str, Obj]) -> Seen:
    selector = ((fronts.get(name) or {}).get("spec") or {}).get("selector") or {}
    selected = next((slot for slot in SLOTS if selector.get(SLOT) == slot), None)
    if recorded.find(ROUTES, name) is not None:
        weights = _weights(name, ways.get(name))
    else:
        weights = {selected: 100, other(selected): 0} if selected is not None else _NOTHING
    return replace(before, weights=weights, selected=selected)


def _weights(service: str, route: Obj | None) -> dict[Slot, int]:
    rule = next(shared(route, service), None) if route is not None else None
    if route is None or rule is None:
        return _NOTHING
    if not taken(route):
        return _ANYTHING
    parts = {backend["name"]: int(backend.get("weight", 1)) for backend in rule["backendRefs"]}
    total = sum(parts.values())
    return {slot: round(100 * parts[f"{service}-{slot}"] / total) if total else 0 for slot in SLOTS}


def _names(route: Obj, parent: Obj, wanted: Obj) -> bool:
    space = route["metadata"]["namespace"]
    found = parent.get("parentRef") or {}
    return (found.get("name"), found.get("namespace") or space) == (wanted["name"], wanted.get("namespace") or space)


def _holds(route: Obj, parent: Obj) -> bool:
    generation = route["metadata"].get("generation")
    held = {
        one["type"] for one in parent.get("conditions") or () if one["status"] == "True" and one.get("observedGeneration") == generation
    }
    return held.issuperset(_CONDITIONS)


def _by_name(objects: list[Obj]) -> dict[str, Obj]:
    return {obj["metadata"]["name"]: obj for obj in objects}


async def _none() -> list[Obj]:
    return []
