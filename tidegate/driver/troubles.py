"""How long each kind of trouble has been borne, and for how long it may be.

Trouble is told apart by the class of its error: a lock is waited for, what doesn't answer is asked again, what was refused is not tried
again. Waiting is done by the caller, who looks at the world anew after it: nothing that was decided before counts then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from tidegate.model.base import seconds
from tidegate.model.errors import BusyError, UnreachableError

if TYPE_CHECKING:
    from datetime import datetime

    from tidegate.model.errors import TidegateError
    from tidegate.model.intent.releases import Patience

Kind = Literal["lock", "backend", "cluster", "metrics"]

LONGEST: Final = 15.0
"""The most that is waited between two tries, in seconds."""


@dataclass(slots=True)
class Trouble:
    """A trouble that lasts."""

    since: datetime
    last: datetime
    tries: int = 0


@dataclass(slots=True)
class Troubles:
    """Those that there are just now."""

    patience: Patience
    now: dict[Kind, Trouble] = field(default_factory=dict)

    def over(self, *kinds: Kind) -> None:
        """There is no such trouble any more."""
        for kind in kinds:
            self.now.pop(kind, None)

    def borne(self, kind: Kind, at: datetime) -> float | None:
        """How long to wait before the next try; None when it has been borne for long enough."""
        trouble = self.now.get(kind)
        if trouble is None or (at - trouble.last).total_seconds() > 2 * LONGEST:
            # Whoever tries all the time and hasn't met it for so long has met another one.
            trouble = self.now[kind] = Trouble(at, at)
        trouble.last = at
        if (at - trouble.since).total_seconds() >= seconds(getattr(self.patience, kind)):
            return None
        trouble.tries += 1
        return min(LONGEST, 2.0 ** (trouble.tries - 1))


def kind_of(error: TidegateError) -> Kind | None:
    """What an update's error is a trouble with; None for what isn't tried again."""
    if isinstance(error, BusyError):
        return "lock"
    return "backend" if isinstance(error, UnreachableError) else None
