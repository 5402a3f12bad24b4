"""Whether people let a release take its next step: who must say yes, who has, and whose word counts for nothing.

What counts is what a proof proves (`verifying`): one yes a person of the intent, for this stack, this step and this release, not
of who began it. The last word of a person replaces what they said before, and one no of somebody who may say yes is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final, Literal

from tidegate.gates import begun, statements
from tidegate.gates.statements import statement
from tidegate.gates.verifying import UnprovenError
from tidegate.model.base import seconds
from tidegate.model.errors import GateRefusedError, UnreachableError, WaitingForApprovalError
from tidegate.model.ledger import Held
from tidegate.model.phrases import claimed, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tidegate.gates.verifying import Verifier, Word
    from tidegate.model.analysis import Verdict
    from tidegate.model.approval import Approval, Before, Decision, Statement
    from tidegate.model.intent.environment import Environment
    from tidegate.model.intent.gates import Approval as Requirement
    from tidegate.model.intent.gates import Gates

__all__ = ["Said", "Standing", "state", "statement"]

SKEW: Final = timedelta(minutes=1)
"""How far clocks may be apart."""
_NAMED: Final = 5

Kind = Literal["granted", "bypassed", "waiting", "refused"]
_VERDICTS: Final[dict[Kind, Verdict]] = {"granted": "pass", "bypassed": "no-data", "waiting": "no-data", "refused": "fail"}


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody has said, proven."""

    person: str
    decision: Decision
    reason: str
    incident: str
    at: datetime
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.person}{f': {self.reason}' if self.reason else ''}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How approvals of a step stand."""

    kind: Kind
    text: str
    asked: bool = True
    """Whether anybody had to be asked."""
    until: datetime | None = None
    """While it waits: when it is refused."""
    missing: tuple[str, ...] = ()
    """Who must still say yes, in words: `1 more of release-managers (ada, grace)`."""
    said: tuple[Said, ...] = ()
    ignored: tuple[str, ...] = ()
    """What counts for nothing, and why."""

    @property
    def held(self) -> tuple[Held, ...]:
        """As a step keeps it. Nothing, if nobody had to be asked."""
        one = Held(gate="approval", verdict=_VERDICTS[self.kind], text=self.text, overridden=self.kind == "bypassed")
        return (one,) if self.asked else ()

    def enforce(self) -> None:
        """Raise unless the step may be taken: WaitingForApprovalError, GateRefusedError."""
        if self.kind == "waiting":
            raise WaitingForApprovalError(self.text)
        if self.kind == "refused":
            raise GateRefusedError(self.text)


@dataclass(slots=True)
class _Count:
    """What came of looking at all that was said."""

    said: list[Said] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """A no of which it can't be told now whose it is."""
    counted: dict[str, None] = field(default_factory=dict)
    """Whose yes counts, for anything."""

    @property
    def names(self) -> str:
        """Of those."""
        return ", ".join(self.counted)


def state(
    gates: Gates,
    approvals: Iterable[Approval],
    brings: str,
    stack: str,
    before: Before,
    began_by: str,
    now: datetime,
    verifier: Verifier,
    *,
    environment: Environment,
    release: str,
    since: datetime,
) -> Standing:
    """How approvals of a step stand.

    `release` is `model.approval.place` of the ledger, `since` when the step came to be next: the timeouts count from there.
    """
    open_ = _asked(gates, environment, before)
    if not open_:
        needed = any(before in found.before for found in gates.approvals.values())
        return Standing("granted", f"approved by itself: {environment.name} asks nobody before {before}", asked=needed)
    subject = _Subject(gates, stack, release, brings, before, now, frozenset(_heard(gates, open_)))
    count = _counted(subject, approvals, verifier)
    last = _last(count.said)
    noes = [one for one in last.values() if one.decision == "reject"]
    if noes:
        why = "; ".join(map(str, noes))
        return _standing("refused", f"{before} is refused by {why}", count, last)
    beginners = begun.beginners(gates.people, began_by)
    yeses = [one for one in last.values() if one.decision == "approve"]
    missing = {name: text for name, found in open_.items() if (text := _missing(subject, found, yeses, beginners, began_by, since, count))}
    until = min((_deadline(open_[name], since) for name in missing or open_), default=None)
    if count.unknown and (until is None or now <= until):
        return _standing("waiting", f"{before} waits: {'; '.join(count.unknown)}", count, last, until=until)
    if count.unknown:
        return _standing("refused", f"{before} is refused, for the time is up: {'; '.join(count.unknown)}", count, last)
    if not missing:
        return _standing("granted", f"{before} is approved by {count.names}", count, last)
    rest = tuple(missing.values())
    emergency = [one for one in yeses if one.incident and one.person in gates.members(gates.emergency)]
    if emergency:
        who = emergency[-1]
        text = f"{who.person} passes the approvals of {before} by (incident {who.incident}): {who.reason}. Missing: {'; '.join(rest)}"
        return _standing("bypassed", text, count, last, missing=rest)
    return _open(before, now, until, rest, count, last)


