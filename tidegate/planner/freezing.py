"""Each slot's spec in full: as it was frozen when the slot was staged, or as the intent has it where the slot is staged now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.base import SLOTS
from tidegate.model.slots import desired
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.model.base import Slot
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger, Record
    from tidegate.model.slots import Slots, SlotSpec


def freeze(ledger: Ledger, intent: Intent, stored: Slots) -> Slots:
    """The specs that a ledger's hashes stand for: those stored by the last update, and the intent's."""
    return {name: _frozen(name, record, desired(intent, name), stored.get(name, {})) for name, record in ledger.services.items()}


def _frozen(name: str, record: Record, wanted: SlotSpec, stored: dict[Slot, SlotSpec]) -> dict[Slot, SlotSpec]:
    known = {spec.hash: spec for spec in (*stored.values(), wanted)}
    live = known.get(record.slots[record.live].spec)
    found: dict[Slot, SlotSpec] = {}
    for slot in SLOTS:
        occupant = record.slots[slot]
        # A slot that isn't running may have forgotten what it was: it is rendered like the live one, and refused when it is to run.
        spec = known.get(occupant.spec) or (live if not occupant.running else None)
        if spec is None:
            raise Refusal(
                "lost-spec",
                f"{name}'s {slot} slot runs {occupant.version} (spec {occupant.spec}), and the stack's output `slots` no longer has it: "
                f"set {name}'s configuration to what it was for {occupant.version}, and update",
            )
        found[slot] = spec
    return found
