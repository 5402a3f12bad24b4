"""What is asked of Prometheus. Always of one slot: what is averaged over both hides the one that is bad behind the one that is well.

The labels are those that scraping gives (`service`, `slot`, `namespace`), the metrics those that the alerts know. Counters are asked for as
they were scraped, and counted here (`counting`): Prometheus's own `increase` doesn't see the first errors of a series, which comes into
being with them, and makes fractions of what are whole requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tidegate.model.intent.analysis import filled

MEMORY: Final = 300
"""How far before a window it is looked, in seconds, to know which series were there: as far as Prometheus itself remembers."""


@dataclass(frozen=True, slots=True)
class Side:
    """One slot of a service."""

    namespace: str
    service: str
    slot: str

    @property
    def _matchers(self) -> str:
        return f'namespace="{self.namespace}", service="{self.service}", slot="{self.slot}"'

    def requests(self, seconds: int) -> str:
        """The counters of its answers, by code, as they were scraped."""
        return f"http_requests_total{{{self._matchers}}}[{seconds + MEMORY}s]"

    def durations(self, seconds: int) -> str:
        """How many requests took at most so long, by bound."""
        buckets = f"http_request_duration_seconds_bucket{{{self._matchers}}}"
        # What came into being in the window has all that it counts from there.
        return f"sum by (le) (increase({buckets}[{seconds}s]) and {buckets} offset {seconds}s or {buckets})"

    def filled(self, query: str, seconds: int) -> str:
        """A query of the user's."""
        return filled(query, {"namespace": self.namespace, "service": self.service, "slot": self.slot, "window": f"{seconds}s"})
