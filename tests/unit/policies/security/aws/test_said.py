"""What is said to people, word by word, and what would make it right."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, Violation, judge, stack_of
from policies.security import aws
from tests.unit.policies.security.aws.saying import resource

LADDERS = "iam:AddUserToGroup, iam:AttachGroupPolicy, iam:AttachRolePolicy"
POLICIES = {policy.name: policy for policy in aws.POLICIES}


@pytest.mark.parametrize(
    ("name", "kind", "values", "said"),
    [
        ("s3-public-access-blocks", "Bucket", {}, [("Bucket/it has no public access block", None)]),
        ("s3-public-acls", "Bucket", {"acl": "public-read"}, [("Bucket/it has the access list public-read", ("private",))]),
        (
            "s3-public-acls",
            "Bucket",
            {"grants": [{"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}]},
            [("Bucket/it grants access to AllUsers", None)],
        ),
        (
            "s3-public-policies",
            "BucketPolicy",
            {"policy": {"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*"}}},
            [("statement 'Open' of BucketPolicy/it lets everybody in", None)],
        ),
        ("s3-encryption", "Bucket", {}, [("Bucket/it doesn't say how it is encrypted", None)]),
        ("s3-versioning", "Bucket", {}, [("Bucket/it keeps no versions", None)]),
        ("s3-tls-only", "Bucket", {}, [("Bucket/it also answers without TLS", None)]),
        ("s3-logging", "Bucket", {}, [("Bucket/it has no access log", None)]),
        ("rds-encryption", "aws:rds/instance:Instance", {}, [("the storage of Instance/it isn't encrypted", (True,))]),
        ("rds-backups", "aws:rds/instance:Instance", {}, [("Instance/it keeps no backups; at least 7 are asked for", (7,))]),
        ("rds-backups", "aws:rds/cluster:Cluster", {}, [("Cluster/it keeps backups for 1 day; at least 7 are asked for", (7,))]),
        ("rds-multi-az", "aws:rds/instance:Instance", {}, [("Instance/it is in one zone only", (True,))]),
        ("rds-multi-az", "aws:rds/cluster:Cluster", {}, [("Cluster/it has 0 instances: when its zone fails, nothing takes over", None)]),
        ("rds-deletion-protection", "aws:rds/instance:Instance", {}, [("Instance/it isn't protected against being deleted", (True,))]),
        ("rds-public", "aws:rds/instance:Instance", {"publiclyAccessible": True}, [("Instance/it has a public address", (False,))]),
        ("eks-endpoints", "aws:eks/cluster:Cluster", {}, [("the public endpoint of Cluster/it answers everybody", None)]),
        (
            "eks-endpoints",
            "aws:eks/cluster:Cluster",
            {"vpcConfig": {"publicAccessCidrs": ["0.0.0.0/0"]}},
            [("the public endpoint of Cluster/it answers 0.0.0.0/0", None)],
        ),
        ("eks-secrets-encryption", "aws:eks/cluster:Cluster", {}, [("Cluster/it doesn't encrypt secrets with a key of yours", None)]),
        (
            "eks-logging",
            "aws:eks/cluster:Cluster",
            {"enabledClusterLogTypes": ["api"]},
            [("Cluster/it doesn't log audit, authenticator", (["api", "audit", "authenticator"],))],
        ),
        (
            "open-security-groups",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"},
            [("SecurityGroupIngressRule/it lets 0.0.0.0/0 in on port 22", None)],
        ),
        (
            "open-security-groups",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"ipProtocol": "tcp", "fromPort": 20, "toPort": 30, "cidrIpv6": "::/0"},
            [("SecurityGroupIngressRule/it lets ::/0 in on ports 20 to 30", None)],
        ),
        (
            "open-security-groups",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
            [("SecurityGroupIngressRule/it lets 0.0.0.0/0 in on all ports", None)],
        ),
        (
            "default-security-groups",
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            {"ingress": [{"self": True}]},
            [("DefaultSecurityGroup/it has rules of ingress", ([],))],
        ),
        ("volume-encryption", "aws:ebs/volume:Volume", {}, [("Volume/it isn't encrypted", (True,))]),
        (
            "iam-administrators",
            "aws:iam/policy:Policy",
            {"policy": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}},
            [("statement 0 of Policy/it allows everything", None)],
        ),
        (
            "iam-wildcards",
            "aws:iam/policy:Policy",
            {"policy": {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}},
            [("statement 0 of Policy/it allows s3:* on all resources", None)],
        ),
        (
            "iam-wildcards",
            "aws:iam/policy:Policy",
            {"policy": {"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}},
            [("statement 0 of Policy/it allows all but what it names in NotAction", None)],
        ),
        (
            "iam-wildcards",
            "aws:iam/policy:Policy",
            {"policy": {"Statement": {"Effect": "Allow", "Action": "s3:Get*", "NotResource": "a"}}},
            [("statement 0 of Policy/it allows it on all but what it names in NotResource", None)],
        ),
        (
            "iam-wildcards",
            "aws:iam/policy:Policy",
            {"policy": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "a"}}},
            [("statement 0 of Policy/it allows every action", None)],
        ),
        (
            "iam-escalation",
            "aws:iam/policy:Policy",
            {"policy": {"Statement": {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}}},
            [("statement 0 of Policy/it allows iam:PassRole on everything", None)],
        ),
        (
            "iam-escalation",
            "aws:iam/policy:Policy",
            {"policy": {"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}},
            [(f"statement 0 of Policy/it allows {LADDERS} and 11 more on everything", None)],
        ),
        (
            "iam-trusts",
            "aws:iam/role:Role",
            {"assumeRolePolicy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}},
            [("statement 0 of Role/it lets everybody take on the role", None)],
        ),
        (
            "iam-trusts",
            "aws:iam/role:Role",
            {
                "assumeRolePolicy": {
                    "Statement": {"Effect": "Allow", "Principal": {"Federated": "x"}, "Action": "sts:AssumeRoleWithWebIdentity"}
                }
            },
            [("statement 0 of Role/it lets each token of its provider take on the role", None)],
        ),
        ("iam-users-own-policies", "aws:iam/userPolicy:UserPolicy", {"user": "ada"}, [("UserPolicy/it gives rights to one user", None)]),
        (
            "iam-users-own-policies",
            "aws:iam/policyAttachment:PolicyAttachment",
            {"users": ["ada"]},
            [("PolicyAttachment/it gives rights to single users", None)],
        ),
        (
            "iam-administrator-access",
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            [("RolePolicyAttachment/it gives AdministratorAccess", None)],
        ),
        ("kms-rotation", "aws:kms/key:Key", {}, [("Key/it is never changed", (True,))]),
        (
            "kms-public-keys",
            "aws:kms/key:Key",
            {"policy": {"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*"}}},
            [("statement 'Open' of Key/it lets everybody use the key", None)],
        ),
        ("ecr-scanning", "aws:ecr/repository:Repository", {}, [("Repository/it doesn't look into images", (True,))]),
        ("ecr-immutable-tags", "aws:ecr/repository:Repository", {}, [("tags of Repository/it are MUTABLE", ("IMMUTABLE",))]),
        (
            "ecr-public-repositories",
            "aws:ecr/repositoryPolicy:RepositoryPolicy",
            {"policy": {"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*"}}},
            [("statement 'Open' of RepositoryPolicy/it lets everybody in", None)],
        ),
        (
            "cloudtrail-everywhere",
            "aws:cloudtrail/trail:Trail",
            {"enableLogging": False},
            [("enableLogging of Trail/it is off", (True,)), ("Trail/it is of one region only", (True,))],
        ),
        ("cloudtrail-validation", "aws:cloudtrail/trail:Trail", {}, [("the files of Trail/it aren't validated", (True,))]),
        ("cloudtrail-encryption", "aws:cloudtrail/trail:Trail", {}, [("Trail/it isn't encrypted with a key of yours", None)]),
    ],
)
def test_what_is_said(name: str, kind: str, values: dict[str, Any], said: list[tuple[str, tuple[Any, ...] | None]]) -> None:
    """Each reason names who it is about; beside it, what the field has to be, where that is plain."""
    policy = POLICIES[name]
    subject = resource(kind, values)
    found = judge(policy, stack_of(subject) if policy.scope == "stack" else subject, Given(policy.settings()))
    assert [(one.reason, None if one.mended is None else (one.mended.value,)) for one in found if isinstance(one, Violation)] == said
