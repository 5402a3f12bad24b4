"""Databases: encrypted, backed up, in more than one zone, kept, and not for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, Settings, stack_of
from policies.judging.fields import UNKNOWN
from policies.security.aws.database_backups import Days, rds_backups
from policies.security.aws.database_deletion import rds_deletion_protection
from policies.security.aws.database_encryption import rds_encryption
from policies.security.aws.database_zones import rds_multi_az
from policies.security.aws.databases import CLUSTER, CLUSTER_INSTANCE, CLUSTERS, INSTANCE
from policies.security.aws.public_databases import rds_public
from tests.unit.policies.security.aws.saying import paths, resource

DATABASES = (INSTANCE, *CLUSTERS)
COPY = {"replicateSourceDb": "shop"}


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize(
    ("flag", "found"), [(True, []), (False, ["storageEncrypted"]), (None, ["storageEncrypted"]), (UNKNOWN, ["storageEncrypted?"])]
)
def test_encryption(kind: str, flag: Any, found: list[str]) -> None:
    """It has to be said that it is."""
    assert paths(rds_encryption, resource(kind, {"storageEncrypted": flag})) == found


def test_what_is_encrypted_by_itself() -> None:
    """A copy is what its source is, and serverless clusters of the first kind always are."""
    assert paths(rds_encryption, resource(INSTANCE, COPY)) == []
    assert paths(rds_encryption, resource(CLUSTER, {"engineMode": "serverless"})) == []
    assert paths(rds_encryption, resource(CLUSTER, {"engineMode": "provisioned"})) == ["storageEncrypted"]


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize(
    ("days", "least", "environment", "good"),
    [
        (7, 7, "production", True),
        (6, 7, "production", False),
        (14, 30, "production", False),
        (0, 7, "production", False),
        (1, 7, "staging", True),
        (0, 7, "staging", False),
    ],
)
def test_backups(kind: str, days: int, least: int, environment: str, good: bool) -> None:
    """As many days as the setting says in production, one elsewhere."""
    given = Given(Days(days=least), environment=environment)
    found = paths(rds_backups, resource(kind, {"backupRetentionPeriod": days}), given)
    assert found == ([] if good else ["backupRetentionPeriod"])


def test_backups_by_themselves() -> None:
    """Where nothing is said an instance has none, and a cluster those of a day; copies needn't have any."""
    staging = Given(Days(), environment="staging")
    assert paths(rds_backups, resource(INSTANCE, {}), staging) == ["backupRetentionPeriod"]
    assert paths(rds_backups, resource(CLUSTER, {}), staging) == []
    assert paths(rds_backups, resource(CLUSTER, {})) == ["backupRetentionPeriod"]
    assert paths(rds_backups, resource(INSTANCE, COPY)) == []
    assert paths(rds_backups, resource(INSTANCE, {"backupRetentionPeriod": UNKNOWN})) == ["backupRetentionPeriod?"]


@pytest.mark.parametrize(
    ("values", "found"),
    [({}, ["multiAz"]), ({"multiAz": False}, ["multiAz"]), ({"multiAz": True}, []), (COPY, []), ({"multiAz": UNKNOWN}, ["multiAz?"])],
)
def test_zones(values: dict[str, Any], found: list[str]) -> None:
    """In production an instance has another in another zone."""
    assert paths(rds_multi_az, stack_of(resource(INSTANCE, values))) == found
    assert paths(rds_multi_az, stack_of(resource(INSTANCE, values)), Given(Settings(), environment="staging")) == []


@pytest.mark.parametrize(
    ("values", "instances", "good"),
    [
        ({}, ["shop", "shop"], True),
        ({}, ["shop"], False),
        ({}, ["shop", "other"], False),
        ({}, [], False),
        ({"dbClusterInstanceClass": "db.m6g.large"}, [], True),
        ({"engineMode": "serverless"}, [], True),
    ],
)
def test_zones_of_clusters(values: dict[str, Any], instances: list[str], good: bool) -> None:
    """Two instances of that cluster, or a kind that RDS spreads itself."""
    cluster = resource(CLUSTER, {"clusterIdentifier": "shop", **values}, "shop")
    parts = [resource(CLUSTER_INSTANCE, {"clusterIdentifier": name}, f"i{place}") for place, name in enumerate(instances)]
    assert paths(rds_multi_az, stack_of(cluster, *parts)) == ([] if good else ["clusterIdentifier"])


def test_zones_of_clusters_not_yet_named() -> None:
    """Before the cluster has a name, Pulumi tells whose the instances are."""
    cluster = resource(CLUSTER, {"clusterIdentifier": UNKNOWN}, "shop")
    parts = [
        resource(CLUSTER_INSTANCE, {"clusterIdentifier": UNKNOWN}, name, made_of={"clusterIdentifier": (cluster.urn,)})
        for name in ("a", "b")
    ]
    assert paths(rds_multi_az, stack_of(cluster, *parts)) == []


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize(
    ("values", "environment", "found"),
    [
        ({"deletionProtection": True}, "production", []),
        ({"deletionProtection": False}, "production", ["deletionProtection"]),
        ({}, "staging", ["deletionProtection"]),
        ({}, "local", []),
        (COPY, "production", []),
        ({"deletionProtection": UNKNOWN}, "production", ["deletionProtection?"]),
    ],
)
def test_deletion_protection(kind: str, values: dict[str, Any], environment: str, found: list[str]) -> None:
    """Everywhere but on a local stack."""
    assert paths(rds_deletion_protection, resource(kind, values), Given(Settings(), environment=environment)) == found


@pytest.mark.parametrize(
    "kind", [INSTANCE, CLUSTER, CLUSTER_INSTANCE, "aws:redshift/cluster:Cluster", "aws:dms/replicationInstance:ReplicationInstance"]
)
@pytest.mark.parametrize(("flag", "found"), [(True, ["publiclyAccessible"]), (False, []), (None, []), (UNKNOWN, ["publiclyAccessible?"])])
def test_public(kind: str, flag: Any, found: list[str]) -> None:
    """No public address."""
    assert paths(rds_public, resource(kind, {"publiclyAccessible": flag})) == found
