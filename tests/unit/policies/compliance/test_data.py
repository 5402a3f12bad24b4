"""Data: where they are, how long, how confidential, and encrypted wherever they are and go."""

from __future__ import annotations

from typing import Any

import pytest

from policies.compliance.data.backup_retention import Bounds, backup_retention
from policies.compliance.data.classification import Classes, data_classification
from policies.compliance.data.encryption_at_rest import encryption_at_rest
from policies.compliance.data.encryption_in_transit import encryption_in_transit
from policies.compliance.data.log_retention import Days, log_retention
from policies.compliance.data.regions import Regions, data_regions
from policies.compliance.data.retention_labels import Labels, retention_labels
from policies.judging import Given, of_manifest
from policies.judging.fields import UNKNOWN
from tests.unit.policies.security.aws.saying import paths, resource

BUCKET, TABLE, CACHE = "aws:s3/bucket:Bucket", "aws:dynamodb/table:Table", "aws:elasticache/replicationGroup:ReplicationGroup"
INSTANCE, CLUSTER = "aws:rds/instance:Instance", "aws:rds/cluster:Cluster"


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        (BUCKET, {}, []),
        (BUCKET, {"region": "eu-central-1"}, []),
        (BUCKET, {"region": "us-east-1"}, ["region"]),
        (BUCKET, {"region": "eu-west-2"}, ["region"]),
        (BUCKET, {"region": UNKNOWN}, ["region?"]),
        ("pulumi:providers:aws", {"region": "us-east-1"}, ["region"]),
        ("aws:ebs/volume:Volume", {"availabilityZone": "eu-central-1a"}, []),
        ("aws:ebs/volume:Volume", {"availabilityZone": "ap-southeast-2c"}, ["availabilityZone"]),
        (CLUSTER, {"availabilityZones": ["eu-west-1a", "us-west-2b"]}, ["availabilityZones[1]"]),
        (CLUSTER, {"availabilityZones": UNKNOWN, "region": "us-east-1"}, ["region", "availabilityZones?"]),
        (TABLE, {"replicas": [{"regionName": "eu-west-1"}, {"regionName": "us-east-2"}]}, ["replicas[1].regionName"]),
        (
            "aws:ecr/replicationConfiguration:ReplicationConfiguration",
            {"replicationConfiguration": {"rules": [{"destinations": [{"region": "us-east-1", "registryId": "1"}]}]}},
            ["replicationConfiguration.rules[0].destinations[0].region"],
        ),
        ("aws:iam/role:Role", {"region": "global"}, []),
    ],
)
def test_regions(kind: str, values: dict[str, Any], found: list[str]) -> None:
    """In the European Union, by themselves, by their zones, and all their copies."""
    assert paths(data_regions, resource(kind, values)) == found


def test_other_regions() -> None:
    """Wherever the setting says."""
    given = Given(Regions(regions=("us-*",)))
    assert paths(data_regions, resource(BUCKET, {"region": "us-west-2"}), given) == []
    assert paths(data_regions, resource(BUCKET, {"region": "eu-central-1"}), given) == ["region"]


def claim(labels: Any) -> Any:
    """A claim of Kubernetes."""
    return of_manifest({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "labels": labels}})


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("30d", True),
        ("8w", True),
        ("12m", True),
        ("7y", True),
        ("0d", False),
        ("forever", False),
        ("30", False),
        ("", False),
        (None, False),
    ],
)
def test_retention_labels(value: str | None, good: bool) -> None:
    """A time, on claims and what keeps data at Amazon's."""
    key = "metadata.labels[tidegate.dev/retention]"
    assert paths(retention_labels, claim({"tidegate.dev/retention": value})) == ([] if good else [key])
    found = [] if good else ["tags.retention" if value is not None else "tags[tidegate.dev/retention]"]
    assert paths(retention_labels, resource(BUCKET, {"tags": {"retention": value}})) == found


def test_labels_of_claims_that_are_made() -> None:
    """Of a StatefulSet each claim; one that has none has nothing to label; other names of labels can be set."""
    templates = [{"metadata": {"name": "a", "labels": {"keep": "30d"}}}, {"metadata": {"name": "b"}}]
    manifest = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {"volumeClaimTemplates": templates}}
    assert paths(retention_labels, of_manifest(manifest), Given(Labels(labels=("keep",)))) == [
        "spec.volumeClaimTemplates[1].metadata.labels.keep"
    ]
    assert paths(retention_labels, of_manifest({**manifest, "spec": {}})) == []
    assert paths(retention_labels, resource(BUCKET, {"tags": UNKNOWN})) == ["tags[tidegate.dev/retention]?"]


