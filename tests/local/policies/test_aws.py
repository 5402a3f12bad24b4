"""Stacks on AWS, judged in the updates of a running program: what is as it should be is let through, everything else is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pulumi
import pytest
from pulumi import automation

from policies.security import PACK
from tests.local.automation.place import Heard, resources
from tests.local.policies import amazon
from tests.unit.policies.security.aws.saying import document
from tidegate.policing.packs import folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.automation.place import Place

# When a task of the program ends badly while the SDK cancels it, the SDK does not come to closing its event loop.
pytestmark = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:unclosed (event loop|<socket):ResourceWarning"),
]

LOCKS: Final = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
EVERYBODY: Final = {"Effect": "Allow", "Principal": "*"}
BACKED_UP: Final = {"storageEncrypted": True, "backupRetentionPeriod": 14, "deletionProtection": True}


class Made(pulumi.CustomResource):
    """Something on AWS, with the properties that Pulumi's package for it sends."""

    arn: pulumi.Output[str]

    def __init__(self, service: str, kind: str, name: str, **properties: Any) -> None:
        """Of `s3` a `Bucket` is an aws:s3/bucket:Bucket."""
        super().__init__(f"aws:{service}/{kind[0].lower()}{kind[1:]}:{kind}", name, {**properties, "arn": None})


def over_tls(arn: str) -> str:
    """The policy of a bucket that answers only over TLS."""
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"], "Condition": condition})


def well() -> None:
    """As it should be: plain values, values of other resources, some of them unknown before the update."""
    root = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
    key = Made("kms", "Key", "key", enableKeyRotation=True, policy=document(root))
    logs = Made("s3", "Bucket", "logs")
    for name, bucket in (("logs", logs), ("data", Made("s3", "Bucket", "data"))):
        encryption = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key.arn}}
        Made("s3", "BucketPublicAccessBlock", f"{name}-locks", bucket=bucket.id, **LOCKS)
        Made("s3", "BucketServerSideEncryptionConfiguration", f"{name}-encryption", bucket=bucket.id, rules=[encryption])
        Made("s3", "BucketVersioning", f"{name}-versions", bucket=bucket.id, versioningConfiguration={"status": "Enabled"})
        Made("s3", "BucketPolicy", f"{name}-policy", bucket=bucket.id, policy=bucket.arn.apply(over_tls))
        Made("s3", "BucketLogging", f"{name}-log", bucket=bucket.id, targetBucket=logs.id, targetPrefix="log/")
    Made("rds", "Instance", "single", engine="postgres", multiAz=True, publiclyAccessible=False, **BACKED_UP)
    cluster = Made("rds", "Cluster", "cluster", engine="aurora-postgresql", **BACKED_UP)
    for name in ("first", "second"):
        Made("rds", "ClusterInstance", name, clusterIdentifier=cluster.id, publiclyAccessible=False)
    trusted = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = Made("iam", "Role", "role", assumeRolePolicy=document(trusted))
    Made(
        "eks",
        "Cluster",
        "kubernetes",
        roleArn=role.arn,
        enabledClusterLogTypes=["api", "audit", "authenticator"],
        encryptionConfig={"provider": {"keyArn": key.arn}, "resources": ["secrets"]},
        vpcConfig={"subnetIds": ["a", "b"], "endpointPublicAccess": False, "endpointPrivateAccess": True},
    )
    inside = {"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": ["10.0.0.0/8"]}
    Made("ec2", "SecurityGroup", "group", ingress=[inside])
    Made("ec2", "DefaultSecurityGroup", "default", vpcId="vpc-1")
    Made("ebs", "Volume", "volume", encrypted=True)
    Made("iam", "Policy", "reads", policy=document({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/*"}))
    Made("ecr", "Repository", "images", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True})
    Made(
        "cloudtrail",
        "Trail",
        "trail",
        s3BucketName=logs.id,
        isMultiRegionTrail=True,
        includeGlobalServiceEvents=True,
        enableLogFileValidation=True,
        kmsKeyId=key.arn,
    )


def badly() -> None:
    """As it should not be, in every way that there is a policy against."""
    bucket = Made("s3", "Bucket", "data")
    Made("s3", "BucketAcl", "list", bucket=bucket.id, acl="public-read")
    Made("s3", "BucketPolicy", "policy", bucket=bucket.id, policy=document({**EVERYBODY, "Action": "s3:GetObject", "Resource": "*"}))
    Made("rds", "Instance", "single", engine="postgres", publiclyAccessible=True, backupRetentionPeriod=0)
    role = Made("iam", "Role", "role", assumeRolePolicy=document({**EVERYBODY, "Action": "sts:AssumeRole"}))
    Made("eks", "Cluster", "kubernetes", roleArn=role.arn, vpcConfig={"subnetIds": ["a"], "endpointPublicAccess": True})
    anywhere = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}
    Made("ec2", "SecurityGroup", "group", ingress=[anywhere])
    Made("ec2", "DefaultSecurityGroup", "default", vpcId="vpc-1", ingress=[anywhere])
    Made("ebs", "Volume", "volume")
    for name, actions in {"all": "*", "much": "s3:*", "more": "iam:PassRole"}.items():
        Made("iam", "Policy", name, policy=document({"Effect": "Allow", "Action": actions, "Resource": "*"}))
    Made(
        "iam",
        "UserPolicy",
        "own",
        user="ada",
        policy=document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}),
    )
    Made("iam", "RolePolicyAttachment", "power", role=role.id, policyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    Made("kms", "Key", "key", policy=document({**EVERYBODY, "Action": "kms:*", "Resource": "*"}))
    images = Made("ecr", "Repository", "images", imageTagMutability="MUTABLE")
    Made("ecr", "RepositoryPolicy", "images", repository=images.id, policy=document({**EVERYBODY, "Action": "ecr:BatchGetImage"}))
    Made("cloudtrail", "Trail", "trail", s3BucketName="audit")


def stack_of(place: Place, program: Callable[[], None]) -> automation.Stack:
    """A stack of that program, with the stand-in."""
    amazon.install(place.home)
    return place.inline(program)


def told(heard: Heard, level: str) -> set[str]:
    """The policies that were told at that level."""
    return {one.policy_event.policy_name for one in heard if one.policy_event and one.policy_event.enforcement_level == level}


def test_nothing_good_is_refused(place: Place) -> None:
    """In a preview what isn't known yet is told as such; in the update all of it is known, and nothing is said."""
    stack, preview, update, again = stack_of(place, well), Heard(), Heard(), Heard()
    packs = [str(folder("security"))]
    stack.preview(policy_packs=packs, on_event=preview.append)
    assert (told(preview, "mandatory"), told(preview, "advisory")) == (set(), {"s3-public-policies", "s3-tls-only"})
    stack.up(policy_packs=packs, on_event=update.append)
    stack.preview(policy_packs=packs, on_event=again.append, expect_no_changes=True)
    assert told(again, "mandatory") | told(again, "advisory") == set()
    assert told(update, "mandatory") == set()


def test_everything_bad_is_told_at_once(place: Place) -> None:
    """By each policy on AWS, those on single resources and those on the whole stack; and nothing is made."""
    stack, heard = stack_of(place, badly), Heard()
    with pytest.raises(automation.CommandError):
        stack.preview(policy_packs=[str(folder("security"))], on_event=heard.append)
    assert told(heard, "mandatory") == {one.name for one in PACK.policies if "aws" in one.tags}
    with pytest.raises(automation.CommandError):
        stack.up(policy_packs=[str(folder("security"))])
    assert resources(stack) == {}
