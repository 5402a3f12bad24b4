"""No access list of a bucket lets everybody in.

Looks at: `acl` and `grants` of `aws:s3/bucket:Bucket` and BucketV2; `acl` and `accessControlPolicy` of `aws:s3/bucketAcl:BucketAcl`.
Allowed: access lists other than `public-read`, `public-read-write`, `authenticated-read` and `website`; grants to others than AllUsers and
AuthenticatedUsers.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Subject, To, Violation, each, of_objects
from policies.security.aws.buckets import BUCKETS, token
from policies.security.aws.frameworks import gdpr, soc2

_PUBLIC = frozenset({"public-read", "public-read-write", "authenticated-read", "website"})
_EVERYBODY = ("global/AllUsers", "global/AuthenticatedUsers")


@of_objects(
    *BUCKETS,
    token("BucketAcl"),
    token("BucketAclV2"),
    title="No access list of a bucket lets everybody in.",
    severity="critical",
    fix="Use `private`; give access by a policy that names who may.",
    standards=(soc2("CC6.1", "CC6.6"), gdpr("25", "32")),
    tags=("aws", "s3", "public"),
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html",
)
def s3_public_acls(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Canned lists, and grants one by one."""
    yield from each((subject.at("acl"),), _canned)
    yield from each(subject.at("grants").items(), lambda grant: _granted(grant.at("uri")))
    yield from each(subject.at("accessControlPolicy", "grants").items(), lambda grant: _granted(grant.at("grantee", "uri")))


def _canned(acl: Field) -> Iterator[Finding]:
    if acl.text in _PUBLIC:
        yield Violation(acl, f"{acl.subject.shown} has the access list {acl.text}", mended=To("private"))


def _granted(uri: Field) -> Iterator[Finding]:
    if uri.text.endswith(_EVERYBODY):
        yield Violation(uri, f"{uri.subject.shown} grants access to {uri.text.rpartition('/')[2]}")
