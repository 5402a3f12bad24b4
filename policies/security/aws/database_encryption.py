"""What databases keep is encrypted.

Looks at: `storageEncrypted` of `aws:rds/instance:Instance`, of clusters of RDS, DocumentDB and Neptune, and of no copies of others.
Allowed: true.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.databases import CLUSTER, CLUSTERS, INSTANCE, is_copy
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_objects(
    INSTANCE,
    *CLUSTERS,
    title="What databases keep is encrypted.",
    severity="high",
    fix="Set `storageEncrypted: true`. A database that is there already has to be restored from an encrypted copy of a snapshot.",
    standards=(cis("2.3.1"), soc2("CC6.1", "C1.1"), gdpr("32")),
    tags=("aws", "rds", "encryption"),
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html",
)
def rds_encryption(database: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """A serverless cluster of the first kind is always encrypted; a copy is what its source is."""
    if is_copy(database) or (database.type == CLUSTER and database.at("engineMode").text == "serverless"):
        return
    flag = database.at("storageEncrypted")
    if flag.value is not True:
        yield Violation(flag, f"the storage of {database.shown} isn't encrypted", mended=To(value=True))
