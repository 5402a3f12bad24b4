"""Buckets: closed, encrypted, kept, only over TLS, and written down; whichever way it was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.judging import Given, stack_of
from policies.judging.fields import UNKNOWN
from policies.security.aws.bucket_encryption import Keys, s3_encryption
from policies.security.aws.bucket_logging import s3_logging
from policies.security.aws.bucket_tls import s3_tls_only
from policies.security.aws.bucket_versioning import s3_versioning
from policies.security.aws.public_access_blocks import s3_public_access_blocks
from policies.security.aws.public_bucket_lists import s3_public_acls
from policies.security.aws.public_bucket_policies import s3_public_policies
from tests.unit.policies.security.aws.saying import document, paths, resource

LOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
NO_PLAIN = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def bucket(kind: str = "Bucket", **values: Any) -> Any:
    """A bucket that is called logs."""
    return resource(kind, {"bucket": "logs", **values}, "logs")


def stack(own: dict[str, Any], kind: str = "", **apart: Any) -> Any:
    """A bucket, with a resource apart that is about it."""
    parts = [resource(kind, {"bucket": "logs", **apart}, "apart")] if kind else []
    return stack_of(bucket(**own), *parts)


@pytest.mark.parametrize("kind", ["Bucket", "BucketV2"])
@pytest.mark.parametrize(
    ("locks", "found"),
    [
        (LOCKED, []),
        ({**LOCKED, "blockPublicAcls": False}, ["blockPublicAcls"]),
        ({"blockPublicAcls": True, "ignorePublicAcls": True}, ["blockPublicPolicy", "restrictPublicBuckets"]),
        ({**LOCKED, "blockPublicPolicy": UNKNOWN}, ["blockPublicPolicy?"]),
        (None, ["bucket"]),
    ],
)
def test_public_access_blocks(kind: str, locks: dict[str, Any] | None, found: list[str]) -> None:
    """All four locks, of this bucket."""
    parts = [] if locks is None else [resource("BucketPublicAccessBlock", {"bucket": "logs", **locks}, "block")]
    assert paths(s3_public_access_blocks, stack_of(bucket(kind), *parts)) == found


def test_whose_block_it_is() -> None:
    """Another bucket's is none; the account's is everybody's; where a name isn't known yet, Pulumi tells what it is made of."""
    other = resource("BucketPublicAccessBlock", {"bucket": "other", **LOCKED}, "block")
    assert paths(s3_public_access_blocks, stack_of(bucket(), other)) == ["bucket"]
    account = resource("AccountPublicAccessBlock", LOCKED, "account")
    assert paths(s3_public_access_blocks, stack_of(bucket(), account)) == []
    new = resource("Bucket", {"bucket": UNKNOWN}, "new")
    unknown = {"bucket": UNKNOWN, **LOCKED}
    told = resource("BucketPublicAccessBlock", unknown, "block", made_of={"bucket": (new.urn,)})
    assert paths(s3_public_access_blocks, stack_of(new, told)) == []
    assert paths(s3_public_access_blocks, stack_of(bucket(), told)) == ["bucket"]
    untold = resource("BucketPublicAccessBlock", unknown, "block")
    assert paths(s3_public_access_blocks, stack_of(new, untold)) == ["bucket?"]


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        ("Bucket", {}, []),
        ("Bucket", {"acl": "private"}, []),
        ("Bucket", {"acl": "log-delivery-write"}, []),
        ("Bucket", {"acl": "public-read"}, ["acl"]),
        ("BucketV2", {"acl": "public-read-write"}, ["acl"]),
        ("BucketAcl", {"acl": "authenticated-read"}, ["acl"]),
        ("Bucket", {"acl": UNKNOWN}, ["acl?"]),
        ("Bucket", {"grants": [{"uri": "http://acs.amazonaws.com/groups/global/AllUsers", "permissions": ["READ"]}]}, ["grants[0].uri"]),
        ("Bucket", {"grants": [{"uri": "http://acs.amazonaws.com/groups/s3/LogDelivery"}]}, []),
        (
            "BucketAcl",
            {"accessControlPolicy": {"grants": [{"grantee": {"uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}}]}},
            ["accessControlPolicy.grants[0].grantee.uri"],
        ),
    ],
)
def test_public_lists(kind: str, values: dict[str, Any], found: list[str]) -> None:
    """Canned lists and grants to everybody, in the bucket and apart."""
    assert paths(s3_public_acls, resource(kind, values)) == found


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}, True),
        ({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "*"}, True),
        ({"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}, "Action": "s3:GetObject"}, True),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}, "Action": "s3:GetObject"}, True),
        ({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "s3:*"}, False),
        ({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}, False),
        ({"Effect": "Deny", "Principal": "*", "Action": "s3:*"}, False),
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}}, False),
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True),
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"StringEqualsIfExists": {"aws:SourceVpce": "v"}}}, True),
        ({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    ],
)
def test_public_policies(statement: dict[str, Any], public: bool) -> None:
    """Everybody, unless a condition narrows who that is; as text, as data, and as a single statement."""
    for policy in (document(statement), json.loads(document(statement)), json.dumps({"Statement": statement})):
        for kind in ("Bucket", "BucketPolicy"):
            assert paths(s3_public_policies, resource(kind, {"policy": policy})) == (["policy"] if public else [])


@pytest.mark.parametrize("policy", [None, "", "{", "[]", '"text"', '{"Statement": "x"}', 7, [], {}])
def test_policies_that_are_none(policy: Any) -> None:
    """What is no document allows nothing: Amazon doesn't take it."""
    assert paths(s3_public_policies, resource("BucketPolicy", {"policy": policy})) == []


