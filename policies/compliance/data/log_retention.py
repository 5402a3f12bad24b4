"""Logs are kept for a while, and not for ever.

Looks at: `retentionInDays` of `aws:cloudwatch/logGroup:LogGroup`.
Allowed: from the setting `least` to the setting `most`: 30 to 400 days unless they say otherwise. 0, or nothing, is for ever.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field as Bounded

from policies.compliance.frameworks import gdpr, soc2
from policies.judging import Finding, Given, Settings, Subject, Violation, of_objects


class Days(Settings):
    """How long."""

    least: Annotated[int, Bounded(ge=1)] = 30
    """At least so many days: whoever looks into something needs them."""
    most: Annotated[int, Bounded(ge=1)] = 400
    """At most so many: there are people in them."""


@of_objects(
    "aws:cloudwatch/logGroup:LogGroup",
    title="Logs are kept for a while, and not for ever.",
    severity="medium",
    fix="Set `retentionInDays` to something between the bounds.",
    standards=(gdpr("5(1)(e)"), soc2("CC7.2", "C1.2")),
    tags=("aws", "data", "logging"),
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
    settings=Days,
)
def log_retention(group: Subject, given: Given[Days]) -> Iterator[Finding]:
    """Where nothing is said, they are kept for ever."""
    field, bounds = group.at("retentionInDays"), given.settings
    days = field.value if isinstance(field.value, int) else 0
    if not days:
        yield Violation(field, f"{group.shown} keeps logs for ever; {bounds.most} days are the most")
    elif not bounds.least <= days <= bounds.most:
        yield Violation(field, f"{group.shown} keeps logs for {days} days; {bounds.least} to {bounds.most} are asked for")
