"""How the pods of a service are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tidegate.model.events import Observed, Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.base import Slot

Trouble = Literal["health", "resources", "configuration"]
"""health: not ready, restarts, crashes. resources: out of memory, no room, evicted. configuration: an image, volume or key is missing."""


@dataclass(frozen=True, slots=True)
class Pods:
    """How a slot's pods are."""

    ready: int = 0
    wanted: int = 0
    restarts: int = 0
    """Of all containers of the pods that there are now."""
    troubles: tuple[tuple[Trouble, str], ...] = ()
    """What is wrong just now, a sentence each that names the pod."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a service is."""

    slots: Mapping[Slot, Pods] = field(default_factory=dict)

    def observed(self, live: Slot, candidate: Slot) -> Observed:
        """The sizes, as events carry them."""
        sizes = {slot: Seen(ready=pods.ready, wanted=pods.wanted) for slot, pods in self.slots.items()}
        return Observed(live=sizes.get(live, Seen()), candidate=sizes.get(candidate, Seen()))
