"""Events that change no slot and no route: what was watched and is well, what people say, and whether anything may be released.

And whether an event may happen at all: it was decided for where the stack is, and no freeze holds it up.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, assert_never

from tidegate.model.events import Apply, Baked, Decide, Freeze, Stage, Thaw
from tidegate.model.ledger import Frozen
from tidegate.model.phrases import claimed
from tidegate.planner.events.unfinished import refuse_strangers
from tidegate.planner.refusals import Refusal
from tidegate.planner.situation import Outcome

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger
    from tidegate.planner.situation import Situation

MOST: Final = 64
"""How many yeses and noes are kept, the newest ones: a ledger must not grow with them for ever."""


def minded(s: Situation, event: Baked | Decide | Freeze | Thaw) -> Outcome:
    """What such an event comes to."""
    match event:
        case Baked():
            return baked(s)
        case Decide():
            return decided(s, event)
        case Freeze():
            return frozen(s, event)
        case Thaw():
            return thawed(s)
        case _:
            assert_never(event)


def baked(s: Situation) -> Outcome:
    """What was promoted has been watched for as long as it is to be."""
    release = s.ledger.release
    if release is None or (release.phase != "promoted" and not release.baked):
        raise Refusal("no-release", "no release has been promoted and is being watched: there is nothing that could be over")
    refuse_strangers(s)
    if release.baked:
        return Outcome(s.ledger, (f"release {release.id} has been watched for long enough already",))
    return Outcome(s.ledger.model_copy(update={"release": release.model_copy(update={"baked": True, "changed": s.stamp})}))


def decided(s: Situation, event: Decide) -> Outcome:
    """Somebody says yes or no. Who it was, and whether it counts, is seen to whenever it is counted."""
    refuse_strangers(s)
    if event.approval in s.ledger.approvals:
        return Outcome(s.ledger, (f"{claimed(event.approval.by)} has said so already",))
    kept = (*s.ledger.approvals, event.approval)[-MOST:]
    return Outcome(s.ledger.model_copy(update={"approvals": kept}))


def frozen(s: Situation, event: Freeze) -> Outcome:
    """No release begins. One that is under way goes on, or back."""
    refuse_strangers(s)
    now = s.ledger.frozen
    if now is not None and (now.reason, now.until) == (event.reason, event.until):
        return Outcome(s.ledger, ("releases are frozen already, for the same reason",))
    return Outcome(s.ledger.model_copy(update={"frozen": Frozen(reason=event.reason, until=event.until, stamp=s.stamp)}))


def thawed(s: Situation) -> Outcome:
    """Releases may begin again."""
    refuse_strangers(s)
    if s.ledger.frozen is None:
        return Outcome(s.ledger, ("releases are not frozen",))
    return Outcome(s.ledger.model_copy(update={"frozen": None}))


def refuse_moved_on(ledger: Ledger | None, event: Event) -> None:
    """What was decided for another release, step or phase than there is now must be decided anew."""
    now = ledger.token if ledger is not None else "none"
    if event.expects is None or event.expects == now:
        return
    release = ledger.release if ledger is not None else None
    since = "" if release is None else f", since {release.changed.at}, by {release.changed.by}"
    why = "" if release is None or not release.reason else f" ({release.reason})"
    raise Refusal(
        "moved-on",
        f"this {event.kind} was decided when the stack {_where(event.expects)}, and the stack has moved on: it {_where(now)}{since}{why}. "
        "See where it is (`tidegate status`), and decide anew",
    )


def refuse_frozen(before: Ledger, after: Ledger, event: Event) -> None:
    """While releases are frozen none begins, and no service comes new. Going back is no release."""
    hold = before.frozen
    if hold is None or not isinstance(event, Apply | Stage) or not _begins(before, after) or over(hold, event.stamp.at):
        return
    if any(held.gate == "freeze" and held.overridden for held in event.gates):
        # By a person's word, that stays with the step.
        return
    until = f"until {hold.until}" if hold.until is not None else "until that is lifted"
    raise Refusal(
        "frozen",
        f"no release begins {until}: {hold.reason} ({hold.stamp.by}, {hold.stamp.at}). Wait, or lift it: `tidegate thaw`",
    )


def over(hold: Frozen, at: str) -> bool:
    """Whether a freeze is over at a moment."""
    return hold.until is not None and _moment(at) > _moment(hold.until)


def _begins(before: Ledger, after: Ledger) -> bool:
    old, new = before.release, after.release
    back = new is not None and new.kind == "rollback" and (old is None or new.id != old.id)
    return after.releases - before.releases > int(back)


def _where(token: str) -> str:
    """Where a stack is, in words."""
    release, _, rest = token.partition(".")
    step, _, phase = rest.partition(".")
    return f"is at step {step} of release {release} ({phase})" if phase else "has had no release"


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
