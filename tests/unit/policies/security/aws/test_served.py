"""The stack as Pulumi tells of it in a preview: names aren't known yet, and neither is what Amazon fills in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2

from policies.judging.rulebook import Pack
from policies.judging.serving import Analyzer
from policies.security import aws

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
CONTEXT: Any = SimpleNamespace()


def told(kind: str, name: str, properties: dict[str, Any], made_of: dict[str, list[str]]) -> Any:
    """A resource, as the engine sends it with the whole stack."""
    token = f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"
    resource = analyzer_pb2.AnalyzerResource(type=token, urn=f"urn:{name}", name=name)
    json_format.ParseDict(properties, resource.properties)
    for key, urns in made_of.items():
        resource.propertyDependencies[key].urns.extend(urns)
    return resource


BUCKET = told(
    "Bucket",
    "shop",
    {
        "bucket": UNKNOWN,
        "tags": {},
        "versioning": UNKNOWN,
        "policy": UNKNOWN,
        "serverSideEncryptionConfiguration": UNKNOWN,
        "logging": UNKNOWN,
    },
    {},
)
OF_IT = {"bucket": ["urn:shop"]}


def found(*resources: Any) -> dict[str, int]:
    """What is said of the stack, by policy."""
    analyzer = Analyzer(Pack("security", "Security", aws.POLICIES))
    request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
    return {one.policyName: one.enforcementLevel for one in analyzer.AnalyzeStack(request, CONTEXT).diagnostics}


def test_a_bare_bucket() -> None:
    """What the program doesn't say is missing now, whatever Amazon will fill in."""
    names = {"s3-public-access-blocks", "s3-encryption", "s3-versioning", "s3-tls-only", "s3-logging"}
    assert found(BUCKET) == dict.fromkeys(names, analyzer_pb2.MANDATORY)


def test_what_is_said_apart() -> None:
    """Pulumi tells which bucket it is about; a policy that has the bucket's name in it is read when that is known."""
    locks = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
    default = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    parts = [
        told("BucketPublicAccessBlock", "block", {"bucket": UNKNOWN, **locks}, OF_IT),
        told("BucketVersioning", "versions", {"bucket": UNKNOWN, "versioningConfiguration": {"status": "Enabled"}}, OF_IT),
        told("BucketServerSideEncryptionConfiguration", "encryption", {"bucket": UNKNOWN, "rules": [default]}, OF_IT),
        told("BucketLogging", "log", {"bucket": UNKNOWN, "targetBucket": "audit"}, OF_IT),
        told("BucketPolicy", "policy", {"bucket": UNKNOWN, "policy": UNKNOWN}, {**OF_IT, "policy": ["urn:shop"]}),
    ]
    assert found(BUCKET, *parts) == {"s3-tls-only": analyzer_pb2.ADVISORY}


def test_what_is_said_of_another() -> None:
    """It is of no use to this one."""
    other = told(
        "BucketVersioning", "versions", {"bucket": UNKNOWN, "versioningConfiguration": {"status": "Enabled"}}, {"bucket": ["urn:x"]}
    )
    assert found(BUCKET, other)["s3-versioning"] == analyzer_pb2.MANDATORY
