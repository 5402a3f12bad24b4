"""Autoscalers have bounds that can hold.

Looks at: `minReplicas`, `maxReplicas` and `metrics` of HorizontalPodAutoscalers.
Allowed: at least one pod, no fewer at most than at least, and something to go by where the number may change.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field as Bounded

from policies.judging import Finding, Given, Settings, Standard, Subject, Violation, of_objects
from policies.release.reading import AUTOSCALER, whole


class Bounds(Settings):
    """How big something may get."""

    most: Annotated[int, Bounded(ge=1)] = 200
    """How many pods an autoscaler may make."""


@of_objects(
    AUTOSCALER,
    title="Autoscalers have bounds that can hold.",
    severity="medium",
    fix="Set minReplicas to at least 1, maxReplicas to no less than that, and say what is measured.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "availability"),
    url="https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
    settings=Bounds,
)
def autoscalers(autoscaler: Subject, given: Given[Bounds]) -> Iterator[Finding]:
    """The bounds of one autoscaler."""
    least, most = autoscaler.at("spec", "minReplicas"), autoscaler.at("spec", "maxReplicas")
    low, high = whole(least, 1), whole(most, 0)
    if low < 1:
        yield Violation(least, "an autoscaler that may take all pods away leaves nobody to serve the first request")
    if high < low:
        yield Violation(most, f"at most {high} pods are fewer than the least, {low}")
    if high > given.settings.most:
        yield Violation(most, f"{high} pods are more than the {given.settings.most} that are allowed")
    measured = autoscaler.at("spec", "metrics")
    if autoscaler.type.endswith("/v2:HorizontalPodAutoscaler") and high > low and not any(True for _ in measured.items()):
        yield Violation(measured, "nothing says what is measured")
