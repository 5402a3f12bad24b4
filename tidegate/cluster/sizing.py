"""A candidate's pods are taken away at once, before an update does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.cluster.api import DEPLOYMENTS
from tidegate.cluster.leading import MANAGER
from tidegate.cluster.recorded import Recorded
from tidegate.cluster.rewriting import plain
from tidegate.cluster.routing import traffic
from tidegate.model.errors import GateRefusedError, TidegateError

if TYPE_CHECKING:
    from tidegate.cluster.api import Api
    from tidegate.planner.reading import Reading


async def empty(api: Api, reading: Reading, service: str) -> None:
    """No pods for the service's candidate. The provider's own field manager says so, so that its next word on them holds."""
    recorded = Recorded(reading)
    record = recorded.ledger.services.get(service)
    sent = recorded.find(DEPLOYMENTS, f"{service}-{record.candidate}") if record is not None else None
    if record is None or sent is None:
        raise TidegateError(f"there is no service {service} with slots in the stack's state")
    seen = (await traffic(api, reading))[service]
    if seen.traffic(record.candidate):
        raise GateRefusedError(f"{sent.name} keeps its pods: users may still get there. Give all traffic to {record.live} first")
    obj = plain(sent.inputs)
    obj["spec"]["replicas"] = 0
    # What an autoscaler has said of their number is no reason to keep them.
    await api.apply(DEPLOYMENTS, obj, sent.manager or MANAGER, force=True)
