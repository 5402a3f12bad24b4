"""Looks at candidates that are good, bad, silent and in between."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import promql_parser
import pytest

from tests.unit.tidegate.analysis.measured import SINCE, Recorded, after, reading, told
from tidegate.analysis.judge import ThresholdJudge
from tidegate.planner.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.analysis import Look

Traffic = dict[str, Any]


def look(metrics: Recorded, seconds: float = 120, /, *, weight: int = 50, **analysis: Any) -> Look:
    """One look, so long after the step began."""
    return ThresholdJudge(lambda _: metrics).look(told(**analysis), reading(weight), "web", SINCE, after(seconds))


def both(candidate: Traffic, live: Traffic | None = None) -> Recorded:
    """Two minutes of traffic on both slots, the live one's since long ago."""
    metrics = Recorded()
    metrics.traffic("blue", -60, 120, **{"requests": 1500, **(live or {})})
    metrics.traffic("green", 0, 120, **candidate)
    return metrics


CASES: dict[str, tuple[Traffic, Traffic, str, str]] = {
    "as good as the live one": ({}, {}, "pass", "error rate 0% (0 of 1,000 requests in 120 s) <= 1%; latency p95 "),
    "a few errors, as the live one has": ({"errors": 5}, {"errors": 7}, "pass", "error rate 0.5% (5 of 1,000"),
    "above the bound": ({"errors": 40}, {}, "fail", "error rate 4% (40 of 1,000 requests in 120 s) > 1%"),
    "all fail": ({"errors": 1000}, {}, "fail", "error rate 100%"),
    "far below the bound, and far above the live one": (
        {"requests": 10_000, "errors": 40},
        {"requests": 15_000},
        "fail",
        "that is no chance",
    ),
    "five errors against none": ({"requests": 2000, "errors": 5}, {"requests": 3000}, "marginal", "that is hardly chance"),
    "a little above the bound": (
        {"errors": 12},
        {"errors": 18},
        "marginal",
        "1.2% (12 of 1,000 requests in 120 s) > 1%, but it may be chance",
    ),
    "slow": ({"takes": 4.0}, {}, "fail", "latency p95 4.88 s (1,000 requests in 120 s) > 2 s"),
    "slower than it can tell": ({"takes": 60.0}, {}, "fail", "latency p95 above 5 s"),
    "few requests": ({"requests": 30}, {}, "inconclusive", "error rate 0% (0 of 30 requests in 120 s): 50 requests are needed to tell"),
    "few requests, and most of them fail": ({"requests": 8, "errors": 5}, {}, "fail", "62.5% (5 of 8 requests in 120 s) > 1%"),
    "few requests, one of which failed": ({"requests": 3, "errors": 1}, {}, "inconclusive", "50 requests are needed to tell"),
}


@pytest.mark.parametrize("case", CASES)
def test_errors_and_latency(case: str) -> None:
    """Bounds hold, small differences are told from chance, and too few requests never pass."""
    candidate, live, verdict, text = CASES[case]
    found = look(both(candidate, live))
    assert found.verdict == verdict, found
    assert text in found.text
    assert found.score == (100 if verdict == "pass" else 75 if verdict == "marginal" else 0)


def test_no_traffic_is_no_data() -> None:
    """A candidate that nobody asks is neither well nor bad: complaint 10."""
    metrics = Recorded()
    metrics.traffic("blue", -60, 120)
    assert look(metrics).verdict == "no-data"
    assert "nobody has counted requests of the candidate in 120 s" in look(metrics).text
    for second in range(-60, 121, 5):
        metrics.put("http_requests_total", {"slot": "green", "code": "200"}, second, 7)
    found = look(metrics)
    assert (found.verdict, found.score) == ("no-data", 0)
    assert "the candidate got no requests in 120 s" in found.text


def test_the_live_slot_hides_nothing() -> None:
    """A candidate that fails all of its few requests fails beside a live slot with a hundred times as many: complaint 6."""
    assert look(both({"requests": 100, "errors": 100}, {"requests": 20_000}), weight=25).verdict == "fail"


def test_what_was_before_the_step_doesn_t_count() -> None:
    """Errors of the weight before are not this step's, wherever in the window they were; nor is a first scrape that they may be in."""
    metrics = both({})
    for second, value in ((-20, 500.0), (-5, 900.0), (10, 950.0), (25, 950.0), (115, 951.0)):
        metrics.put("http_requests_total", {"slot": "green", "code": "503"}, second, value)
    found = look(metrics)
    assert found.verdict == "pass"
    assert "1 of 1,001 requests" in found.text


