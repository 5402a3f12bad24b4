"""Keys, images, disks, and what is written down of the account."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, stack_of
from policies.judging.fields import UNKNOWN
from policies.security.aws.image_scanning import ecr_scanning
from policies.security.aws.immutable_tags import Tags, ecr_immutable_tags
from policies.security.aws.key_rotation import kms_rotation
from policies.security.aws.public_keys import kms_public_keys
from policies.security.aws.public_repositories import ecr_public_repositories
from policies.security.aws.trail_encryption import cloudtrail_encryption
from policies.security.aws.trail_regions import cloudtrail_everywhere
from policies.security.aws.trail_validation import cloudtrail_validation
from policies.security.aws.volumes import volume_encryption
from tests.unit.policies.security.aws.saying import document, paths, resource

KEY, REPOSITORY, TRAIL = "aws:kms/key:Key", "aws:ecr/repository:Repository", "aws:cloudtrail/trail:Trail"
REGISTRY = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
PUBLIC = document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
OURS = document({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "kms:*", "Resource": "*"})


@pytest.mark.parametrize(
    ("values", "good"),
    [
        ({}, False),
        ({"enableKeyRotation": True}, True),
        ({"enableKeyRotation": False}, False),
        ({"customerMasterKeySpec": "SYMMETRIC_DEFAULT"}, False),
        ({"customerMasterKeySpec": "RSA_2048"}, True),
        ({"keyUsage": "GENERATE_VERIFY_MAC"}, True),
        ({"customKeyStoreId": "cks-1"}, True),
    ],
)
def test_rotation(values: dict[str, Any], good: bool) -> None:
    """Of the keys that KMS can change."""
    assert paths(kms_rotation, resource(KEY, values)) == ([] if good else ["enableKeyRotation"])


@pytest.mark.parametrize(
    ("policy", "kind", "field"),
    [
        (kms_public_keys, KEY, "policy"),
        (kms_public_keys, "aws:kms/keyPolicy:KeyPolicy", "policy"),
        (kms_public_keys, "aws:kms/replicaKey:ReplicaKey", "policy"),
        (ecr_public_repositories, "aws:ecr/repositoryPolicy:RepositoryPolicy", "policy"),
        (ecr_public_repositories, "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate", "repositoryPolicy"),
    ],
)
def test_whose_they_are(policy: Any, kind: str, field: str) -> None:
    """Keys and repositories are for named principals."""
    assert paths(policy, resource(kind, {field: PUBLIC})) == [field]
    assert paths(policy, resource(kind, {field: OURS})) == []
    assert paths(policy, resource(kind, {field: UNKNOWN})) == [f"{field}?"]
    assert paths(policy, resource(kind, {})) == []


@pytest.mark.parametrize(
    ("registry", "scan", "good"),
    [
        (None, None, False),
        (None, {"scanOnPush": True}, True),
        (None, {"scanOnPush": False}, False),
        ([{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}], None, True),
        ([{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*"}]}], None, True),
        ([{"scanFrequency": "MANUAL", "repositoryFilters": [{"filter": "*"}]}], None, False),
        ([{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "other"}]}], None, False),
    ],
)
def test_scanning(registry: Any, scan: Any, good: bool) -> None:
    """The repository itself on push, or the registry all of them."""
    parts = [resource(REGISTRY, {"rules": registry}, "all")] if registry else []
    whole = stack_of(resource(REPOSITORY, {"imageScanningConfiguration": scan}), *parts)
    assert paths(ecr_scanning, whole) == ([] if good else ["imageScanningConfiguration.scanOnPush"])


@pytest.mark.parametrize(
    ("tags", "strict", "exclusions"),
    [
        ("IMMUTABLE", True, True),
        ("MUTABLE", False, False),
        (None, False, False),
        ("IMMUTABLE_WITH_EXCLUSION", False, True),
        ("MUTABLE_WITH_EXCLUSION", False, False),
    ],
)
def test_tags(tags: str | None, strict: bool, exclusions: bool) -> None:
    """They stay what they are, with exclusions if that is set."""
    for kind in (REPOSITORY, "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"):
        subject = resource(kind, {"imageTagMutability": tags})
        assert (paths(ecr_immutable_tags, subject) == []) == strict
        assert (paths(ecr_immutable_tags, subject, Given(Tags(exclusions=True))) == []) == exclusions


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, ["isMultiRegionTrail"]),
        ({"isMultiRegionTrail": True}, []),
        ({"isMultiRegionTrail": True, "enableLogging": False}, ["enableLogging"]),
        ({"isMultiRegionTrail": True, "includeGlobalServiceEvents": False}, ["includeGlobalServiceEvents"]),
        ({"isMultiRegionTrail": UNKNOWN}, ["isMultiRegionTrail?"]),
    ],
)
def test_trails_everywhere(values: dict[str, Any], found: list[str]) -> None:
    """On, in all regions, with what belongs to none."""
    assert paths(cloudtrail_everywhere, resource(TRAIL, values)) == found


def test_trails_kept() -> None:
    """Validated, and encrypted with a key that may be made just now."""
    assert paths(cloudtrail_validation, resource(TRAIL, {})) == ["enableLogFileValidation"]
    assert paths(cloudtrail_validation, resource(TRAIL, {"enableLogFileValidation": True})) == []
    assert paths(cloudtrail_encryption, resource(TRAIL, {})) == ["kmsKeyId"]
    assert paths(cloudtrail_encryption, resource(TRAIL, {"kmsKeyId": "arn:key"})) == []
    assert paths(cloudtrail_encryption, resource(TRAIL, {"kmsKeyId": UNKNOWN})) == []


@pytest.mark.parametrize(
    ("values", "default", "good"),
    [
        ({"encrypted": True}, None, True),
        ({"encrypted": False}, None, False),
        ({}, None, False),
        ({}, {}, True),
        ({}, {"enabled": True}, True),
        ({}, {"enabled": False}, False),
        ({"encrypted": False}, {"enabled": True}, False),
    ],
)
def test_disks(values: dict[str, Any], default: dict[str, Any] | None, good: bool) -> None:
    """Each for itself, or all volumes of the account; file systems always for themselves."""
    parts = [] if default is None else [resource("aws:ebs/encryptionByDefault:EncryptionByDefault", default, "all")]
    assert paths(volume_encryption, stack_of(resource("aws:ebs/volume:Volume", values), *parts)) == ([] if good else ["encrypted"])
    files = paths(volume_encryption, stack_of(resource("aws:efs/fileSystem:FileSystem", values), *parts))
    assert files == ([] if values.get("encrypted") else ["encrypted"])
