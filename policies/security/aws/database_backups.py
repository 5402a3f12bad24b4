"""Databases are backed up, and backups kept for a while.

Looks at: `backupRetentionPeriod` of `aws:rds/instance:Instance`, and of clusters of RDS, DocumentDB and Neptune.
Allowed: in production as many days as the setting says, 7 unless it says otherwise; elsewhere one.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field as Bounded

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.databases import CLUSTERS, INSTANCE, is_copy
from policies.security.aws.frameworks import gdpr, soc2


class Days(Settings):
    """How long backups are kept."""

    days: Annotated[int, Bounded(ge=1, le=35)] = 7
    """In production, at least so many days."""


@of_objects(
    INSTANCE,
    *CLUSTERS,
    title="Databases are backed up, and backups kept for a while.",
    severity="high",
    fix="Set `backupRetentionPeriod` to as many days as it takes to notice what went wrong.",
    standards=(soc2("A1.2", "CC7.5"), gdpr("32")),
    tags=("aws", "rds", "backup"),
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html",
    settings=Days,
)
def rds_backups(database: Subject, given: Given[Days]) -> Iterator[Finding]:
    """Where nothing is said, an instance has no backups, and a cluster those of one day."""
    if is_copy(database):
        return
    period = database.at("backupRetentionPeriod")
    days = period.value if isinstance(period.value, int) else (0 if database.type == INSTANCE else 1)
    least = given.settings.days if given.production else 1
    if days < least:
        said = f"keeps backups for {days} day{'s' if days != 1 else ''}" if days else "keeps no backups"
        yield Violation(period, f"{database.shown} {said}; at least {least} {'are' if least != 1 else 'is'} asked for", mended=To(least))
