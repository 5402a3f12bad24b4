"""Services that were measured: a Prometheus in memory that has what two slots' pods would have counted, and answers PromQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.traffic.promql.errors import QueryError as RefusedError
from embedded.cluster.traffic.promql.evaluate import at_instant
from embedded.cluster.traffic.promql.labels import labels_from
from tests.unit.tidegate.planner.world import CANARY, intended
from tidegate.analysis.metrics import QueryError, Series
from tidegate.model.comparing import Values
from tidegate.model.events import Apply, Promote, Shift, Stage
from tidegate.model.ledger import Stamp
from tidegate.model.told import Told
from tidegate.planner.planning import next_ledger
from tidegate.planner.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedded.cluster.traffic.promql.labels import Labels

SINCE: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When the step began."""
SCRAPES: Final = 5
BOUNDS: Final = (0.1, 0.5, 1.0, 2.5, 5.0)
# As components/labels.py and the scraping have them.
PLACE: Final = {"namespace": "test", "service": "web", "pod": "web-1"}


@dataclass
class Track:
    """A series, as the evaluator knows it."""

    labels: Labels
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Recorded:
    """The port `Metrics` over what was put in."""

    def __init__(self) -> None:
        self.tracks: dict[Labels, Track] = {}
        self.asked: list[str] = []

    def series(self) -> Iterable[Track]:
        return self.tracks.values()

    def query(self, query: str, at: datetime) -> tuple[Series, ...]:
        self.asked.append(query)
        try:
            answer = at_instant(self, query, round(at.timestamp() * 1000))
        except RefusedError as error:
            raise QueryError(str(error)) from error
        return tuple(Series(dict(t.labels), tuple((time / 1000, value) for time, value in t.points)) for t in answer.tracks)

    def put(self, name: str, labels: Mapping[str, str], second: float, value: float) -> None:
        """A sample, so many seconds after the step began."""
        key = labels_from({"__name__": name, **PLACE, **labels})
        track = self.tracks.setdefault(key, Track(key))
        track.times.append(round((SINCE.timestamp() + second) * 1000))
        track.values.append(value)

    def traffic(
        self, slot: str, begin: float, end: float, *, errors: int = 0, requests: int = 1000, takes: float = 0.2, **labels: str
    ) -> None:
        """So many requests between two moments, evenly; each took so long. Counters come into being with what they count."""
        scrapes = int((end - begin) / SCRAPES)
        for i in range(1, scrapes + 1):
            second, part = begin + i * SCRAPES, i / scrapes
            for code, all_ in (("200", requests - errors), ("500", errors)):
                # Counters never fall.
                if number := int(all_ * part):
                    self.put("http_requests_total", {"slot": slot, "code": code, **labels}, second, number)
            for bound in (*map(str, BOUNDS), "+Inf"):
                number = int(requests * part) if takes <= float(bound) else 0
                self.put("http_request_duration_seconds_bucket", {"slot": slot, "le": bound, **labels}, second, number)


def told(**analysis: Any) -> Told:
    """A stack with a canary `web`, and what is measured of it."""
    intent = intended({"web": {"version": "v2", **CANARY, "analysis": analysis}, "api": {"version": "v2"}})
    return Told(Values({}, frozenset()), intent, "Pulumi.test.yaml")


def reading(weight: int, *, promoted: bool = False) -> Reading:
    """A release of both services at some weight; each step a quarter of an hour after the one before, the last one at `SINCE`."""
    old, new = (intended({"web": {"version": v, **CANARY}, "api": {"version": v}}) for v in ("v1", "v2"))
    weights = [one for one in (25, 50, 100) if one <= (100 if promoted else weight)]
    events: list[Any] = [
        Stage,
        *(lambda stamp, one=one: Shift(stamp=stamp, weight=one) for one in weights),
        *([Promote] if promoted else []),
    ]
    ledger = next_ledger(None, old, Apply(stamp=stamp(len(events)))).ledger
    for i, make in enumerate(events):
        ledger = next_ledger(ledger, new, make(stamp=stamp(len(events) - 1 - i))).ledger
    return Reading(ledger)


def stamp(before: int) -> Stamp:
    """So many quarters of an hour before the step."""
    return Stamp(at=(SINCE - timedelta(minutes=15 * before)).isoformat(), by="tester")


def after(seconds: float) -> datetime:
    """So many seconds after the step began."""
    return SINCE + timedelta(seconds=seconds)
