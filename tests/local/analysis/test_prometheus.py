"""Candidates are judged by what a real Prometheus has scraped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.analysis.servers import PROMETHEUS, Pods, prometheus, wait
from tests.unit.tidegate.planner.world import CANARY, intended
from tidegate.analysis.doors import HttpDoor
from tidegate.analysis.judge import ThresholdJudge
from tidegate.analysis.metrics import QueryError
from tidegate.analysis.prometheus import Prometheus
from tidegate.model.comparing import Values
from tidegate.model.events import Apply, Shift, Stage
from tidegate.model.told import Told
from tidegate.planner.planning import next_ledger
from tidegate.planner.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.analysis import Look

pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="prometheus (Debian: prometheus) isn't installed")

SHARE = {"query": 'sum(rate(http_requests_total{service="{{service}}", slot="{{slot}}", code="500"}[{{window}}]))', "max": 0.1}
VERDICTS = {"good": "pass", "bad": "fail", "sparse": "fail", "rare": "marginal", "slow": "fail", "few": "inconclusive", "silent": "no-data"}


class Scene:
    """Services in the middle of a release, half of the traffic on the candidates."""

    def __init__(self, url: str, pods: Pods) -> None:
        self.pods, self._door = pods, HttpDoor(url)
        self.metrics = Prometheus(self._door)
        old, self.intent = (self._intent(version) for version in ("v1", "v2"))
        ledger = next_ledger(None, old, Apply()).ledger
        for event in (Stage(), Shift(weight=50)):
            ledger = next_ledger(ledger, self.intent, event).ledger
        self.reading = Reading(ledger)
        self.since = self.now()
        self.window = "10m"

    def _intent(self, version: str) -> Any:
        return intended(
            {name: {"version": version, **CANARY, "analysis": {"metrics": {"errors": SHARE}} if name == "bad" else {}} for name in VERDICTS}
        )

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    def scraped(self) -> datetime:
        """Now that all that was counted until now has been scraped, twice."""
        seen = self.pods.scrapes
        wait(lambda: self.pods.scrapes >= seen + 3, "three more scrapes")
        # The last of them is stored by the time that the next one is asked for.
        return self.now()

    def look(self, service: str, at: datetime) -> Look:
        told = Told(Values({}, frozenset()), self.intent, "Pulumi.test.yaml")
        return ThresholdJudge(lambda _: self.metrics).look(told, self.reading, service, self.since, at)

    def close(self) -> None:
        self._door.close()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Live slots have been scraped for a while; the candidates have not, or had errors before their step began."""
    pods, folder = Pods(), tmp_path_factory.mktemp("prometheus")
    for name in VERDICTS:
        pods.serve(name, "blue", 100_000, 20)
    pods.serve("good", "green", 10, 500)
    with prometheus(folder, pods) as url:
        wait(lambda: pods.scrapes >= 2, "the first scrapes")
        made = Scene(url, pods)
        made.scraped()
        made.since = made.now()
        made.scraped()
        yield made
        made.close()


def test_candidates(scene: Scene) -> None:
    """Good, bad, sparse, slow, few and silent ones are told apart; what a counter was born with counts, what it had before does not."""
    # A window is whole seconds.
    wait(lambda: scene.now() - scene.since > timedelta(seconds=1.5), "a second and a half")
    for name in VERDICTS:
        scene.pods.serve(name, "blue", 6000)
    scene.pods.serve("good", "green", 6000)
    scene.pods.serve("bad", "green", 5700, 300)
    scene.pods.serve("sparse", "green", 5982, 18)
    scene.pods.serve("rare", "green", 5995, 5)
    scene.pods.serve("slow", "green", 6000, takes=3)
    scene.pods.serve("few", "green", 12)
    at = scene.scraped()
    looks = {name: scene.look(name, at) for name in VERDICTS}
    assert {name: look.verdict for name, look in looks.items()} == VERDICTS, looks
    assert "(0 of 6,000 requests in " in looks["good"].measured[0].text
    assert "(300 of 6,000 requests in " in looks["bad"].measured[0].text
    assert "(18 of 6,000 requests in " in looks["sparse"].text
    assert "(5 of 6,000 requests in " in looks["rare"].text
    assert {name: scene.look(name, at) for name in VERDICTS} == looks


def test_what_it_can_t_answer(scene: Scene) -> None:
    """A query that isn't one is refused with its own words; one that finds nothing is an answer."""
    with pytest.raises(QueryError, match=r"refuses the query `sum\(`.*parse error"):
        scene.metrics.query("sum(", scene.now())
    assert scene.metrics.query("nothing", scene.now()) == ()
    assert scene.metrics.query("scalar(vector(3))", scene.now())[0].points[0][1] == 3
