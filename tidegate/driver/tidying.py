"""Whether old slots are to be emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.driver.staging import same
from tidegate.model.events import Cleanup
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.ledger import Stamp
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading

WHY: Final = "the old slots' time is up"


def due(reading: Reading, running: Callable[[], Told], stamp: Stamp) -> bool:
    """Whether the time of any is up."""
    if reading.ledger is None:
        return False
    try:
        plan = next_ledger(reading.ledger, running().intent, Cleanup(stamp=stamp, reason=WHY), reading.standing)
    except Refusal:
        return False
    return not same(reading.ledger, plan.ledger)
