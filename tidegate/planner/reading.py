"""A stack as its last update left it: what every decision about its releases begins with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tidegate.planner.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.ledger import Ledger


@dataclass(frozen=True)
class Reading:
    """What the state of a stack says."""

    ledger: Ledger | None
    """None where nothing was ever brought up."""
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """Of its resources, by URN."""
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """What its resources were told, by URN."""

    @cached_property
    def standing(self) -> Standing:
        """Where routes and slots stand, also after an update that failed half way."""
        return Standing.of(self.outputs) if self.ledger is not None else Standing()
