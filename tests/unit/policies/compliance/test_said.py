"""What is said to people, word by word, and what would make it right."""

from __future__ import annotations

from typing import Any

import pytest

from policies.compliance import PACK
from policies.judging import Given, Violation, judge, stack_of
from tests.unit.policies.security.aws.saying import resource

POLICIES = {policy.name: policy for policy in PACK.policies}


@pytest.mark.parametrize(
    ("name", "kind", "values", "said"),
    [
        ("data-regions", "Bucket", {"region": "us-east-1"}, [("Bucket/it is in us-east-1", None)]),
        ("retention-labels", "Bucket", {}, [("Bucket/it doesn't say how long it is kept", None)]),
        (
            "retention-labels",
            "Bucket",
            {"tags": {"retention": "long"}},
            [("'long' on Bucket/it is no time such as 30d, 8w, 12m or 7y", None)],
        ),
        ("data-classification", "Bucket", {}, [("Bucket/it doesn't say how confidential it is", None)]),
        (
            "data-classification",
            "Bucket",
            {"tags": {"classification": "odd"}},
            [("'odd' on Bucket/it is none of public, internal, confidential, personal", None)],
        ),
        ("log-retention", "aws:cloudwatch/logGroup:LogGroup", {}, [("LogGroup/it keeps logs for ever; 400 days are the most", None)]),
        (
            "log-retention",
            "aws:cloudwatch/logGroup:LogGroup",
            {"retentionInDays": 7},
            [("LogGroup/it keeps logs for 7 days; 30 to 400 are asked for", None)],
        ),
        (
            "backup-retention",
            "aws:rds/instance:Instance",
            {"backupRetentionPeriod": 1},
            [("Instance/it keeps backups for 1 day; 7 to 35 are asked for", None)],
        ),
        (
            "backup-retention",
            "aws:rds/cluster:Cluster",
            {"backupRetentionPeriod": 90},
            [("Cluster/it keeps backups for 90 days; 7 to 35 are asked for", None)],
        ),
        ("backup-retention", "aws:backup/plan:Plan", {"rules": [{}]}, [("Plan/it keeps backups for ever; 35 days are the most", None)]),
        ("encryption-at-rest", "aws:sns/topic:Topic", {}, [("Topic/it isn't encrypted", None)]),
        (
            "encryption-at-rest",
            "kubernetes:storage.k8s.io/v1:StorageClass",
            {"provisioner": "ebs.csi.aws.com"},
            [("disks of StorageClass/it aren't encrypted", None)],
        ),
        ("encryption-in-transit", "aws:lb/listener:Listener", {"protocol": "HTTP"}, [("Listener/it takes plain HTTP", None)]),
        (
            "encryption-in-transit",
            "aws:lb/listener:Listener",
            {"protocol": "HTTPS"},
            [("Listener/it still takes versions of TLS before 1.2, by the policy that it has by itself", None)],
        ),
        (
            "encryption-in-transit",
            "aws:lb/listener:Listener",
            {"protocol": "TLS", "sslPolicy": "old"},
            [("Listener/it still takes versions of TLS before 1.2, by old", None)],
        ),
        (
            "encryption-in-transit",
            "aws:elasticache/replicationGroup:ReplicationGroup",
            {},
            [("transitEncryptionEnabled of ReplicationGroup/it isn't on", None)],
        ),
        (
            "encryption-in-transit",
            "aws:rds/parameterGroup:ParameterGroup",
            {"parameters": [{"name": "rds.force_ssl", "value": "0"}]},
            [("ParameterGroup/it turns rds.force_ssl off", None)],
        ),
        (
            "encryption-in-transit",
            "aws:cloudfront/distribution:Distribution",
            {"defaultCacheBehavior": {"viewerProtocolPolicy": "allow-all"}},
            [("Distribution/it also answers plain HTTP", None)],
        ),
        (
            "default-namespace",
            "kubernetes:apps/v1:Deployment",
            {"metadata": {"name": "web"}},
            [("Deployment/web is in the namespace default", None)],
        ),
        (
            "instance-metadata",
            "aws:ec2/instance:Instance",
            {},
            [("Instance/it gives its rights to whoever asks without a token", ("required",))],
        ),
        ("flow-logs", "aws:ec2/vpc:Vpc", {}, [("nothing is written down of who speaks with whom in Vpc/it", None)]),
        (
            "minor-upgrades",
            "aws:rds/instance:Instance",
            {"autoMinorVersionUpgrade": False},
            [("Instance/it gets no fixes by itself", (None,))],
        ),
        (
            "password-policy",
            "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
            {"minimumPasswordLength": 8},
            [
                ("minimumPasswordLength of AccountPasswordPolicy/it is 8, and not 14", (14,)),
                ("passwordReusePrevention of AccountPasswordPolicy/it is not set, and not 24", (24,)),
            ],
        ),
    ],
)
def test_what_is_said(name: str, kind: str, values: dict[str, Any], said: list[tuple[str, tuple[Any, ...] | None]]) -> None:
    """Each reason names who it is about; beside it, what the field has to be, where that is plain."""
    policy = POLICIES[name]
    subject = resource(kind, values)
    found = judge(policy, stack_of(subject) if policy.scope == "stack" else subject, Given(policy.settings()))
    assert [(one.reason, None if one.mended is None else (one.mended.value,)) for one in found if isinstance(one, Violation)] == said
