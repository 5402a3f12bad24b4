"""Databases have no address that the world can reach.

Looks at: `publiclyAccessible` of instances and clusters of RDS, and of Redshift's and DMS' clusters and instances.
Allowed: false; of RDS also nothing.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.databases import CLUSTER, CLUSTER_INSTANCE, INSTANCE
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_objects(
    INSTANCE,
    CLUSTER,
    CLUSTER_INSTANCE,
    "aws:redshift/cluster:Cluster",
    "aws:dms/replicationInstance:ReplicationInstance",
    title="Databases have no address that the world can reach.",
    severity="critical",
    fix="Set `publiclyAccessible: false`, and reach it from inside its network.",
    standards=(cis("2.3.3"), soc2("CC6.1", "CC6.6"), gdpr("32")),
    tags=("aws", "rds", "public"),
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
)
def rds_public(database: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Whatever its security groups let through today."""
    flag = database.at("publiclyAccessible")
    if flag.value is True:
        yield Violation(flag, f"{database.shown} has a public address", mended=To(value=False))
