"""A repetition: one load generator, and under its load each command of the cycle, watched until it has taken effect."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from benchmarks.switch.analysis import Move, failure
from benchmarks.switch.load import KEEP, LONGEST, MOST, Load
from benchmarks.switch.recording import Recording
from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError, perform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.switch.answers import Answer
    from benchmarks.switch.switchers.switcher import Switcher

FAR: Final = 5
"""Standard deviations that a share may be off and still be taken for what was wanted."""
MOST_REPETITIONS: Final = 100


class NotReadyError(RuntimeError):
    """There is nothing to measure: before the first command, traffic isn't where it has to be."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A switcher, and the traffic by which it is measured."""

    name: str
    switcher: Switcher
    url: str
    host: str
    old: str
    """The version that has the traffic before and after."""
    new: str
    goal: float | None
    """Seconds to 0% and 100% at most, for the 99th of 100."""
    repetitions: int | None = None
    """If its are fewer than the others'."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a round is made."""

    rate: float = 200.0
    connections: str = KEEP
    weight: int = 50
    """The new version's percent, for a shift."""
    quiet: float = 1.0
    """So long the traffic has to be as wanted for a command to have taken effect."""
    patience: float = 10.0
    """So long after its return that is waited for."""
    timeout: float = 5.0
    """A request's."""


@dataclass(frozen=True, slots=True)
class Round:
    """What was recorded."""

    moves: tuple[Move, ...]
    answers: tuple[Answer, ...]


def play(subject: Subject, way: Way) -> Round:
    """A round; however it ends, the old version has the traffic again, if the switcher can give it back."""
    moves: list[Move] = []
    # A bound, not a plan: it ends when the round does.
    load = Load(subject.url, subject.host, way.rate, min(LONGEST, MOST / way.rate), way.connections, timeout=way.timeout)
    back = True
    try:
        with Recording(load) as recording:
            _ready(recording, subject, way)
            share = 0.0
            for operation in (each for each in CYCLE if each in subject.switcher.operations):
                back = False
                moves.append(_move(recording, subject, way, operation, share))
                if moves[-1].error:
                    break
                share = moves[-1].after
                back = share == 0
    finally:
        if not back:
            subject.switcher.rollback()
    return Round(tuple(moves), tuple(recording.answers))


def _ready(recording: Recording, subject: Subject, way: Way) -> None:
    """Wait until the old version has all traffic."""
    if not recording.wait(lambda last: as_wanted(last, subject, 0.0), way.quiet, way.patience):
        raise NotReadyError(
            f"{subject.name}: before the first command all traffic of {subject.url} has to be answered by {subject.old}, "
            f"but {said(recording.last(way.quiet, time.monotonic()), subject)}; give the old version everything, "
            "and look at url, host, old and new"
        )


def _move(recording: Recording, subject: Subject, way: Way, operation: Operation, share: float) -> Move:
    aim = {Operation.SHIFT: way.weight / 100, Operation.FLIP: 1.0}.get(operation, 0.0)
    asked, error = time.monotonic(), ""
    try:
        subject.switcher.prepare(operation)
        asked = time.monotonic()
        perform(subject.switcher, operation, way.weight)
    except SwitchError as failed:
        error = str(failed)
    returned = time.monotonic()
    move = Move(operation, share, aim, asked, returned, until=math.inf, error=error)
    if not error and not recording.wait(lambda last: as_wanted(last, subject, aim), way.quiet, way.patience):
        error = f"after {way.patience:g} s {said(recording.last(way.quiet, time.monotonic()), subject)}, not {aim:.0%}"
    until = time.monotonic()
    if not error:
        error = _status(subject.switcher, aim)
    return replace(move, until=until, error=error)


def _status(switcher: Switcher, aim: float) -> str:
    """What is wrong about what the tool says of itself."""
    try:
        status = switcher.status()
    except SwitchError as failed:
        return str(failed)
    return "" if status is None or status == round(aim * 100) else f"the tool says {status}%, not {aim:.0%}"


def as_wanted(answers: Sequence[Answer], subject: Subject, aim: float) -> bool:
    """Whether these are good, and of the versions in such shares: exactly none and all, otherwise as near as chance allows."""
    if not answers or any(failure(answer, (subject.old, subject.new)) for answer in answers):
        return False
    share = sum(answer.version == subject.new for answer in answers) / len(answers)
    return abs(share - aim) <= FAR * math.sqrt(aim * (1 - aim) / len(answers))


def said(answers: Sequence[Answer], subject: Subject) -> str:
    """In words, how traffic was shared lately."""
    if not answers:
        return "nothing answers"
    failures = [why for answer in answers if (why := failure(answer, (subject.old, subject.new)))]
    failed = f", and {len(failures)} of {len(answers)} requests failed ({failures[-1]})" if failures else ""
    return f"{sum(a.version == subject.new for a in answers) / len(answers):.1%} of the traffic is answered by {subject.new}{failed}"