def test_a_window_reaches_back_no_further_than_it_should() -> None:
    """Errors that ended a window ago are no more; one look later they were still there."""
    metrics = both({})
    metrics.traffic("green", 120, 600)
    metrics.traffic("green", 0, 60, errors=60, requests=60, pod="web-2")
    assert [look(metrics, seconds).verdict for seconds in (60, 120, 150, 185)] == ["fail", "fail", "fail", "pass"]


def test_few_requests_are_gathered_since_the_step_began() -> None:
    """Where a window has too few of them to tell, all that there were at this weight are enough."""
    metrics = Recorded()
    metrics.traffic("green", 0, 1200, requests=120)
    assert look(metrics, 120).verdict == "inconclusive"
    found = look(metrics, 600)
    assert found.verdict == "pass"
    assert "of 60 requests in 600 s" in found.text


def test_what_goes_on_is_no_chance() -> None:
    """A few errors more than the live slot has may be chance in a window; window after window they aren't."""
    metrics = Recorded()
    metrics.traffic("blue", -60, 1200, requests=21_000)
    metrics.traffic("green", 0, 1200, requests=20_000, errors=50)
    found = {seconds: look(metrics, seconds).verdict for seconds in (120, 300, 600)}
    assert found == {120: "marginal", 300: "marginal", 600: "fail"}
    assert "25 of 10,000 requests in 600 s), of the live slot 0% (0 of 10,000): that is no chance" in look(metrics, 600).text


def test_a_good_past_is_no_excuse() -> None:
    """Errors that are above the bound now, if only by chance, are no pass for having been fewer before."""
    metrics = Recorded()
    metrics.traffic("green", 0, 1080, requests=90_000)
    metrics.traffic("green", 1080, 1200, requests=1000, errors=13, pod="web-2")
    assert look(metrics, 1200).verdict == "marginal"


def test_pods_that_are_new_or_start_again_are_counted_whole() -> None:
    """A counter that comes into being with its errors, or falls, hides none of them."""
    metrics = both({})
    metrics.put("http_requests_total", {"slot": "green", "code": "500", "pod": "web-2"}, 60, 25)
    for second, value in ((10, 40.0), (40, 60.0), (70, 5.0)):
        metrics.put("http_requests_total", {"slot": "green", "code": "502", "pod": "web-3"}, second, value)
    assert "(90 of 1,090 requests" in look(metrics).text


def test_at_full_weight_the_live_slot_is_as_it_last_was() -> None:
    """With all traffic on the candidate, it is compared with the live slot just before that."""
    metrics = Recorded()
    metrics.traffic("blue", -300, 0, requests=30_000)
    metrics.traffic("green", 0, 120, requests=12_000, errors=60)
    found = look(metrics, weight=100)
    assert found.verdict == "fail"
    assert "of the live slot 0% (0 of " in found.text


def test_what_is_promoted_is_judged_on() -> None:
    """After a promotion the slot that became live is judged, flipped services too."""
    metrics = Recorded()
    metrics.traffic("green", 0, 120, errors=100)
    judge, stack = ThresholdJudge(lambda _: metrics), reading(100, promoted=True)
    assert judge.look(told(), stack, "web", SINCE, after(120)).verdict == "fail"
    assert stack.ledger is not None
    assert stack.ledger.services["web"].live == "green"


def test_what_is_live_can_be_looked_at() -> None:
    """Also of a service that the last release had nothing to do with; of one that isn't there, there is nothing to see."""
    metrics, ledger = Recorded(), reading(50).ledger
    assert ledger is not None
    assert ledger.release is not None
    metrics.traffic("blue", 0, 120)
    other = Reading(ledger.model_copy(update={"release": ledger.release.model_copy(update={"services": ("api",)})}))
    judge = ThresholdJudge(lambda _: metrics)
    assert judge.look(told(), other, "web", SINCE, after(120)).verdict == "pass"
    assert judge.look(told(), Reading(None), "web", SINCE, after(120)).verdict == "no-data"


