"""Databases get the fixes of their version by themselves.

Looks at: `autoMinorVersionUpgrade` of instances of RDS.
Allowed: true, or nothing.
"""

from collections.abc import Iterator

from policies.compliance.frameworks import cis_aws, soc2
from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects


@of_objects(
    "aws:rds/instance:Instance",
    "aws:rds/clusterInstance:ClusterInstance",
    title="Databases get the fixes of their version by themselves.",
    severity="low",
    fix="Leave `autoMinorVersionUpgrade` out; `maintenanceWindow` says when.",
    standards=(cis_aws("2.3.2"), soc2("CC7.1")),
    tags=("aws", "rds"),
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html",
)
def minor_upgrades(database: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Where nothing is said, they do."""
    flag = database.at("autoMinorVersionUpgrade")
    if flag.value is False:
        yield Violation(flag, f"{database.shown} gets no fixes by itself", mended=To())
