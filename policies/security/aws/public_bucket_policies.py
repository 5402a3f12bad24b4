"""No policy of a bucket lets everybody in.

Looks at: `policy` of `aws:s3/bucket:Bucket` and BucketV2, and of `aws:s3/bucketPolicy:BucketPolicy`.
Allowed: statements that allow something to somebody, or to everybody of an account, an organisation or a network.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.buckets import BUCKETS, token
from policies.security.aws.documents import Statement, statements
from policies.security.aws.frameworks import gdpr, soc2


@of_objects(
    *BUCKETS,
    token("BucketPolicy"),
    title="No policy of a bucket lets everybody in.",
    severity="critical",
    fix="Name who may in `Principal`, or narrow it to an organisation, an account or a network in `Condition`.",
    standards=(soc2("CC6.1", "CC6.6"), gdpr("25", "32")),
    tags=("aws", "s3", "public", "iam"),
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
def s3_public_policies(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each statement for itself."""
    yield from each(statements(subject.at("policy")), _judge)


def _judge(statement: Statement) -> Iterator[Finding]:
    if statement.public:
        yield Violation(statement.at, f"{statement.shown} of {statement.at.subject.shown} lets everybody in")
