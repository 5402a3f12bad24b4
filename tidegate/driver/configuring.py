"""What a release is carried out with: the configuration that it was staged with, wherever and by whomever it is resumed.

A file that somebody has begun to edit must not leak into a release under way, so it is looked up in the stack's own history.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tidegate.driver.wellness import brought
from tidegate.model.slots import desired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tidegate.driver.ports import Stack
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Past, Told


def carried_with(stack: Stack, ledger: Ledger, history: Sequence[Past] | None = None) -> Told | None:
    """What the last release was staged with; None if that is nowhere any more. `history`: the stack's, where it is known."""
    wanted = {name: ledger.services[name].slots[slot].spec for name, slot in brought(ledger).items()}
    for past in history if history is not None else stack.past():
        if past.kind == "update" and past.told is not None and gives(past.told.intent, wanted):
            return past.told
    here = stack.told({}, {})
    return here if gives(here.intent, wanted) else None


def running_with(stack: Stack, history: Sequence[Past] | None = None) -> Told:
    """What the stack runs with: its newest update that succeeded; its file where there was none."""
    for past in history if history is not None else stack.past():
        if past.kind == "update" and past.result == "succeeded" and past.told is not None:
            return past.told
    return stack.told({}, {})


def stood_since(history: Sequence[Past], ledger: Ledger) -> datetime:
    """Since when the last release is where it is: when the update that brought it there was done, not when it was decided.

    A step's update may wait for pods for minutes, and its weight holds only after that. The stack's history knows when; a plain update,
    that no event was for, is found nowhere there, and the ledger's own word holds.
    """
    release = ledger.release
    assert release is not None  # noqa: S101 - the callers have asked
    stamp = release.promoted if release.phase == "promoted" and release.promoted is not None else release.changed
    decided = datetime.fromisoformat(stamp.at)
    for past in _recent(history, decided):
        if past.event is not None and past.event.stamp == stamp and past.ended is not None and past.result == "succeeded":
            return max(decided, datetime.fromisoformat(past.ended))
    return decided


def begun_back(history: Sequence[Past], ledger: Ledger) -> str | None:
    """Why the last release was to be taken back from where it is, if an update was to and failed."""
    release = ledger.release
    assert release is not None  # noqa: S101 - the callers have asked
    for past in _recent(history, datetime.fromisoformat(release.changed.at)):
        event = past.event
        if past.result != "succeeded" and event is not None and event.kind in {"abort", "rollback"} and event.expects == ledger.token:
            return event.reason
    return None


def _recent(history: Sequence[Past], since: datetime) -> Iterator[Past]:
    """Updates since a moment, and a little before: clocks are never quite the same."""
    for past in history:
        if datetime.fromisoformat(past.begun) < since - timedelta(hours=1):
            return
        if past.kind == "update":
            yield past


def gives(intent: Intent, wanted: Mapping[str, str]) -> bool:
    """Whether an intent makes these specs (by their hashes) of these services."""
    return all(name in intent.services and desired(intent, name).hash == spec for name, spec in wanted.items())
