"""How it is judged whether a candidate is as good as what is live."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tidegate.model.base import Duration, Model, Name, Percent


class Metric(Model):
    """One thing that is measured: against bounds, against the live slot, or both."""

    query: str
    """PromQL; {{service}}, {{namespace}}, {{slot}} and {{window}} are filled in."""
    max: float | None = None
    """A value above it fails."""
    min: float | None = None
    """A value below it fails."""
    compare: Literal["increase", "decrease", "either"] | None = None
    """In which direction a difference from the live slot is bad."""
    allowed: Annotated[float, Field(ge=0)] = 0.2
    """How much worse than the live slot, as a share of its value, is still good."""
    weight: Annotated[int, Field(ge=1, le=100)] = 10
    critical: bool = False
    """Whether it alone fails the release."""
    no_data: Literal["wait", "fail"] = "wait"
    """No data is never a pass: wait for it, or fail."""

    @model_validator(mode="after")
    def _judged(self) -> Self:
        if self.max is None and self.min is None and self.compare is None:
            raise ValueError("give max, min or compare: a metric that nothing is asked of judges nothing")
        return self


class Analysis(Model):
    """What is measured at each step, how often, and how many failures end the release."""

    interval: Duration = "30s"
    window: Duration = "2m"
    failures: Annotated[int, Field(ge=0)] = 1
    """How many failed looks are borne; one more takes the release back."""
    error_rate: Annotated[float, Field(gt=0, lt=1)] | None = 0.01
    """The share of failed requests that is borne."""
    latency_p95: Duration | None = "2s"
    """What 95 of 100 requests must be faster than."""
    pass_score: Percent = 95
    marginal_score: Percent = 75
    metrics: dict[Name, Metric] = {}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.marginal_score > self.pass_score:
            raise ValueError(f"marginal_score ({self.marginal_score}) is above pass_score ({self.pass_score})")
        return self
