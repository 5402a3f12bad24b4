"""How much an environment may take: what its intent needs at the most, and room beside it.

The most is when every service has both slots full: while a release is under way, and for as long as the old slot is kept. What slots run
counts as well as what the intent says, for a version that needs less must not leave the live one without room to be started again.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

from components.monitors.server import ALERTS_STORAGE, MONITORS
from tidegate.model.amounts import SMALL, Need, enough, mi, needed, pod_needs, size_of
from tidegate.model.intent.data import Managed, Postgresql, Redis
from tidegate.model.intent.environment import TIERS, Amounts, Resources
from tidegate.model.intent.intent import Intent
from tidegate.model.slots import SlotSpec, desired

Obj = dict[str, Any]

BACKUP_JOB: Final = Resources(requests=Amounts(cpu="100m", memory="128Mi"), limits=Amounts(cpu="1", memory="512Mi"))
"""The most that a Job takes that makes a backup or goes back to one."""
ROOM: Final = 1.5
"""How much more than what is needed there may be: for pods that come while those before them go, when those were bigger."""


class Running(NamedTuple):
    """What a slot runs or is to run, and how many pods of it there may be."""

    spec: SlotSpec
    size: int


Slots = Mapping[str, Sequence[Running]]


def running(layout: Mapping[str, Any]) -> dict[str, list[Running]]:
    """What the slots run or are to run, out of the planner's layout."""
    return {
        name: [
            Running(
                SlotSpec.model_validate(slot["spec"], strict=False),
                max(slot["replicas"], slot["scaling"]["max"] if slot["scaling"] else 0),
            )
            for slot in service["slots"].values()
        ]
        for name, service in layout["services"].items()
    }


def quota(intent: Intent, slots: Slots | None = None) -> dict[str, str]:
    """What all objects of the namespace together may take, as a ResourceQuota says it."""
    most = peak(intent, slots)
    return {
        "requests.cpu": _cpu(most.cpu * ROOM),
        "requests.memory": _memory(most.memory * ROOM),
        "limits.cpu": _cpu(most.cpu_limit * ROOM),
        "limits.memory": _memory(most.memory_limit * ROOM),
        "pods": str(ceil(most.pods * ROOM)),
        "requests.storage": _memory(most.storage * ROOM),
        "persistentvolumeclaims": str(ceil(most.claims * ROOM)),
        # Requests come through the ingress controller or the gateway, and through nothing else.
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def limits(intent: Intent, slots: Slots | None = None) -> list[Obj]:
    """What containers get that don't say how big they are, and how big one may be: as the biggest that is known, or a tier's usual one."""
    known = [SMALL, *(tier.resources for tier in TIERS.values()), *(size for spec in _specs(intent, slots) for size in _containers(spec))]
    known += [data.resources for data in intent.data.values() if not isinstance(data, Managed)]
    biggest = enough(needed(size) for size in known)
    return [
        {
            "type": "Container",
            "default": SMALL.limits.model_dump(),
            "defaultRequest": SMALL.requests.model_dump(),
            "max": {"cpu": _cpu(biggest.cpu_limit), "memory": _memory(biggest.memory_limit)},
        }
    ]


def peak(intent: Intent, slots: Slots | None = None) -> Need:
    """What is needed at the most."""
    total = Need()
    for name in intent.services:
        total += service(intent, name, (slots or {}).get(name, ()))
    for data in intent.data.values():
        if not isinstance(data, Managed):
            total += _store(intent, data)
    if intent.monitoring.kind == "own":
        for monitor in MONITORS:
            total += needed(monitor.resources)
        total += _volume(intent.monitoring.storage) + _volume(ALERTS_STORAGE)
    return total


def service(intent: Intent, name: str, slots: Sequence[Running] = ()) -> Need:
    """What a service needs: both slots full of its biggest pods, and the Jobs of a release."""
    wanted, defaults = intent.services[name], intent.environment.defaults
    size = wanted.autoscaling.max if wanted.autoscaling else wanted.replicas or defaults.replicas
    pod = enough(pod_needs(spec) for spec in (desired(intent, name), *(one.spec for one in slots)))
    need = pod * (2 * max(size, *(one.size for one in slots), 0))
    if wanted.checks.smoke:
        need += needed(SMALL)
    if wanted.migrations:
        need += needed(wanted.resources or defaults.resources)
    return need


def _store(intent: Intent, data: Postgresql | Redis) -> Need:
    """A data service with its exporter, and one of its backups' Jobs."""
    need = needed(data.resources, SMALL) + _volume(data.storage)
    if intent.backup is None:
        return need
    need += needed(BACKUP_JOB) + _volume(data.backup_storage or intent.backup.storage)
    return need + _volume(data.archive) if isinstance(data, Postgresql) and data.archive else need


def _volume(storage: str) -> Need:
    return Need(storage=mi(storage), claims=1)


def _specs(intent: Intent, slots: Slots | None) -> list[SlotSpec]:
    return [*(desired(intent, name) for name in intent.services), *(one.spec for name in slots or {} for one in (slots or {})[name])]


def _containers(spec: SlotSpec) -> list[Resources]:
    return [spec.resources, *(size_of(one) for one in (*spec.init.values(), *spec.sidecars.values()))]


def _cpu(milli: float) -> str:
    whole = ceil(milli)
    return f"{whole}m" if whole % 1000 else str(whole // 1000)


def _memory(mi: float) -> str:
    whole = ceil(mi)
    if not whole:
        return "0"
    return f"{whole}Mi" if whole % 1024 else f"{whole // 1024}Gi"
