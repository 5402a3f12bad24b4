"""What a trail has written down is encrypted with a key of one's own.

Looks at: `kmsKeyId` of `aws:cloudtrail/trail:Trail`.
Allowed: a key; one that is made in the same update has no name yet, but it is one.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, of_objects
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_objects(
    "aws:cloudtrail/trail:Trail",
    title="What a trail has written down is encrypted with a key of one's own.",
    severity="medium",
    fix="Set `kmsKeyId` to a key of KMS that CloudTrail may use.",
    standards=(cis("3.5"), soc2("CC6.1", "C1.1"), gdpr("32")),
    tags=("aws", "cloudtrail", "encryption"),
    url="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html",
)
def cloudtrail_encryption(trail: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Else with one of Amazon's."""
    key = trail.at("kmsKeyId")
    if key.known and not key.text:
        yield Violation(key, f"{trail.shown} isn't encrypted with a key of yours")
