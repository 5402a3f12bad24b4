"""How well the slots of a release are that have users, or are to have some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.model.health import Pods
from tidegate.model.ledger import other

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.driver.facts import Trigger
    from tidegate.model.base import Slot
    from tidegate.model.health import Health
    from tidegate.model.ledger import Ledger
    from tidegate.planner.reading import Reading


@dataclass(frozen=True, slots=True)
class Ill:
    """A slot that isn't well."""

    service: str
    slot: Slot
    trigger: Trigger
    text: str
    down: bool
    """Whether it has no ready pod at all."""


def pods(health: Mapping[str, Health], service: str, slot: Slot) -> Pods:
    """A slot's pods; none where nothing is known of it."""
    found = health.get(service)
    return found.slots.get(slot, Pods()) if found is not None else Pods()


def ill(ledger: Ledger, health: Mapping[str, Health], service: str, slot: Slot) -> Ill | None:
    """What is wrong with a slot, if anything."""
    occupant, seen = ledger.services[service].slots[slot], pods(health, service, slot)
    what = f"{service} {occupant.version} ({slot})"
    least = occupant.replicas
    if seen.ready == 0:
        trigger, text = _worst(seen, "no pod is ready")
        return Ill(service, slot, trigger, f"{what}: {text}", down=True)
    if seen.troubles:
        trigger, text = _worst(seen, "")
        return Ill(service, slot, trigger, f"{what}: {text}", down=False)
    if seen.ready < min(least, seen.wanted or least):
        return Ill(service, slot, "health", f"{what}: {seen.ready} of {least} pods are ready", down=False)
    return None


def _worst(seen: Pods, otherwise: str) -> tuple[Trigger, str]:
    """What is wrong, the causes before their effects."""
    order: tuple[Trigger, ...] = ("configuration", "resources", "health")
    for trigger in order:
        texts = [text for kind, text in seen.troubles if kind == trigger]
        if texts:
            return trigger, "; ".join(texts[:3])
    return "health", otherwise


def brought(ledger: Ledger) -> dict[str, Slot]:
    """The slots that have what the last release brings: the candidates, or what was promoted."""
    release = ledger.release
    if release is None:
        return {}
    promoted = release.phase not in {"staged", "shifting", "aborted"}
    known = {name: ledger.services[name] for name in release.services if name in ledger.services}
    return {name: record.live if promoted else record.candidate for name, record in known.items()}


def left(ledger: Ledger) -> dict[str, Slot]:
    """The other ones: where users go when the release is taken back."""
    return {name: other(slot) for name, slot in brought(ledger).items()}


def users(reading: Reading, ledger: Ledger, service: str, slot: Slot) -> int:
    """How much of the traffic a slot has, by the ledger, or by what an update has moved that failed."""
    seen = reading.standing.services.get(service)
    return max(ledger.services[service].weight_of(slot), seen.traffic(slot) if seen is not None else 0)
