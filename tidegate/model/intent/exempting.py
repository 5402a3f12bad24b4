"""What every exemption has, whatever it lets off: somebody who answers for it, why, and an end."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tidegate.model.base import Day, Finding, Model, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exempting(Model):
    """Something is let off for a while."""

    owner: Text
    """Who answers for it."""
    reason: Text
    """Why, for whoever reads it later."""
    until: Day
    """The last day on which it counts."""

    @property
    def last(self) -> date:
        """The last day on which it counts."""
        return date.fromisoformat(self.until)

    def findings(self) -> Iterable[Finding]:
        """A day that no calendar has."""
        try:
            date.fromisoformat(self.until)
        except ValueError:
            yield Finding(("until",), f"there is no {self.until} in the calendar")
