"""What the components render: the ledger, with each slot's spec in full, as plain JSON.

Autoscaling follows the release. A live slot that may have to take all traffic back doesn't shrink as its traffic leaves; nor does an
old one that is kept for going back. A candidate doesn't shrink below what it was proven with for its weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from tidegate.model.base import SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.base import Slot
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger, Record
    from tidegate.model.slots import Slots, SlotSpec


class Scaling(TypedDict):
    """The bounds of a slot's autoscaler."""

    min: int
    max: int
    hold: bool
    """Whether it must not shrink."""


class SlotLayout(TypedDict):
    """A slot."""

    spec: dict[str, Any]
    hash: str
    config: str
    secrets: str
    release: str
    proven: str
    replicas: int
    weight: int
    """Percent of the traffic."""
    scaling: Scaling | None
    awaited: bool
    """Whether users or testers are to be led there, so that it must be ready."""


class ServiceLayout(TypedDict):
    """A service."""

    live: Slot
    weight: int
    """Percent of the traffic on the candidate."""
    moving: bool
    trying: bool
    """Whether the slot that isn't live has a candidate that testers are to reach."""
    slots: dict[Slot, SlotLayout]


class Layout(TypedDict):
    """A stack."""

    order: list[str]
    services: dict[str, ServiceLayout]


def layout(ledger: Ledger, intent: Intent, slots: Slots, order: Sequence[str] = ()) -> Layout:
    """All that the components need to know of where the stack goes, and the services that move, in order."""
    services: dict[str, ServiceLayout] = {
        name: {
            "live": record.live,
            "weight": record.weight,
            "moving": name in order,
            "trying": _trying(ledger, name),
            "slots": {slot: _slot(ledger, intent, name, slot, slots[name][slot]) for slot in SLOTS},
        }
        for name, record in ledger.services.items()
    }
    return {"order": list(order), "services": services}


def led(service: ServiceLayout) -> tuple[Slot, ...]:
    """The slots that users are led to: where traffic from outside is to go, and the live one, where requests from inside go."""
    return tuple(slot for slot in SLOTS if service["slots"][slot]["weight"] or slot == service["live"])


def _slot(ledger: Ledger, intent: Intent, name: str, slot: Slot, spec: SlotSpec) -> SlotLayout:
    record = ledger.services[name]
    occupant = record.slots[slot]
    return {
        "spec": spec.model_dump(mode="json"),
        "hash": spec.hash,
        "config": spec.config_hash,
        "secrets": spec.secrets_hash,
        "release": occupant.release,
        "proven": occupant.proven,
        "replicas": occupant.replicas,
        "weight": record.weight_of(slot),
        "scaling": _scaling(ledger, intent, name, record, slot),
        "awaited": slot == record.live or record.weight_of(slot) > 0 or _trying(ledger, name),
    }


def _trying(ledger: Ledger, name: str) -> bool:
    """Whether a candidate is on trial."""
    record, under_way = ledger.services[name], ledger.under_way
    return under_way is not None and name in under_way.services and record.slots[record.candidate].running


def _scaling(ledger: Ledger, intent: Intent, name: str, record: Record, slot: Slot) -> Scaling | None:
    bounds = intent.services[name].autoscaling
    if bounds is None:
        return None
    if record.scale is not None:
        return {"min": record.scale, "max": record.scale, "hold": False}
    occupant, under_way = record.slots[slot], ledger.under_way
    releasing = under_way is not None and name in under_way.services
    if slot == record.live:
        # What has just taken over stays as big as it was proven to be, until the release is settled.
        promoted = ledger.release is not None and ledger.release.phase == "promoted" and name in ledger.release.services
        least = min(bounds.max, max(bounds.min, occupant.replicas)) if promoted else bounds.min
        return {"min": least, "max": bounds.max, "hold": releasing}
    if releasing:
        return {"min": min(bounds.max, max(1, occupant.replicas)), "max": bounds.max, "hold": False}
    return {"min": bounds.min, "max": bounds.max, "hold": occupant.running and occupant.spec != record.rejected}
