"""Who reads and writes in a bucket is written down.

Looks at: `logging(s)` of buckets, `targetBucket` of `aws:s3/bucketLogging:BucketLogging`.
Allowed: a bucket that the log is written to. Those that such logs are written to needn't have one themselves.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Stack, Subject, Violation, each, of_stack
from policies.security.aws.buckets import about, buckets, is_target, own
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_stack(
    "Who reads and writes in a bucket is written down.",
    severity="medium",
    fix="Declare a BucketLogging of the bucket, into a bucket for logs.",
    standards=(cis("3.4"), soc2("CC7.2"), gdpr("30", "33")),
    tags=("aws", "s3", "logging"),
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html",
)
def s3_logging(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """In a resource apart, or in the bucket itself."""
    yield from each(buckets(stack), lambda bucket: _judge(stack, bucket))


def _judge(stack: Stack, bucket: Subject) -> Iterator[Finding]:
    if is_target(stack, bucket):
        return
    targets = [one.at("targetBucket") for one in about(stack, bucket, "BucketLogging", "BucketLoggingV2")]
    targets += [one.at("targetBucket") for one in own(bucket, "logging")]
    targets += [one.at(0, "targetBucket") for one in own(bucket, "loggings")]
    if not any(_there(target) for target in targets):
        yield Violation(bucket.at("logging"), f"{bucket.shown} has no access log")


def _there(target: Field) -> bool:
    """Whether there is one, of whatever name: it is a name that isn't known, or one that is."""
    return bool(target.subject.comes_from(str(target.steps[0]))) or target.given