def unheard(gates: Gates, environment: Environment, approval: Approval, before: Before, verifier: Verifier) -> str:
    """Why somebody's word would count for nothing, whatever is released; nothing, if it is heard. `UnreachableError`: not known now."""
    open_ = _asked(gates, environment, before)
    if not open_:
        others = sorted({step for found in gates.approvals.values() for step in found.before if _asked(gates, environment, step)})
        where = f", only before {', '.join(others)} (--before)" if others else ""
        return f"{environment.name} asks nobody before {before}{where}"
    try:
        _word(approval, gates, frozenset(_heard(gates, open_)), before, verifier)
    except _UnheardError as error:
        return str(error)
    return ""


def _asked(gates: Gates, environment: Environment, before: Before) -> dict[str, Requirement]:
    """What must be met before a step, in this environment."""
    here = {environment.name, environment.tier}
    return {name: found for name, found in gates.approvals.items() if before in found.before and not here & set(found.auto_approve)}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What people are asked."""

    gates: Gates
    stack: str
    release: str
    brings: str
    before: Before
    now: datetime
    heard: frozenset[str]
    """Whose word means anything here."""


def _heard(gates: Gates, needed: dict[str, Requirement]) -> Iterator[str]:
    for found in needed.values():
        yield from gates.members(found.approvers)
    yield from gates.members(gates.emergency)


def _counted(subject: _Subject, approvals: Iterable[Approval], verifier: Verifier) -> _Count:
    count = _Count()
    for approval in dict.fromkeys(approvals):
        who = claimed(approval.by)
        said = statements.read(approval.statement)
        if said is None:
            count.ignored.append(f"what {who} has signed is no statement")
            continue
        if said.before != subject.before or (said.stack != subject.stack and said.brings != subject.brings):
            continue  # It is for something else, and says so.
        wrong = _strange(subject, said, approval)
        if wrong:
            count.ignored.append(f"{who}: {wrong}")
            continue
        try:
            word = _word(approval, subject.gates, subject.heard, subject.before, verifier)
        except _UnheardError as error:
            count.ignored.append(str(error))
        except UnreachableError as error:
            count.ignored.append(f"{who} can't be verified now: {error}")
            if said.decision == "reject":
                count.unknown.append(f"somebody says no, and whether it is {who} can't be told now: {error}")
        else:
            count.said.append(_said(said, word))
    return count


def _strange(subject: _Subject, said: Statement, approval: Approval) -> str:
    """Why a statement is not one for this release."""
    if said.decision != approval.decision:
        return f"the record says {approval.decision}, what was signed says {said.decision}"
    if said.stack != subject.stack:
        return f"that is for the stack {claimed(said.stack)}, and this is {subject.stack}"
    if said.release != subject.release:
        return f"that is for another release ({claimed(said.release)}); this is {subject.release}"
    if said.brings != subject.brings:
        return "that is for other versions or settings than are to be released now"
    if statements.moment(said) > subject.now + SKEW:
        return f"that is from the future ({claimed(said.at)}); are the clocks right?"
    return ""


class _UnheardError(Exception):
    """It counts for nothing, for whose word it is."""


def _word(approval: Approval, gates: Gates, heard: frozenset[str], before: Before, verifier: Verifier) -> Word:
    """The word of somebody who is asked. `UnreachableError`: whose it is can't be told now."""
    try:
        word = verifier.word(approval, gates.people)
    except UnprovenError as error:
        raise _UnheardError(f"{claimed(approval.by)} is nobody proven: {error}") from error
    if word.person not in heard:
        raise _UnheardError(f"{word.person} is not among those who are asked before {before}")
    return word


