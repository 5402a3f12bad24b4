"""All that an event is judged by: the ledger, the intent, what was asked, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.model.slots import desired
from tidegate.planner import sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.model.base import Slot
    from tidegate.model.events import Observed
    from tidegate.model.intent.intent import Intent
    from tidegate.model.intent.service import Service
    from tidegate.model.ledger import Ledger, Record, Release, Stamp
    from tidegate.model.slots import SlotSpec
    from tidegate.planner.standing import Seen, Standing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an event comes to."""

    ledger: Ledger
    notes: tuple[str, ...] = ()
    down: bool = False
    """Whether it goes back: then services move in reverse order."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a stack is when something happens to it."""

    ledger: Ledger
    intent: Intent
    stamp: Stamp
    observed: Mapping[str, Observed]
    standing: Standing
    wanted: Mapping[str, SlotSpec] = field(init=False)
    """What the intent says each service's pods are made from."""
    hashes: Mapping[str, str] = field(init=False)
    """The same, hashed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "wanted", {name: desired(self.intent, name) for name in self.intent.services})
        object.__setattr__(self, "hashes", {name: spec.hash for name, spec in self.wanted.items()})

    def service(self, name: str) -> Service:
        """What the intent says of a service."""
        return self.intent.services[name]

    def seen(self, name: str) -> Seen | None:
        """What the state says of a service."""
        return self.standing.services.get(name)

    def ordered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Each after those it depends on."""
        chosen = set(names)
        return tuple(name for name in self.intent.order if name in chosen)

    def size(self, name: str, record: Record, weight: int = 100) -> int:
        """How many pods of a service carry so many percent of its traffic."""
        return sizes.needed(sizes.full(self.intent, name, record.scale, self.observed.get(name)), weight)

    def grown(self, name: str, record: Record) -> int:
        """How far the cluster has scaled a candidate by itself."""
        seen = self.observed.get(name)
        return seen.candidate.size if seen is not None and sizes.fixed(self.intent, name, record.scale) is None else 0

    def share(self, name: str, weight: int) -> int:
        """Percent of the load that a candidate has at a weight: mirrored requests are load too, and a flip brings all at once."""
        service = self.service(name)
        return max(weight, service.traffic.mirror or 0) if service.strategy == "canary" else 100

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Services whose traffic isn't where the ledger says: an update failed while it moved."""
        records = self.ledger.services
        return tuple(n for n, record in records.items() if (seen := self.seen(n)) is not None and not seen.agrees(record))

    def members(self, release: Release) -> tuple[str, ...]:
        """The services of a release that are still there."""
        return tuple(name for name in release.services if name in self.ledger.services and name in self.intent.services)

    def token(self, name: str, slot: Slot, base: str) -> str:
        """What a slot is to be proven for: never what it is, or what a failed update has tried to prove it for."""
        record, seen = self.ledger.services.get(name), self.seen(name)
        used = {record.slots[slot].proven} if record is not None else set()
        used |= {seen.proven[slot]} if seen is not None and slot in seen.proven else set()
        first = base.partition("+")[0]
        return next(token for token in (first, *(f"{first}+{n}" for n in range(1, 4))) if token not in used)
