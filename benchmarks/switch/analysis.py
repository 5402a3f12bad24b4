"""What a recording says of a switch: pure functions of the recorded answers, and of when the command was given.

An answer belongs to the move in whose time it came. All times count from the moment before the command was started.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from benchmarks.switch.switchers.switcher import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.switch.answers import Answer

SURE: Final = 0.0001
"""No share is taken for nearer to 0 or 1 than this when a change of shares is looked for: a straggler doesn't hide it."""


@dataclass(frozen=True, slots=True)
class Move:
    """A command, and the time in which its effect was watched."""

    operation: Operation
    before: float
    """The new version's share of the traffic before."""
    after: float
    """And what it was to be."""
    asked: float
    """The moment before the command was started."""
    returned: float
    """When it came back."""
    until: float
    """When watching ended."""
    error: str = ""
    """Why it failed, or why what it did isn't what was wanted."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a move was like. Times are seconds from its command; None: it never came to that."""

    operation: Operation
    error: str
    command: float
    """How long the command took."""
    requests: int
    failures: dict[str, int] = field(hash=False)
    """How many requests failed, by reason."""
    first: float | None
    """The first answer of the version that was to get more."""
    zero: float | None
    """The last answer of the version that was to get nothing. None for a shift to a share between."""
    full: float | None
    """From when on every answer was a good one of the version that was to get everything. None for a shift to a share between."""
    shifted: float | None
    """When the share changed to what it was to be; most likely, as shares are chance."""
    share: float | None
    """The new version's share after that."""

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(self.failures.values())

    @property
    def whole(self) -> bool:
        """Whether all traffic was to go to one version."""
        return self.operation is not Operation.SHIFT

    @property
    def slowest(self) -> float:
        """What the goal is about: when the switch was over. Infinity: never."""
        times = (self.zero, self.full) if self.whole else (self.shifted,)
        return max(math.inf if time is None else time for time in times)


def failure(answer: Answer, versions: Iterable[str]) -> str:
    """Why a request has failed; empty if it has not."""
    if answer.error:
        return answer.error
    if not 200 <= answer.status < 300:
        return f"status {answer.status}"
    return "" if answer.version in versions else f"of version {answer.version or '?'}"


def measured(answers: Iterable[Answer], move: Move, old: str, new: str, quiet: float) -> Figures:
    """What these say of a move. A version isn't gone as long as it answered in the last `quiet` seconds."""
    mine = sorted((a for a in answers if move.asked <= a.done < move.until), key=lambda a: a.done)
    reasons = [failure(a, (old, new)) for a in mine]
    leaving, arriving = (old, new) if move.after > move.before else (new, old)
    good = [a for a, why in zip(mine, reasons, strict=True) if not why]
    came = [a.done - move.asked for a in good if a.version == arriving]
    shifted, share = _change(good, move, new)
    whole = move.after in {0, 1}
    return Figures(
        operation=move.operation,
        error=move.error,
        command=move.returned - move.asked,
        requests=len(mine),
        failures=dict(Counter(why for why in reasons if why)),
        first=came[0] if came else None,
        zero=_gone([a for a in good if a.version == leaving], move, quiet) if whole else None,
        full=_full(mine, reasons, arriving, move, quiet) if whole else None,
        shifted=shifted,
        share=share,
    )


def _gone(answers: Sequence[Answer], move: Move, quiet: float) -> float | None:
    """When the last of these came; None if there may be more."""
    if not answers:
        return 0.0
    last = answers[-1].done
    return None if last > move.until - quiet else last - move.asked


def _full(answers: Sequence[Answer], reasons: Sequence[str], arriving: str, move: Move, quiet: float) -> float | None:
    """When the first of those came after which all are good and of one version."""
    wrong = [i for i, (a, why) in enumerate(zip(answers, reasons, strict=True)) if why or a.version != arriving]
    begins = wrong[-1] + 1 if wrong else 0
    if begins >= len(answers) or (wrong and answers[wrong[-1]].done > move.until - quiet):
        return None
    return answers[begins].done - move.asked


def _change(good: Sequence[Answer], move: Move, new: str) -> tuple[float | None, float | None]:
    """When the share most likely changed to what it was to be, and what it was from then on.

    Each answer speaks for the share before or for the one after; the change lies where the sum of what speaks for each is greatest.
    """
    before, after = (min(max(share, SURE), 1 - SURE) for share in (move.before, move.after))
    of_new, of_old = math.log(before / after), math.log((1 - before) / (1 - after))
    sums = list(accumulate((of_new if a.version == new else of_old for a in good), initial=0.0))
    at = sums.index(max(sums))
    if at == len(good):
        return None, None
    return good[at].done - move.asked, sum(a.version == new for a in good[at:]) / (len(good) - at)


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values that at least this share of them doesn't exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are spread."""

    p50: float
    p90: float
    p99: float
    most: float


def spread(values: Iterable[float | None]) -> Spread | None:
    """The spread of values, of which None is longer than any; None of no values."""
    known = [math.inf if value is None else value for value in values]
    if not known:
        return None
    return Spread(percentile(known, 0.5), percentile(known, 0.9), percentile(known, 0.99), max(known))