def _said(said: Statement, word: Word) -> Said:
    return Said(word.person, said.decision, plain(said.reason), plain(said.incident), statements.moment(said), word.names)


def _last(said: list[Said]) -> dict[str, Said]:
    """Each person's last word; a yes that was said again counts from when it was said first. Said at once, no counts."""
    last: dict[str, Said] = {}
    for one in sorted(said, key=lambda one: (one.at, one.decision == "reject")):
        former = last.get(one.person)
        again = former is not None and former.decision == one.decision == "approve"
        last[one.person] = replace(one, at=former.at) if again and former is not None else one
    return last


def _missing(
    subject: _Subject,
    needed: Requirement,
    yeses: list[Said],
    beginners: begun.Beginners,
    began_by: str,
    since: datetime,
    count: _Count,
) -> str:
    """Who must still say yes, in words; nothing, if enough have."""
    members = subject.gates.members(needed.approvers)
    deadline = _deadline(needed, since)
    able = [person for person in members if not (needed.four_eyes and person in beginners.people)]
    counted: list[str] = []
    for one in yeses:
        if one.person not in members:
            continue
        if one.at > deadline:
            count.ignored.append(f"{one.person} said yes at {_time(one.at)}, too late")
        elif needed.four_eyes and not beginners.known:
            continue
        elif needed.four_eyes and beginners.include(one.person, one.names):
            count.ignored.append(f"{one.person} began the release, and can't approve it (four_eyes)")
        else:
            counted.append(one.person)
    count.counted.update(dict.fromkeys(counted))
    lacking = needed.count - len(counted)
    if lacking <= 0:
        return ""
    if needed.four_eyes and not beginners.known:
        return (
            f"who began it, {claimed(began_by)}, is nobody in gates.people, so it can't be told whose yes would be to their own release: "
            "add that to somebody's names there, or set four_eyes: false"
        )
    roles = ", ".join(needed.approvers)
    who = ", ".join(person for person in able if person not in counted)
    return f"{lacking}{' more' if counted else ''} of {roles}{'' if roles == who else f' ({who})' if who else ' (there is nobody left)'}"


def _open(
    before: Before, now: datetime, until: datetime | None, missing: tuple[str, ...], count: _Count, last: dict[str, Said]
) -> Standing:
    so_far = f"; so far: {count.names}" if count.counted else ""
    who = "; ".join(missing)
    if until is not None and now > until:
        return _standing(
            "refused", f"{before} is refused: nobody else approved it by {_time(until)}. Missing: {who}", count, last, missing=missing
        )
    limit = f" until {_time(until)}" if until is not None else ""
    return _standing(
        "waiting", f"{before} waits for approval{limit}: {who}{so_far} (`tidegate approve`)", count, last, until=until, missing=missing
    )


def _standing(
    kind: Kind,
    text: str,
    count: _Count,
    last: dict[str, Said],
    *,
    until: datetime | None = None,
    missing: tuple[str, ...] = (),
) -> Standing:
    ignored = tuple(dict.fromkeys(count.ignored))
    more = f"; and {len(ignored) - _NAMED} more" if len(ignored) > _NAMED else ""
    listed = f". Not counted: {'; '.join(ignored[:_NAMED])}{more}" if ignored else ""
    said = tuple(sorted(last.values(), key=lambda one: (one.at, one.person)))
    return Standing(kind, f"{text}{listed}", until=until, missing=missing, said=said, ignored=ignored)


def _deadline(needed: Requirement, since: datetime) -> datetime:
    return since + timedelta(seconds=seconds(needed.timeout))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
