"""What the state's resources say of routes and slots: how far an update came that failed.

The ledger is advanced only by an update that succeeded. One that failed while traffic was moving leaves routes that are ahead of the
ledger, and the state of the stack knows them: the Deployments say by annotation which spec they run and for which step they were
proven, the Services and HTTPRoutes where the traffic goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.base import SLOTS
from tidegate.model.ledger import other

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.model.base import Slot
    from tidegate.model.ledger import Record

SPEC: Final = "tidegate.dev/spec"
PROVEN: Final = "tidegate.dev/proven"
SLOT: Final = "tidegate.dev/slot"


@dataclass(frozen=True, slots=True)
class Seen:
    """One service, as the state's resources have it. What isn't there is left out."""

    weights: Mapping[Slot, int] = field(default_factory=dict)
    """Percent of the requests from outside."""
    specs: Mapping[Slot, str] = field(default_factory=dict)
    proven: Mapping[Slot, str] = field(default_factory=dict)
    selected: Slot | None = None
    """Where requests from inside go."""

    def traffic(self, slot: Slot) -> int:
        """The most of any kind of requests that the slot gets, in percent."""
        return max(self.weights.get(slot, 0), 100 if self.selected == slot else 0)

    def agrees(self, record: Record) -> bool:
        """Whether traffic goes where the ledger says."""
        weights = all(self.weights[slot] == record.weight_of(slot) for slot in self.weights)
        return weights and self.selected in {None, record.live}


@dataclass(frozen=True, slots=True)
class Standing:
    """All services, as the state's resources have them."""

    services: Mapping[str, Seen] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Mapping[str, Mapping[str, Any]]) -> Standing:
        """What a stack's resources say: their outputs by URN, as `pulumi:pulumi:readStackResourceOutputs` has them."""
        kinds: dict[str, dict[str, Mapping[str, Any]]] = {"Deployment": {}, "Service": {}, "HTTPRoute": {}}
        for urn, outputs in resources.items():
            group, _, kind = urn.split("::")[2].rpartition("$")[2].rpartition(":")
            name = (outputs.get("metadata") or {}).get("name")
            if group.startswith("kubernetes:") and kind in kinds and name:
                kinds[kind][name] = outputs
        notes = {name: o["metadata"].get("annotations") or {} for name, o in kinds["Deployment"].items()}
        names = [name.removesuffix(f"-{SLOTS[0]}") for name, found in notes.items() if SPEC in found and name.endswith(f"-{SLOTS[0]}")]
        return cls({name: _seen(name, notes, kinds["Service"].get(name, {}), kinds["HTTPRoute"].values()) for name in names})


def _seen(
    name: str,
    notes: Mapping[str, Mapping[str, str]],
    service: Mapping[str, Any],
    routes: Iterable[Mapping[str, Any]],
) -> Seen:
    found = {slot: notes.get(f"{name}-{slot}", {}) for slot in SLOTS}
    selector = (service.get("spec") or {}).get("selector") or {}
    selected = next((slot for slot in SLOTS if selector.get(SLOT) == slot), None)
    return Seen(
        weights=_weights(name, routes) or ({selected: 100, other(selected): 0} if selected is not None else {}),
        specs={slot: texts[SPEC] for slot, texts in found.items() if SPEC in texts},
        proven={slot: texts[PROVEN] for slot, texts in found.items() if PROVEN in texts},
        selected=selected,
    )


def _weights(name: str, routes: Iterable[Mapping[str, Any]]) -> dict[Slot, int]:
    """Of the rule that knows both slots: the others are the testers'."""
    for rule in (rule for route in routes for rule in (route.get("spec") or {}).get("rules") or []):
        backends = {str(b.get("name")): int(b.get("weight", 1)) for b in rule.get("backendRefs") or []}
        found = {slot: backends[f"{name}-{slot}"] for slot in SLOTS if f"{name}-{slot}" in backends}
        total = sum(found.values())
        if len(found) == len(SLOTS) and total:
            return {slot: round(100 * weight / total) for slot, weight in found.items()}
    return {}