def encrypted(algorithm: str, key: Any = None, form: str = "rule") -> dict[str, Any]:
    """Encryption, in a bucket's own forms."""
    default = {"sseAlgorithm": algorithm, "kmsMasterKeyId": key}
    if form == "rule":
        return {"serverSideEncryptionConfiguration": {"rule": {"applyServerSideEncryptionByDefault": default}}}
    return {"serverSideEncryptionConfigurations": [{"rules": [{"applyServerSideEncryptionByDefaults": [default]}]}]}


@pytest.mark.parametrize(
    ("own", "apart", "any_key", "own_key"),
    [
        ({}, None, False, False),
        (encrypted("AES256"), None, True, False),
        (encrypted("aws:kms"), None, True, False),
        (encrypted("aws:kms", "arn:key"), None, True, True),
        (encrypted("aws:kms:dsse", "arn:key", "rules"), None, True, True),
        (encrypted("rot13"), None, False, False),
        ({}, {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"}, True, True),
        ({}, {"sseAlgorithm": "AES256"}, True, False),
        (encrypted("AES256"), {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"}, True, True),
    ],
)
@pytest.mark.parametrize("kind", ["BucketServerSideEncryptionConfiguration", "BucketServerSideEncryptionConfigurationV2"])
def test_encryption(own: dict[str, Any], apart: dict[str, Any] | None, any_key: bool, own_key: bool, kind: str) -> None:
    """In the bucket or apart; with the setting only with a key of one's own."""
    rules = [{"applyServerSideEncryptionByDefault": apart}]
    whole = stack(own, kind, rules=rules) if apart else stack(own)
    assert (paths(s3_encryption, whole) == []) == any_key
    assert (paths(s3_encryption, whole, Given(Keys(keys="own"))) == []) == own_key


@pytest.mark.parametrize(
    ("own", "apart", "found"),
    [
        ({}, None, ["versioning"]),
        ({"versioning": {"enabled": True}}, None, []),
        ({"versioning": {"enabled": False}}, None, ["versioning"]),
        ({"versionings": [{"enabled": True}]}, None, []),
        ({"versioning": UNKNOWN}, None, ["versioning.enabled?"]),
        ({"versioning": UNKNOWN}, {"status": "Enabled"}, []),
        ({}, {"status": "Enabled"}, []),
        ({}, {"status": "Suspended"}, ["versioningConfiguration.status"]),
        ({}, {}, ["versioningConfiguration.status"]),
    ],
)
@pytest.mark.parametrize("kind", ["BucketVersioning", "BucketVersioningV2"])
def test_versioning(own: dict[str, Any], apart: dict[str, Any] | None, found: list[str], kind: str) -> None:
    """In the bucket or apart; what is apart counts."""
    whole = stack(own) if apart is None else stack(own, kind, versioningConfiguration=apart)
    assert paths(s3_versioning, whole) == found


@pytest.mark.parametrize(
    ("statement", "good"),
    [
        (NO_PLAIN, True),
        ({**NO_PLAIN, "Principal": {"AWS": "*"}}, True),
        ({**NO_PLAIN, "Action": ["s3:*"]}, True),
        ({**NO_PLAIN, "Resource": "*"}, True),
        ({**NO_PLAIN, "Condition": {"Bool": {"aws:SecureTransport": False}}}, True),
        ({**NO_PLAIN, "Effect": "Allow"}, False),
        ({**NO_PLAIN, "Action": "s3:PutObject"}, False),
        ({**NO_PLAIN, "Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
        ({**NO_PLAIN, "Resource": "arn:aws:s3:::logs"}, False),
        ({**NO_PLAIN, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({**NO_PLAIN, "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "v"}}}, False),
    ],
)
def test_tls_only(statement: dict[str, Any], good: bool) -> None:
    """Everybody is denied everything without TLS, in the bucket's policy or in the one apart."""
    text = document({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "s3:*"}, statement)
    assert (paths(s3_tls_only, stack({}, "BucketPolicy", policy=text)) == []) == good
    assert (paths(s3_tls_only, stack({"policy": text})) == []) == good


def test_tls_without_a_policy() -> None:
    """A bucket without a policy answers plainly; of a policy that isn't known yet nothing is said."""
    assert paths(s3_tls_only, stack({})) == ["policy"]
    assert paths(s3_tls_only, stack({}, "BucketPolicy", policy=UNKNOWN)) == ["policy?"]


def test_logging() -> None:
    """In the bucket or apart; a bucket that logs go to needs none, and one whose name isn't known yet is one."""
    assert paths(s3_logging, stack({})) == ["logging"]
    assert paths(s3_logging, stack({"logging": {"targetBucket": "audit"}})) == []
    assert paths(s3_logging, stack({"loggings": [{"targetBucket": "audit"}]})) == []
    assert paths(s3_logging, stack({}, "BucketLogging", targetBucket="audit")) == []
    shop = resource("Bucket", {"bucket": "shop", "logging": {"targetBucket": "logs"}}, "shop")
    assert paths(s3_logging, stack_of(shop, bucket())) == []
    target = resource("Bucket", {"bucket": UNKNOWN}, "target")
    made_of = {"bucket": (shop.urn,), "targetBucket": (target.urn,)}
    apart = resource("BucketLogging", {"bucket": "shop", "targetBucket": UNKNOWN}, "apart", made_of=made_of)
    assert paths(s3_logging, stack_of(resource("Bucket", {"bucket": "shop"}, "shop"), target, apart)) == []
