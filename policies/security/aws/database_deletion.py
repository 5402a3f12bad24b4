"""Databases can't be deleted by mistake.

Looks at: `deletionProtection` of `aws:rds/instance:Instance`, and of clusters of RDS, DocumentDB and Neptune.
Allowed: true; for copies of others and on a local stack anything.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.databases import CLUSTERS, INSTANCE, is_copy
from policies.security.aws.frameworks import gdpr, soc2


@of_objects(
    INSTANCE,
    *CLUSTERS,
    title="Databases can't be deleted by mistake.",
    severity="medium",
    fix="Set `deletionProtection: true`; it takes an update of its own to take it back.",
    standards=(soc2("A1.2", "CC8.1"), gdpr("32")),
    tags=("aws", "rds", "availability"),
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html",
)
def rds_deletion_protection(database: Subject, given: Given[Settings]) -> Iterator[Finding]:
    """Pulumi's own `protect` keeps only Pulumi from it."""
    flag = database.at("deletionProtection")
    if given.environment != "local" and not is_copy(database) and flag.value is not True:
        yield Violation(flag, f"{database.shown} isn't protected against being deleted", mended=To(value=True))
