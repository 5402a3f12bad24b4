"""Where a stack goes next, given where it is, what the user wants and what has happened: the planner's one question.

Pure: no clock, no I/O, the same answer to the same question. Every answer keeps these rules, and what would break one is refused:

- Weight goes only to a slot that is proven ready, and each time it is to get more it is proven anew.
- The live slot keeps its size until all traffic has been seen to have left it, and for `keep` after that.
- Never do both slots of a service change what they run in one step, and never one that has traffic.
- The services of a release move together: up in the order of their dependencies, back in reverse.
- What goes back goes back as a whole (version, configuration, secrets), and never past a contract migration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from tidegate.model.base import SLOTS
from tidegate.model.events import (
    Abort,
    Apply,
    Baked,
    Cleanup,
    Decide,
    Freeze,
    Pause,
    Promote,
    Resume,
    Rollback,
    Scale,
    Shift,
    Stage,
    Thaw,
)
from tidegate.planner.events.applying import applied
from tidegate.planner.events.arranging import arranged, install
from tidegate.planner.events.keeping import kept
from tidegate.planner.events.minding import minded, refuse_frozen, refuse_moved_on
from tidegate.planner.events.returning import aborted, rolled_back
from tidegate.planner.events.shifting import promoted, shifted
from tidegate.planner.events.sizing import sized, steadied
from tidegate.planner.events.unfinished import refuse_exchanged
from tidegate.planner.refusals import Refusal
from tidegate.planner.remembering import remembered
from tidegate.planner.situation import Situation
from tidegate.planner.standing import Standing

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger
    from tidegate.planner.situation import Outcome


@dataclass(frozen=True, slots=True)
class Next:
    """Where a stack goes."""

    ledger: Ledger
    order: tuple[str, ...]
    """The services of which a route or a slot changes, in the order in which they move."""
    notes: tuple[str, ...] = ()
    """What the user should know, beyond what the ledgers' difference says."""


def next_ledger(ledger: Ledger | None, intent: Intent, event: Event, standing: Standing | None = None) -> Next:
    """The ledger that an event leads to, or a `Refusal`."""
    refuse_moved_on(ledger, event)
    if ledger is None:
        if not isinstance(event, Apply | Stage):
            raise Refusal("no-ledger", f"the stack has nothing yet, so there is nothing to {event.kind}: bring it up with `pulumi up`")
        return Next(remembered(None, install(intent, event.stamp), intent, event), intent.order)
    situation = Situation(ledger, intent, event.stamp, event.observed, standing or Standing())
    there, notes = arranged(situation)
    outcome = _outcome(there, event)
    refuse_frozen(ledger, outcome.ledger, event)
    after, more = sized(replace(there, ledger=outcome.ledger))
    after = remembered(ledger, steadied(there, after), intent, event)
    refuse_exchanged(situation, after)
    moving = _moving(situation, after)
    return Next(after, tuple(reversed(moving)) if outcome.down else moving, (*notes, *outcome.notes, *more))


def _outcome(situation: Situation, event: Event) -> Outcome:
    match event:
        case Apply() | Stage():
            return applied(situation, by_hand=event.kind == "stage")
        case Shift():
            return shifted(situation, event)
        case Promote():
            return promoted(situation)
        case Abort():
            return aborted(situation, event)
        case Rollback():
            return rolled_back(situation, event)
        case Pause() | Resume() | Cleanup() | Scale():
            return kept(situation, event)
        case Baked() | Decide() | Freeze() | Thaw():
            return minded(situation, event)
        case _:
            assert_never(event)


def _moving(situation: Situation, after: Ledger) -> tuple[str, ...]:
    """Services of which a route, or what a slot runs or is proven for, changes."""
    before, torn = situation.ledger.services, situation.unfinished

    def moves(name: str) -> bool:
        old, new = before.get(name), after.services[name]
        if old is None or name in torn or (old.live, old.weight) != (new.live, new.weight):
            return True
        return any((old.slots[s].spec, old.slots[s].proven) != (new.slots[s].spec, new.slots[s].proven) for s in SLOTS)

    return situation.ordered(name for name in after.services if moves(name))
