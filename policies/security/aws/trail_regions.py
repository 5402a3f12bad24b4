"""Trails write down what is done in all regions.

Looks at: `isMultiRegionTrail`, `enableLogging` and `includeGlobalServiceEvents` of `aws:cloudtrail/trail:Trail`.
Allowed: true; of the latter two also nothing.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, each, of_objects
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_objects(
    "aws:cloudtrail/trail:Trail",
    title="Trails write down what is done in all regions.",
    severity="high",
    fix="Set `isMultiRegionTrail: true`, and leave `enableLogging` and `includeGlobalServiceEvents` out.",
    standards=(cis("3.1"), soc2("CC7.2", "CC7.3"), gdpr("30", "33")),
    tags=("aws", "cloudtrail", "logging"),
    url="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html",
)
def cloudtrail_everywhere(trail: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Whoever breaks in does so where nobody looks."""
    yield from each(("enableLogging", "includeGlobalServiceEvents"), lambda name: _on(trail, name))
    flag = trail.at("isMultiRegionTrail")
    if flag.value is not True:
        yield Violation(flag, f"{trail.shown} is of one region only", mended=To(value=True))


def _on(trail: Subject, name: str) -> Iterator[Finding]:
    if trail.at(name).value is False:
        yield Violation(trail.at(name), f"{name} of {trail.shown} is off", mended=To(value=True))
