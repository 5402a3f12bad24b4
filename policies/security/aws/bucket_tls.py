"""Buckets answer only over TLS.

Looks at: `policy` of each bucket, or of its `aws:s3/bucketPolicy:BucketPolicy`.
Allowed: a policy that denies everybody `s3:*` on all objects where `aws:SecureTransport` is false.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Subject, Violation, each, of_stack
from policies.security.aws.buckets import about, buckets, own
from policies.security.aws.documents import Statement, statements
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_stack(
    "Buckets answer only over TLS.",
    severity="medium",
    fix='Deny `s3:*` to everybody on the bucket and on `<bucket>/*` with the condition {"Bool": {"aws:SecureTransport": "false"}}.',
    standards=(cis("2.1.1"), soc2("CC6.7"), gdpr("32")),
    tags=("aws", "s3", "tls"),
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
)
def s3_tls_only(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """In the bucket's own policy, or in the one apart."""
    yield from each(buckets(stack), lambda bucket: _judge(stack, bucket))


def _judge(stack: Stack, bucket: Subject) -> Iterator[Finding]:
    policies = [one.at("policy") for one in about(stack, bucket, "BucketPolicy")] or [*own(bucket, "policy")]
    if not any(_denies_plain(statement) for policy in policies for statement in statements(policy)):
        yield Violation(policies[0] if policies else bucket.at("policy"), f"{bucket.shown} also answers without TLS")


def _denies_plain(statement: Statement) -> bool:
    plain = ("bool", "aws:securetransport", ("false",)) in statement.conditions and len(statement.conditions) == 1
    everything = bool({"*", "s3:*"}.intersection(action.lower() for action in statement.actions))
    objects = any(name == "*" or name.endswith("*") for name in statement.resources)
    return not statement.allows and plain and everything and objects and statement.of_anybody and not statement.not_principals
