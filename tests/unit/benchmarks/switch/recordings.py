"""Made-up recordings, of which everything is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.switch.analysis import Move
from benchmarks.switch.answers import Answer
from benchmarks.switch.switchers.switcher import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

ASKED = 100.0
"""When commands are given."""


def answer(after: float, version: str = "v1", *, status: int = 200, error: str = "", latency: float = 0.001) -> Answer:
    """An answer that came so long after the command."""
    done = ASKED + after
    return Answer(done - latency, done - latency, done, 0 if error else status, "" if error else version, error)


def move(operation: Operation = Operation.FLIP, before: float = 0.0, after: float = 1.0, seconds: float = 10.0) -> Move:
    """A command, watched for so long."""
    return Move(operation, before, after, ASKED, ASKED + 0.1, ASKED + seconds)


def spoken(text: str, step: float = 0.1) -> list[Answer]:
    """An answer for each sign, so far apart: `1` and `2` are versions, `x` is a failure, a space is nothing."""
    return [_of(sign, place * step) for place, sign in enumerate(text) if sign != " "]


def _of(sign: str, after: float) -> Answer:
    return answer(after, error="reset") if sign == "x" else answer(after, f"v{sign}")


def done(answers: Iterable[Answer]) -> list[float]:
    """When these came, after the command."""
    return [a.done - ASKED for a in answers]
