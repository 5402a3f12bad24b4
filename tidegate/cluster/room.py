"""Whether a namespace's quotas have room for the candidates of a release, at the size that all of the traffic takes.

The stack's own quotas grow with what the stack is told, before any pod of it comes. Those that somebody else has set don't.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from embedded.providers.kubernetes.quantities import canonical, parse
from tidegate.cluster.api import QUOTAS
from tidegate.cluster.looking import health
from tidegate.model.amounts import SMALL, Need, needed, pod_needs
from tidegate.model.events import Stage
from tidegate.model.slots import desired
from tidegate.planner import sizes
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegate.cluster.api import Api
    from tidegate.model.health import Health
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading

Obj = dict[str, Any]

_OWN: Final = "kubernetes:core/v1:ResourceQuota"
_MI: Final = 2**20
# What of a Need each thing counts that a quota may bound, and in what.
_COUNTED: Final[Mapping[str, tuple[str, Decimal]]] = {
    "requests.cpu": ("cpu", Decimal("0.001")),
    "cpu": ("cpu", Decimal("0.001")),
    "requests.memory": ("memory", Decimal(_MI)),
    "memory": ("memory", Decimal(_MI)),
    "limits.cpu": ("cpu_limit", Decimal("0.001")),
    "limits.memory": ("memory_limit", Decimal(_MI)),
    "pods": ("pods", Decimal(1)),
    "count/pods": ("pods", Decimal(1)),
}


async def lacks(api: Api, told: Told, reading: Reading) -> Sequence[str]:
    """What the quotas lack, a sentence each."""
    quotas = [one for one in await api.all(QUOTAS, told.intent.environment.namespace) if _counts(one)]
    own = _own(reading)
    others = [one for one in quotas if one["metadata"]["name"] not in own]
    if not others:
        return []
    need = candidates(told, reading, await health(api, reading))
    return [text for quota in others for text in _lacking(quota, need)]


def candidates(told: Told, reading: Reading, seen: Mapping[str, Health]) -> Need:
    """What the candidates take that the release would bring up, beyond what their slots have already."""
    total = Need()
    if reading.ledger is None:
        return total
    try:
        after = next_ledger(reading.ledger, told.intent, Stage(), reading.standing).ledger
    except Refusal:
        # Why there is nothing to bring up is for the planner to say.
        return total
    for name in after.under_way.services if after.under_way is not None else ():
        record = after.services[name]
        occupant = record.slots[record.candidate]
        observed = seen[name].observed(record.live, record.candidate) if name in seen else None
        full = max(occupant.replicas, sizes.full(told.intent, name, record.scale, observed))
        there = seen[name].slots[record.candidate].wanted if name in seen and record.candidate in seen[name].slots else 0
        spec = desired(told.intent, name)
        total += pod_needs(spec) * max(0, full - there)
        if spec.smoke is not None:
            total += needed(SMALL)
    return total


def _lacking(quota: Obj, need: Need) -> Iterator[str]:
    status, name = quota.get("status") or {}, quota["metadata"]["name"]
    for what, hard in (status.get("hard") or {}).items():
        if what not in _COUNTED:
            continue
        field, unit = _COUNTED[what]
        wanted = getattr(need, field) * unit
        most, used = parse(hard), parse((status.get("used") or {}).get(what, "0"))
        if most is not None and used is not None and wanted > most - used:
            yield (
                f"quota {name} has {_shown(max(most - used, Decimal(0)), unit)} of {what} left ({hard} in all), and the candidates need "
                f"{_shown(wanted, unit)}: have it raised, or make room (`tidegate cleanup` empties old slots)"
            )


def _shown(amount: Decimal, unit: Decimal) -> str:
    if unit == _MI:
        return f"{-(-amount // _MI)}Mi"
    return str(canonical(str(amount)))


def _counts(quota: Obj) -> bool:
    """Whether it counts the services' pods: some count those of one priority only, or those that ask for nothing."""
    spec = quota.get("spec") or {}
    return not spec.get("scopeSelector") and not {"BestEffort", "Terminating"} & set(spec.get("scopes") or ())


def _own(reading: Reading) -> set[str]:
    """The quotas that the stack makes itself."""
    return {str((obj.get("metadata") or {}).get("name")) for urn, obj in reading.inputs.items() if urn.split("::")[2].endswith(_OWN)}