OWN = 'sum(queue_length{slot="{{slot}}", service="{{service}}", namespace="{{namespace}}"})'
METRICS: dict[str, tuple[Traffic, dict[str, list[float]], str, str]] = {
    "within its bounds": ({"max": 10, "min": 1}, {"green": [5]}, "pass", "queue 5"),
    "above": ({"max": 10}, {"green": [11]}, "marginal", "queue 11 > 10"),
    "above, and critical": ({"max": 10, "critical": True}, {"green": [11]}, "fail", "queue 11 > 10"),
    "above, and heavy": ({"max": 10, "weight": 100}, {"green": [11]}, "fail", "queue 11 > 10"),
    "below": ({"min": 3}, {"green": [2]}, "marginal", "queue 2 < 3"),
    "no worse than the live one": ({"compare": "increase"}, {"green": [12], "blue": [10]}, "pass", "queue 12, of the live slot 10"),
    "worse than the live one": ({"compare": "increase"}, {"green": [13], "blue": [10]}, "marginal", "more than 20% above"),
    "better than the live one": ({"compare": "increase"}, {"green": [1], "blue": [10]}, "pass", "queue 1"),
    "less than the live one": ({"compare": "decrease", "allowed": 0.5}, {"green": [4], "blue": [10]}, "marginal", "more than 50% below"),
    "other than the live one": ({"compare": "either"}, {"green": [13], "blue": [10]}, "marginal", "more than 20% above"),
    "nothing": ({"max": 10}, {}, "no-data", "queue gives nothing"),
    "nothing, which fails": ({"max": 10, "no_data": "fail"}, {}, "marginal", "queue gives nothing"),
    "nothing to compare with": ({"compare": "increase"}, {"green": [3]}, "no-data", "queue 3, but of the live slot it gives nothing"),
    "infinite": ({"max": 10}, {"green": [float("inf")]}, "no-data", "queue gives inf"),
    "several": ({"max": 10, "query": OWN[4:-1]}, {"green": [1, 2]}, "no-data", "queue gives 2 series"),
    "no value": ({"max": 10, "query": f"sqrt(0 - {OWN})"}, {"green": [4]}, "no-data", "queue gives nan"),
    "a range": ({"max": 10, "query": f"{OWN[4:-1]}[30s]"}, {"green": [4]}, "no-data", "queue gives 6 values of one series"),
    "refused": ({"max": 10, "query": "label_replace(up, 'a', 'b', 'c', '(')"}, {}, "no-data", "queue can't be asked for"),
}  # fmt: skip


@pytest.mark.parametrize("case", METRICS)
def test_metrics_of_one_s_own(case: str) -> None:
    """Bounds, comparisons with the live slot, weights, and everything that is no number: which is never a pass (complaint 7)."""
    settings, values, verdict, text = METRICS[case]
    metrics = both({})
    for slot, numbers in values.items():
        for number, value in enumerate(numbers):
            for second in range(0, 121, 5):
                metrics.put("queue_length", {"slot": slot, "pod": f"web-{number}"}, second, value)
    # Beside two others of the same weight, one that fails leaves 66 of 100.
    found = look(metrics, metrics={"queue": {"query": OWN, **settings}}, marginal_score=60)
    assert found.verdict == verdict, found
    assert text in " ".join(one.text for one in found.measured)


def test_a_metric_that_vanished_is_no_data() -> None:
    """A pod that is gone has no values any more, however good its last one was."""
    metrics = both({})
    metrics.put("queue_length", {"slot": "green"}, 0, 1)
    metrics.put("queue_length", {"slot": "green"}, 5, float("nan"))
    found = look(metrics, metrics={"queue": {"query": OWN, "max": 10}})
    assert found.verdict == "no-data"


def test_the_first_moment() -> None:
    """A look at the very moment at which the step began has nothing to see."""
    assert look(both({}), 0, metrics={"queue": {"query": OWN, "max": 10}}).verdict == "no-data"
    assert look(both({}), -30).verdict == "no-data"


def test_the_same_look_twice() -> None:
    """A look at a moment that is past is what it was, whatever has been measured since."""
    metrics = both({})
    first = look(metrics, 90)
    metrics.traffic("green", 120, 240, errors=1000)
    assert look(metrics, 90) == first


def test_every_query_parses() -> None:
    """Each is PromQL for one slot of one service, and reaches back no further than the step, but to see what was there."""
    metrics = both({})
    look(metrics, 45, metrics={"own": {"query": "rate(x{slot='{{slot}}', namespace='{{namespace}}'}[{{window}}])", "max": 1}})
    assert len(metrics.asked) == 4
    for query in metrics.asked:
        promql_parser.parse(query)
        assert "{{" not in query
        assert ("green" in query) != ("blue" in query)
        assert "[45s]" in query or "[345s]" in query


@pytest.mark.parametrize("delay", [0.0, 0.4, 7.3])
def test_moments_needn_t_be_whole_seconds(delay: float) -> None:
    """Windows are whole seconds to Prometheus, and never longer than what there is."""
    shifted: Callable[[float], Any] = lambda s: after(s) + timedelta(seconds=delay / 10)  # noqa: E731 - a name for a shift
    found = ThresholdJudge(lambda _: both({})).look(told(), reading(50), "web", after(delay), shifted(100))
    assert found.verdict == "pass"