@pytest.mark.parametrize(("value", "good"), [("personal", True), ("public", True), ("secret", False), (None, False)])
def test_classification(value: str | None, good: bool) -> None:
    """One of the classes, on claims and what keeps data at Amazon's."""
    key = "metadata.labels[tidegate.dev/classification]"
    assert paths(data_classification, claim({"tidegate.dev/classification": value})) == ([] if good else [key])
    own = Given(Classes(labels=("secrecy",), classes=("secret",)))
    assert (paths(data_classification, resource(TABLE, {"tags": {"secrecy": value}}), own) == []) == (value == "secret")


@pytest.mark.parametrize(("days", "good"), [(None, False), (0, False), (7, False), (30, True), (400, True), (731, False)])
def test_log_retention(days: int | None, good: bool) -> None:
    """Between the bounds, and never for ever."""
    group = resource("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": days})
    assert paths(log_retention, group) == ([] if good else ["retentionInDays"])
    assert (paths(log_retention, group, Given(Days(least=1, most=4000))) == []) == bool(days)


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        (INSTANCE, {"backupRetentionPeriod": 7}, []),
        (INSTANCE, {"backupRetentionPeriod": 35}, []),
        (INSTANCE, {"backupRetentionPeriod": 1}, ["backupRetentionPeriod"]),
        (INSTANCE, {}, ["backupRetentionPeriod"]),
        (INSTANCE, {"replicateSourceDb": "x"}, []),
        (CLUSTER, {}, ["backupRetentionPeriod"]),
        ("aws:redshift/cluster:Cluster", {"automatedSnapshotRetentionPeriod": 36}, ["automatedSnapshotRetentionPeriod"]),
        (CACHE, {}, []),
        (CACHE, {"snapshotRetentionLimit": 3}, ["snapshotRetentionLimit"]),
        ("aws:backup/plan:Plan", {"rules": [{"lifecycle": {"deleteAfter": 30}}]}, []),
        ("aws:backup/plan:Plan", {"rules": [{}]}, ["rules[0].lifecycle.deleteAfter"]),
        ("aws:backup/plan:Plan", {"rules": [{"lifecycle": {"deleteAfter": 365}}]}, ["rules[0].lifecycle.deleteAfter"]),
        (INSTANCE, {"backupRetentionPeriod": UNKNOWN}, ["backupRetentionPeriod?"]),
    ],
)  # fmt: skip
def test_backup_retention(kind: str, values: dict[str, Any], found: list[str]) -> None:
    """Long enough, and not too long."""
    assert paths(backup_retention, resource(kind, values)) == found
    assert paths(backup_retention, resource(INSTANCE, {"backupRetentionPeriod": 1}), Given(Bounds(least=1))) == []


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        (CACHE, {"atRestEncryptionEnabled": True}, []),
        (CACHE, {"atRestEncryptionEnabled": "true"}, []),
        (CACHE, {}, ["atRestEncryptionEnabled"]),
        ("aws:opensearch/domain:Domain", {"encryptAtRest": {"enabled": True}}, []),
        ("aws:opensearch/domain:Domain", {}, ["encryptAtRest.enabled"]),
        ("aws:redshift/cluster:Cluster", {"encrypted": "false"}, ["encrypted"]),
        ("aws:redshift/cluster:Cluster", {"encrypted": "true"}, []),
        ("aws:dax/cluster:Cluster", {"serverSideEncryption": {"enabled": False}}, ["serverSideEncryption.enabled"]),
        ("aws:kinesis/stream:Stream", {"encryptionType": "KMS"}, []),
        ("aws:kinesis/stream:Stream", {}, ["encryptionType"]),
        ("aws:sns/topic:Topic", {"kmsMasterKeyId": UNKNOWN}, []),
        ("aws:sns/topic:Topic", {}, ["kmsMasterKeyId"]),
        ("aws:sqs/queue:Queue", {}, []),
        ("aws:sqs/queue:Queue", {"sqsManagedSseEnabled": False}, ["sqsManagedSseEnabled"]),
        ("aws:sqs/queue:Queue", {"sqsManagedSseEnabled": False, "kmsMasterKeyId": "alias/shop"}, []),
        ("kubernetes:storage.k8s.io/v1:StorageClass", {"provisioner": "ebs.csi.aws.com"}, ["parameters.encrypted"]),
        ("kubernetes:storage.k8s.io/v1:StorageClass", {"provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true"}}, []),
        ("kubernetes:storage.k8s.io/v1:StorageClass", {"provisioner": "rancher.io/local-path"}, []),
    ],
)
def test_encryption_at_rest(kind: str, values: dict[str, Any], found: list[str]) -> None:
    """Each kind of store by what it says of itself."""
    assert paths(encryption_at_rest, resource(kind, values)) == found


