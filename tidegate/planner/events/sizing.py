"""Sizes that the intent fixes, and sizes that a failed update leaves in doubt. They hold with every event, and are no release.

A slot is proven for a size: where the size changes, it is proven anew. So the state tells by the token alone whether an update that
failed has touched a slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.base import SLOTS
from tidegate.planner import moves, sizes

if TYPE_CHECKING:
    from tidegate.model.base import Slot
    from tidegate.model.ledger import Ledger, Record
    from tidegate.planner.situation import Situation


def sized(s: Situation) -> tuple[Ledger, tuple[str, ...]]:
    """While a release is under way its live slots don't shrink: all traffic may come back to them. Nor do its candidates."""
    under_way = s.ledger.under_way
    records: dict[str, Record] = {}
    notes: list[str] = []
    for name, record in s.ledger.services.items():
        whole = sizes.fixed(s.intent, name, record.scale)
        if whole is None:
            continue
        live, candidate = record.slots[record.live], record.slots[record.candidate]
        if under_way is None or name not in under_way.services:
            records[name] = _with_size(s, name, record, record.live, whole)
            continue
        if whole < live.replicas:
            notes.append(f"{name} keeps its {live.replicas} pods until release {under_way.id} is done")
        grown = _with_size(s, name, record, record.live, max(whole, live.replicas))
        least = sizes.needed(whole, s.share(name, record.weight))
        records[name] = _with_size(s, name, grown, record.candidate, max(least, candidate.replicas))
    return moves.with_records(s.ledger, records), tuple(notes)


def _with_size(s: Situation, name: str, record: Record, slot: Slot, size: int) -> Record:
    occupant = record.slots[slot]
    return record if occupant.replicas == size else moves.proven(record, slot, s.token(name, slot, occupant.proven), size)


def steadied(s: Situation, after: Ledger) -> Ledger:
    """The ledger, with slots that scale by themselves safe from being put back to a size of long ago.

    The number of pods that the ledger has for such a slot is the one that it was proven with; the cluster has changed it since, and
    only an update that touches the slot brings it back. An update that failed may have touched it, and this one would undo that.
    """
    records: dict[str, Record] = {}
    for name, record in after.services.items():
        seen = s.seen(name)
        if seen is None or sizes.fixed(s.intent, name, record.scale) is not None:
            continue
        new = record
        for slot in SLOTS:
            occupant, busy = record.slots[slot], max(record.weight_of(slot), seen.traffic(slot))
            kept = occupant == s.ledger.services[name].slots[slot]
            if kept and busy and occupant.running and seen.proven.get(slot, occupant.proven) != occupant.proven:
                size = max(occupant.replicas, s.size(name, record, busy))
                new = moves.proven(new, slot, s.token(name, slot, occupant.proven), size)
        records[name] = new
    return moves.with_records(after, records)
