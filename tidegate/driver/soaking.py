"""Whether a service has been well for long enough, by looks at fixed moments.

Moments follow from when its weight was set, and from the intent. So a driver that was away looks at the same ones as one that was there,
and what was judged can't be half judged. A look can be made afterwards: metrics are asked for a moment.

No data is never a pass. A look that says nothing makes the soak one look longer, until nobody wants to wait any more; then it has failed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tidegate.model.base import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tidegate.model.analysis import Look
    from tidegate.model.intent.analysis import Analysis

_LATER: Final = 60
"""How many looks after the soak count at most, the newest ones: a release may wait for people for hours."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A look that must be made."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Lasting:
    """It isn't over."""

    until: datetime
    """When there is more to see."""
    looks: int
    """How many have said something, of so many as there must be."""
    needed: int


@dataclass(frozen=True, slots=True)
class Passed:
    """It was well, long enough."""

    at: datetime
    """Since when that was known."""
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It wasn't."""

    text: str
    verdict: str


Soak = Missing | Lasting | Passed | Failed


def moments(since: datetime, soak: float, interval: float) -> Iterator[datetime]:
    """When is looked: every interval, at the end of the soak, and every interval after that."""
    whole = max(1, math.ceil(soak / interval - 1e-9))
    for k in range(1, whole):
        yield since + timedelta(seconds=k * interval)
    k = 0
    while True:
        yield since + timedelta(seconds=soak + k * interval)
        k += 1


def judged(analysis: Analysis, since: datetime, soak: float, now: datetime, looks: Mapping[datetime, Look], *, patience: float) -> Soak:
    """What has come of a soak by now. `looks` are those that were made, by their moments."""
    interval = max(1.0, seconds(analysis.interval))
    needed = math.ceil(soak / interval - 1e-9) if soak else 0
    if not needed:
        return Passed(since, "it isn't soaked")
    given_up = since + timedelta(seconds=soak + patience)
    said, failed = 0, 0
    last: Look | None = None
    for at in moments(since, soak, interval):
        if said >= needed and last is not None and last.verdict == "pass":
            return _since_then(analysis, at - timedelta(seconds=interval), now, looks, failed, said)
        if at > max(given_up, since + timedelta(seconds=soak)):
            break
        if at > now:
            return Lasting(at, said, needed)
        last = looks.get(at)
        if last is None:
            return Missing(at)
        if last.verdict in {"pass", "marginal", "fail"}:
            said += 1
        failed += last.verdict == "fail"
        if gone := _given_up(analysis, last, failed):
            return gone
    text = last.text if last is not None else "nothing was seen"
    return Failed(f"not enough was seen to go on: {said} of {needed} looks said something, the last one: {text}", "no-data")


def _given_up(analysis: Analysis, look: Look, failed: int) -> Failed | None:
    if look.verdict != "fail":
        return None
    if any(one.critical and one.verdict == "fail" for one in look.measured):
        return Failed(look.text, "fail")
    if failed > analysis.failures:
        return Failed(f"{look.text} ({failed} failed looks, {analysis.failures} are borne)", "fail")
    return None


def _since_then(analysis: Analysis, passed: datetime, now: datetime, looks: Mapping[datetime, Look], failed: int, said: int) -> Soak:
    """It has passed, maybe long ago: what is to come waits for other things. What is seen meanwhile counts, too."""
    interval = max(1.0, seconds(analysis.interval))
    ago = math.floor((now - passed).total_seconds() / interval + 1e-9)
    last: Look | None = None
    for k in range(max(1, ago - _LATER + 1), ago + 1):
        at = passed + timedelta(seconds=k * interval)
        last = looks.get(at)
        if last is None:
            return Missing(at)
        failed += last.verdict == "fail"
        if gone := _given_up(analysis, last, failed):
            return gone
    if last is not None and last.verdict == "fail":
        return Lasting(passed + timedelta(seconds=(ago + 1) * interval), said, said)
    return Passed(passed, f"{said} looks, {failed} of them failed")
