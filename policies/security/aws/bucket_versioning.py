"""What is overwritten or deleted in a bucket can be had back.

Looks at: `versioning(s)` of buckets, `versioningConfiguration` of `aws:s3/bucketVersioning:BucketVersioning`.
Allowed: `enabled: true`, `status: Enabled`.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Subject, Violation, each, of_stack
from policies.security.aws.buckets import about, buckets, own
from policies.security.aws.frameworks import gdpr, soc2


@of_stack(
    "What is overwritten or deleted in a bucket can be had back.",
    severity="medium",
    fix="Declare a BucketVersioning of the bucket with the status Enabled.",
    standards=(soc2("A1.2", "CC7.5"), gdpr("32")),
    tags=("aws", "s3", "backup"),
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
)
def s3_versioning(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """In a resource apart, or in the bucket itself."""
    yield from each(buckets(stack), lambda bucket: _judge(stack, bucket))


def _judge(stack: Stack, bucket: Subject) -> Iterator[Finding]:
    for one in about(stack, bucket, "BucketVersioning", "BucketVersioningV2"):
        status = one.at("versioningConfiguration", "status")
        if status.text != "Enabled":
            yield Violation(status, f"versioning of {bucket.shown} is {status.text or 'not enabled'}")
        return
    flags = [*(one.at("enabled") for one in own(bucket, "versioning")), *(one.at(0, "enabled") for one in own(bucket, "versionings"))]
    if not any(flag.value is True for flag in flags):
        yield Violation(bucket.at("versioning"), f"{bucket.shown} keeps no versions")
