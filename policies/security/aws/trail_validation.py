"""Nobody can change what a trail has written down without being found out.

Looks at: `enableLogFileValidation` of `aws:cloudtrail/trail:Trail`.
Allowed: true.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_objects(
    "aws:cloudtrail/trail:Trail",
    title="Nobody can change what a trail has written down without being found out.",
    severity="medium",
    fix="Set `enableLogFileValidation: true`.",
    standards=(cis("3.2"), soc2("CC7.2", "CC7.3"), gdpr("32")),
    tags=("aws", "cloudtrail", "logging"),
    url="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html",
)
def cloudtrail_validation(trail: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each file is signed, and says which one came before it."""
    flag = trail.at("enableLogFileValidation")
    if flag.value is not True:
        yield Violation(flag, f"the files of {trail.shown} aren't validated", mended=To(value=True))
