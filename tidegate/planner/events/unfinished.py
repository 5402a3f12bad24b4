"""An update failed while traffic moved, and routes are ahead of the ledger: what may be done then is to finish that, or to go back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.base import SLOTS
from tidegate.planner import moves
from tidegate.planner.refusals import Refusal
from tidegate.planner.words import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.model.ledger import Ledger
    from tidegate.planner.situation import Situation


def refuse_strangers(s: Situation, names: Iterable[str] = ()) -> None:
    """Nothing else happens while traffic of others isn't where the ledger says: the update would move it, unasked."""
    members = set(names)
    strangers = [name for name in s.unfinished if name not in members]
    if strangers:
        raise Refusal(
            "unfinished-move",
            f"an update failed while traffic of {', '.join(strangers)} moved: finish that first (the same step again), "
            f"or go back (the intent as it was before, or {by_hand('abort', reason='why')})",
        )


def half_rolled_back(s: Situation) -> tuple[str, ...]:
    """The services of a rollback that failed half way. All of them were proven for it before the first of them moved."""

    def tried(name: str) -> bool:
        seen, record = s.seen(name), s.ledger.services[name]
        token = seen.proven.get(record.candidate, "") if seen is not None else ""
        return moves.is_rollback(token) and token != record.slots[record.candidate].proven

    return s.ordered(filter(tried, s.ledger.services)) if any(map(tried, s.unfinished)) else ()


def refuse_half_rolled_back(s: Situation) -> None:
    """A plain update must not bring back what somebody was busy being rid of."""
    names = half_rolled_back(s)
    if names:
        raise Refusal(
            "unfinished-move",
            f"a rollback of {', '.join(names)} failed half way, and the intent still has what it was to be rid of: "
            f"finish it with the intent as it was before, or with {by_hand('rollback', reason='why')}",
        )


def refuse_exchanged(s: Situation, after: Ledger) -> None:
    """A slot that a failed update has given traffic keeps what it runs; or its routes leave it first, and it is as the ledger has it."""
    for name in s.unfinished:
        seen, new, before = s.standing.services[name], after.services.get(name), s.ledger.services[name]
        if new is None:
            continue
        for slot in SLOTS:
            running = seen.specs.get(slot)
            if not seen.traffic(slot) or running is None:
                continue
            allowed = {running} if new.weight_of(slot) else {running, before.slots[slot].spec}
            if new.slots[slot].spec not in allowed:
                raise Refusal(
                    "unfinished-move",
                    f"an update failed while traffic of {name} moved, and {slot} has {seen.traffic(slot)}% of it: "
                    f"it can't be given {new.slots[slot].version} now. Finish that release first (the intent as it was then), "
                    "or go back (the intent as it was before)",
                )