LISTENER, CLOUDFRONT, GROUP = (
    "aws:lb/listener:Listener",
    "aws:cloudfront/distribution:Distribution",
    "aws:rds/parameterGroup:ParameterGroup",
)
CLUSTER_GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
LEADS_ON = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}]


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        (LISTENER, {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}, []),
        (LISTENER, {"protocol": "HTTPS"}, ["sslPolicy"]),
        (LISTENER, {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-2016-08"}, ["sslPolicy"]),
        (LISTENER, {"protocol": "TLS", "sslPolicy": "ELBSecurityPolicy-TLS-1-0-2015-04"}, ["sslPolicy"]),
        (LISTENER, {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-0-2021-06"}, ["sslPolicy"]),
        (LISTENER, {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS-1-2-Ext-2018-06"}, []),
        (LISTENER, {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-FS-1-2-Res-2020-10"}, []),
        (LISTENER, {"protocol": "HTTP", "defaultActions": [{"type": "forward"}]}, ["protocol"]),
        (LISTENER, {"protocol": "HTTP", "defaultActions": LEADS_ON}, []),
        (LISTENER, {"protocol": "HTTP"}, ["protocol"]),
        (LISTENER, {"protocol": "TCP"}, []),
        ("aws:alb/listener:Listener", {"protocol": "HTTP"}, ["protocol"]),
        (CACHE, {"transitEncryptionEnabled": True}, []),
        (CACHE, {}, ["transitEncryptionEnabled"]),
        ("aws:memorydb/cluster:Cluster", {}, []),
        ("aws:memorydb/cluster:Cluster", {"tlsEnabled": False}, ["tlsEnabled"]),
        ("aws:opensearch/domain:Domain", {}, ["domainEndpointOptions.enforceHttps", "nodeToNodeEncryption.enabled"]),
        ("aws:opensearch/domain:Domain", {"domainEndpointOptions": {"enforceHttps": True}, "nodeToNodeEncryption": {"enabled": True}}, []),
        (CLOUDFRONT, {"defaultCacheBehavior": {"viewerProtocolPolicy": "allow-all"}}, ["defaultCacheBehavior.viewerProtocolPolicy"]),
        (
            CLOUDFRONT,
            {
                "defaultCacheBehavior": {"viewerProtocolPolicy": "redirect-to-https"},
                "orderedCacheBehaviors": [{"viewerProtocolPolicy": "allow-all"}],
            },
            ["orderedCacheBehaviors[0].viewerProtocolPolicy"],
        ),
        ("aws:msk/cluster:Cluster", {}, []),
        (
            "aws:msk/cluster:Cluster",
            {"encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS_PLAINTEXT"}}},
            ["encryptionInfo.encryptionInTransit.clientBroker"],
        ),
        (GROUP, {"parameters": [{"name": "rds.force_ssl", "value": "1"}]}, []),
        (GROUP, {"parameters": [{"name": "work_mem", "value": "0"}, {"name": "rds.force_ssl", "value": "0"}]}, ["parameters[1].value"]),
        (CLUSTER_GROUP, {"parameters": [{"name": "require_secure_transport", "value": "OFF"}]}, ["parameters[0].value"]),
    ],
)  # fmt: skip
def test_encryption_in_transit(kind: str, values: dict[str, Any], found: list[str]) -> None:
    """Each kind by what it says of itself; HTTP that only leads to HTTPS is none."""
    assert paths(encryption_in_transit, resource(kind, values)) == found
