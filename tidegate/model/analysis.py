"""What looking at a candidate comes to. No data is never a pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "marginal", "fail", "inconclusive", "no-data"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric of a look."""

    name: str
    verdict: Verdict
    text: str
    """What was measured, against what, in words: `error rate 3.2% > 1%`."""
    live: float | None = None
    candidate: float | None = None
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a service."""

    service: str
    at: str
    verdict: Verdict
    score: int
    measured: tuple[Measured, ...] = ()

    @property
    def text(self) -> str:
        """The reasons for anything but a pass; all that was measured for a pass."""
        bad = [one.text for one in self.measured if one.verdict != "pass"]
        return "; ".join(bad or [one.text for one in self.measured]) or "nothing is measured"
