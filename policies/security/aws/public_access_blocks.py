"""Buckets can't be opened to everybody, not even by mistake.

Looks at: `aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock` of each bucket;
`aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock`.
Allowed: `blockPublicAcls`, `blockPublicPolicy`, `ignorePublicAcls` and `restrictPublicBuckets` all true, for the bucket or the account.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Subject, Violation, each, of_stack
from policies.security.aws.buckets import about, buckets, token
from policies.security.aws.frameworks import cis, gdpr, soc2

_LOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@of_stack(
    "Buckets can't be opened to everybody, not even by mistake.",
    severity="high",
    fix="Declare a BucketPublicAccessBlock of the bucket with all four locks true.",
    standards=(cis("2.1.4"), soc2("CC6.1", "CC6.6"), gdpr("25", "32")),
    tags=("aws", "s3", "public"),
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
def s3_public_access_blocks(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """The account's block holds for all of its buckets."""
    yield from each(buckets(stack), lambda bucket: _judge(stack, bucket))


def _judge(stack: Stack, bucket: Subject) -> Iterator[Finding]:
    accounts = stack.of(token("AccountPublicAccessBlock"))
    if any(not list(_open(one)) for one in accounts):
        return
    blocks = list(about(stack, bucket, "BucketPublicAccessBlock"))
    for block in blocks:
        for name in _open(block):
            yield Violation(block.at(name), f"{name} of the public access block of {bucket.shown} is not true")
    if not blocks:
        yield Violation(bucket.at("bucket"), f"{bucket.shown} has no public access block")


def _open(block: Subject) -> Iterator[str]:
    return (name for name in _LOCKS if block.at(name).value is not True)
