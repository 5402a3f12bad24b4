"""How it is judged whether a candidate is as good as what is live."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from tidegate.model.base import Duration, Finding, Model, Name, Percent, Text, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PLACES: Final = {"service": "web", "namespace": "shop", "slot": "green", "window": "2m"}
"""What a query may leave open, each with an example."""
_PLACE: Final = re.compile(r"\{\{ *([a-z]+) *\}\}")


class Metric(Model):
    """One thing that is measured: against bounds, against the live slot, or both."""

    query: Text
    """PromQL that gives one value; {{service}}, {{namespace}}, {{slot}} and {{window}} are filled in."""
    max: float | None = None
    """A value above it fails."""
    min: float | None = None
    """A value below it fails."""
    compare: Literal["increase", "decrease", "either"] | None = None
    """In which direction a difference from the live slot is bad. Without traffic there, it is as it was when it last had some."""
    allowed: Annotated[float, Field(ge=0)] = 0.2
    """How much worse than the live slot, as a share of its value, is still good."""
    weight: Annotated[int, Field(ge=1, le=100)] = 10
    """How much it counts among the others."""
    critical: bool = False
    """Whether it alone fails the release."""
    no_data: Literal["wait", "fail"] = "wait"
    """No data is never a pass: wait for it, or fail."""

    def findings(self) -> Iterable[Finding]:
        """Whether anything is asked of it."""
        if self.max is None and self.min is None and self.compare is None:
            needs = (("max",), ("min",), ("compare",))
            yield Finding((), "give max, min or compare: a metric that nothing is asked of judges nothing", needs)
        if self.max is not None and self.min is not None and self.min > self.max:
            yield Finding(("min",), f"{self.min} is above max, which is {self.max}", (("max",),))
        wrong = not_promql(self.query)
        if wrong is not None:
            yield Finding(("query",), wrong)


class Analysis(Model):
    """What is measured at each step, how often, and how many failures end the release."""

    interval: Duration = "30s"
    """How often is looked."""
    window: Duration = "2m"
    """How far back each look goes."""
    failures: Annotated[int, Field(ge=0)] = 1
    """How many failed looks are borne; one more takes the release back."""
    requests: Annotated[int, Field(ge=1)] = 50
    """So many requests at least say something of the candidate. While there are fewer it is looked further back, up to the step's begin."""
    error_rate: Annotated[float, Field(gt=0, lt=1)] | None = 0.01
    """The share of failed requests that is borne; null: not looked at."""
    latency_p95: Duration | None = "2s"
    """What 95 of 100 requests must be faster than; null: not looked at."""
    pass_score: Percent = 95
    """The score from which a look passes."""
    marginal_score: Percent = 75
    """The score from which it isn't a failure yet."""
    metrics: dict[Name, Metric] = {}
    """What else is measured, by name."""

    def findings(self) -> Iterable[Finding]:
        """Whether the scores are in order."""
        if self.marginal_score > self.pass_score:
            yield Finding(("marginal_score",), f"{self.marginal_score} is above pass_score, which is {self.pass_score}", (("pass_score",),))
        for field in ("interval", "window"):
            if seconds(getattr(self, field)) < 1:
                yield Finding((field,), f"{getattr(self, field)} is too short: a second at least")
        if self.error_rate is None and self.latency_p95 is None and not self.metrics:
            needs = (("error_rate",), ("latency_p95",), ("metrics",))
            yield Finding((), "measures nothing, so nothing could ever pass: give error_rate, latency_p95 or metrics", needs)


def filled(query: str, places: Mapping[str, str]) -> str:
    """A query with what its `{{...}}` stand for; others stay."""
    return _PLACE.sub(lambda found: places.get(found[1], found[0]), query)


def not_promql(query: str) -> str | None:
    """Why it is no query, if it isn't."""
    unknown = [name for name in _PLACE.findall(query) if name not in PLACES]
    if unknown:
        return f"there is no {{{{{unknown[0]}}}}}; there are {', '.join(f'{{{{{name}}}}}' for name in PLACES)}"
    # Only those who measure something of their own need it.
    import promql_parser

    try:
        promql_parser.parse(filled(query, PLACES))
    except ValueError as error:
        return f"is no PromQL: {error}"
    return None
