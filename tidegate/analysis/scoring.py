"""What all that was measured in a look comes to: a score, and a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.model.analysis import Measured, Verdict

_WORTH: Final[Mapping[Verdict, float]] = {"pass": 1.0, "marginal": 0.5}
_UNKNOWN: Final = frozenset({"no-data", "inconclusive"})
WEIGHT: Final = 10
"""What the error rate and the latency weigh, and any metric that doesn't say."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What scores mean, and what each metric weighs."""

    passing: int
    marginal: int
    weights: Mapping[str, int]
    bounds: frozenset[str] = frozenset()
    """Those that no score makes up for, though a failed look of theirs may be borne."""

    def decides(self, one: Measured) -> bool:
        """Whether no other metric makes up for it."""
        return one.critical or one.name in self.bounds


def scored(measured: Sequence[Measured], scale: Scale) -> tuple[Verdict, int]:
    """The verdict on a look, and the weighted share of what passed, in percent.

    What is critical or a bound fails alone, and then the score is 0; while it is marginal, so is the look at best. What isn't known adds
    nothing to the score, and leaves the look undecided unless it has failed whatever the unknown may be.
    """
    if any(scale.decides(one) and one.verdict == "fail" for one in measured):
        return "fail", 0
    weights = {one.name: scale.weights.get(one.name, WEIGHT) for one in measured}
    total = sum(weights.values())
    if not total:
        return "no-data", 0
    gained = sum(weights[one.name] * _WORTH.get(one.verdict, 0.0) for one in measured)
    open_ = sum(weights[one.name] for one in measured if one.verdict in _UNKNOWN)
    # Rounded down: 94.9 is less than 95.
    score, best = int(100 * gained / total), int(100 * (gained + open_) / total)
    if best < scale.marginal:
        return "fail", score
    if open_:
        return ("no-data" if any(one.verdict == "no-data" for one in measured) else "inconclusive"), score
    doubtful = any(scale.decides(one) and one.verdict == "marginal" for one in measured)
    return ("pass" if score >= scale.passing and not doubtful else "marginal"), score
