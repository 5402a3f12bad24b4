"""Whether a candidate fails too many of its requests: more than is borne, or more than the live slot does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.analysis import chances
from tidegate.model.analysis import Measured

if TYPE_CHECKING:
    from tidegate.analysis.counting import Counts
    from tidegate.model.analysis import Verdict

NAME: Final = "error_rate"
BEYOND_CHANCE: Final = 0.01
"""How unlikely a rate above its bound must be, if the true one were at the bound, to be a failure. Few requests say little."""
_WORSE: Final = 1e-4
"""How unlikely a difference from the live slot must be to be a failure. A release takes hundreds of looks, and each may be unlucky."""
_DOUBTFUL: Final = 0.05
"""How unlikely it must be to be no pass."""
_ONE: Final = 1
"""A single error is no rate."""


def error_rate(bound: float, candidate: Counts, live: Counts | None, least: int, over: str) -> Measured:
    """What the counts of both slots say; `least`: so many requests are enough to pass. `over`: how long was counted, in words."""
    verdict, text = _judged(bound, candidate, live, least, over)
    return Measured(NAME, verdict, text, live.rate if live and live.requests else None, candidate.rate if candidate.requests else None)


def _judged(bound: float, candidate: Counts, live: Counts | None, least: int, over: str) -> tuple[Verdict, str]:
    if not candidate.scraped:
        return "no-data", f"error rate: nobody has counted requests of the candidate in {over}"
    if not candidate.requests:
        return "no-data", f"error rate: the candidate got no requests in {over}"
    said = f"error rate {share(candidate.rate)} ({_of(candidate)} requests in {over})"
    if candidate.errors > _ONE and chances.above(candidate.errors, candidate.requests, bound) < BEYOND_CHANCE:
        return "fail", f"{said} > {share(bound)}"
    beside = chances.more(candidate.errors, candidate.requests, live.errors, live.requests) if live else 1.0
    if live and beside < _WORSE:
        return "fail", f"{said}, of the live slot {share(live.rate)} ({_of(live)}): that is no chance"
    if candidate.requests < least:
        return "inconclusive", f"{said}: {least} requests are needed to tell"
    if candidate.rate > bound:
        return "marginal", f"{said} > {share(bound)}, but it may be chance"
    if live and beside < _DOUBTFUL:
        return "marginal", f"{said}, of the live slot {share(live.rate)} ({_of(live)}): that is hardly chance"
    return "pass", f"{said} <= {share(bound)}"


def share(value: float) -> str:
    """0.032 as 3.2%."""
    return f"{value * 100:.3g}%"


def _of(counts: Counts) -> str:
    return f"{counts.errors:,} of {counts.requests:,}"
