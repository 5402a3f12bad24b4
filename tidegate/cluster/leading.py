"""The fast path: users are led elsewhere at once, before the update that records it.

All routes of a call go at the same time. One that can't be written holds up none of the others; what was wrong is said at the end.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tidegate.cluster.api import ROUTES
from tidegate.cluster.applying import applied
from tidegate.cluster.recorded import Recorded
from tidegate.cluster.rewriting import rerouted, reselected
from tidegate.model.errors import AuthenticationError, DriftError, TidegateError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.cluster.api import Api
    from tidegate.cluster.recorded import Sent
    from tidegate.model.base import Slot
    from tidegate.planner.reading import Reading

Obj = dict[str, Any]

MANAGER: Final = "tidegate"
"""As whom the stack's updates write what sends users to slots (`pulumi.com/patchFieldManager`)."""
# What is said of several failures: what needs somebody to look, before what may pass.
_WORST: Final = (DriftError, AuthenticationError, TidegateError, UnreachableError)


@dataclass(frozen=True, slots=True)
class Move:
    """An object, as it was sent and as it is to be."""

    sent: Sent
    obj: Obj


async def lead(api: Api, reading: Reading, weights: Mapping[str, int], *, force: bool = False) -> None:
    """Give so many percent to the services' candidates."""
    recorded = Recorded(reading)
    moves = [move for service, weight in weights.items() for move in planned(recorded, service, weight)]
    sending = (applied(api, move.sent.kind, move.obj, MANAGER, move.sent.manager, force=force) for move in moves)
    errors = [error for error in await asyncio.gather(*sending, return_exceptions=True) if isinstance(error, BaseException)]
    if not errors:
        return
    if strange := next((error for error in errors if not isinstance(error, TidegateError)), None):
        raise strange
    worst = next(kind for kind in _WORST if any(isinstance(error, kind) for error in errors))
    raise worst("; ".join(dict.fromkeys(map(str, errors)))) from errors[0]


def planned(recorded: Recorded, service: str, weight: int) -> Iterator[Move]:
    """What is to be written so that a candidate has so many percent."""
    record = recorded.ledger.services.get(service)
    if record is None:
        raise TidegateError(f"there is no service {service} in the stack's ledger; there are {', '.join(recorded.ledger.services)}")
    release = recorded.ledger.under_way
    trying = release is not None and service in release.services
    route = recorded.find(ROUTES, service)
    if route is not None:
        parts: dict[Slot, int] = {record.candidate: weight, record.live: 100 - weight}
        # The last step sends it all requests anyway; and once it is taken back, none.
        yield Move(route, rerouted(route.inputs, service, parts, mirrored=trying and 0 < weight < 100))
    elif weight not in {0, 100}:
        raise TidegateError(f"{service} goes by a Service's selector, which can't give {weight}% to a slot")
    if weight not in {0, 100} or (route is not None and trying and weight):
        # Callers inside stay with the live slot until the candidate is promoted.
        return
    front, slot = recorded.service(service), record.candidate if weight else record.live
    yield Move(front, reselected(front.inputs, recorded.service(f"{service}-{slot}").inputs, slot))
