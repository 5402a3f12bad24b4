"""Buckets say how they are encrypted.

Looks at: `serverSideEncryptionConfiguration(s)` of buckets, `rules` of `aws:s3/bucketServerSideEncryptionConfiguration:...`.
Allowed: `sseAlgorithm` AES256, aws:kms or aws:kms:dsse; with the setting `keys: own` one of the latter, with a key of one's own.
"""

from collections.abc import Iterator
from typing import Literal

from policies.judging import Field, Finding, Given, Settings, Stack, Subject, Violation, each, of_stack
from policies.security.aws.buckets import about, buckets, own
from policies.security.aws.frameworks import gdpr, soc2

_ALGORITHMS = frozenset({"AES256", "aws:kms", "aws:kms:dsse"})
_SEPARATE = ("BucketServerSideEncryptionConfiguration", "BucketServerSideEncryptionConfigurationV2")
_DEFAULT = "applyServerSideEncryptionByDefault"


class Keys(Settings):
    """Whose keys are good enough."""

    keys: Literal["any", "own"] = "any"
    """`own`: only keys of one's own in KMS; `any`: Amazon's, too."""


@of_stack(
    "Buckets say how they are encrypted.",
    severity="medium",
    fix="Declare the bucket's encryption: `aws:kms` with a key of your own, or AES256.",
    standards=(soc2("CC6.1", "C1.1"), gdpr("32")),
    tags=("aws", "s3", "encryption"),
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html",
    settings=Keys,
)
def s3_encryption(stack: Stack, given: Given[Keys]) -> Iterator[Finding]:
    """In the bucket itself, or in a resource apart."""
    yield from each(buckets(stack), lambda bucket: _judge(stack, bucket, given.settings.keys))


def _judge(stack: Stack, bucket: Subject, keys: str) -> Iterator[Finding]:
    rules = [*_apart(stack, bucket)] or [*_own(bucket)]
    if not any(rule.at("sseAlgorithm").text in _ALGORITHMS for rule in rules):
        yield Violation(bucket.at("serverSideEncryptionConfiguration"), f"{bucket.shown} doesn't say how it is encrypted")
    elif keys == "own":
        for rule in rules:
            if not (rule.at("sseAlgorithm").text.startswith("aws:kms") and rule.at("kmsMasterKeyId").given):
                yield Violation(rule, f"{bucket.shown} isn't encrypted with a key of your own")


def _apart(stack: Stack, bucket: Subject) -> Iterator[Field]:
    for one in about(stack, bucket, *_SEPARATE):
        yield from (rule.at(_DEFAULT) for rule in one.at("rules").items())


def _own(bucket: Subject) -> Iterator[Field]:
    for one in own(bucket, "serverSideEncryptionConfiguration"):
        if one.at("rule", _DEFAULT).given:
            yield one.at("rule", _DEFAULT)
    for several in own(bucket, "serverSideEncryptionConfigurations"):
        for rule in (rule for one in several.items() for rule in one.at("rules").items()):
            # Of the old form, each of these is a list of one.
            yield from [*rule.at("applyServerSideEncryptionByDefaults").items()] or [rule.at(_DEFAULT)]
