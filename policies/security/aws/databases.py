"""Databases of RDS and its kin: what they are called, and which of them are copies of others."""

from policies.judging import Subject

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
CLUSTERS = (CLUSTER, "aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster")


def is_copy(database: Subject) -> bool:
    """Whether it follows another one: then it is encrypted and backed up as that is."""
    return any(database.gives(name) and database.at(name).given for name in ("replicateSourceDb", "replicationSourceIdentifier"))
