"""Backups are kept within bounds: long enough to go back, and no longer than data may be kept.

Looks at: `backupRetentionPeriod` of databases of RDS, DocumentDB and Neptune, `automatedSnapshotRetentionPeriod` of Redshift's,
`snapshotRetentionLimit` of caches, `rules[].lifecycle.deleteAfter` of `aws:backup/plan:Plan`.
Allowed: from the setting `least` to the setting `most`: 7 to 35 days unless they say otherwise. Copies of others needn't.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field as Bounded

from policies.compliance.frameworks import gdpr, soc2
from policies.judging import Field, Finding, Given, Settings, Subject, Violation, each, of_objects

_PERIODS = {
    "aws:rds/instance:Instance": ("backupRetentionPeriod", 0),
    "aws:rds/cluster:Cluster": ("backupRetentionPeriod", 1),
    "aws:docdb/cluster:Cluster": ("backupRetentionPeriod", 1),
    "aws:neptune/cluster:Cluster": ("backupRetentionPeriod", 1),
    "aws:redshift/cluster:Cluster": ("automatedSnapshotRetentionPeriod", 1),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("snapshotRetentionLimit", 0),
}
"""The field, and what holds where nothing is said."""
_PLAN = "aws:backup/plan:Plan"
_MAY_HAVE_NONE = frozenset({"aws:elasticache/replicationGroup:ReplicationGroup"})


class Bounds(Settings):
    """How long."""

    least: Annotated[int, Bounded(ge=1)] = 7
    """At least so many days."""
    most: Annotated[int, Bounded(ge=1)] = 35
    """At most so many: what was deleted on somebody's wish is still in them."""


@of_objects(
    *_PERIODS,
    _PLAN,
    title="Backups are kept within bounds.",
    severity="medium",
    fix="Set how long backups are kept to something between the bounds.",
    standards=(gdpr("5(1)(e)", "17", "32"), soc2("A1.2", "C1.2")),
    tags=("aws", "data", "backup"),
    url="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    settings=Bounds,
)
def backup_retention(subject: Subject, given: Given[Bounds]) -> Iterator[Finding]:
    """A cache needn't have any."""
    bounds = given.settings
    if subject.type == _PLAN:
        yield from each(subject.at("rules").items(), lambda rule: _judge(rule.at("lifecycle", "deleteAfter"), None, bounds))
    elif not (subject.at("replicateSourceDb").given or subject.at("replicationSourceIdentifier").given):
        name, otherwise = _PERIODS[subject.type]
        yield from _judge(subject.at(name), otherwise, bounds)


def _judge(field: Field, otherwise: int | None, bounds: Bounds) -> Iterator[Finding]:
    days = field.value if isinstance(field.value, int) else otherwise
    if days == 0 and field.subject.type in _MAY_HAVE_NONE:
        return
    if days is None:
        yield Violation(field, f"{field.subject.shown} keeps backups for ever; {bounds.most} days are the most")
    elif not bounds.least <= days <= bounds.most:
        number = f"{days} day{'s' if days != 1 else ''}"
        yield Violation(field, f"{field.subject.shown} keeps backups for {number}; {bounds.least} to {bounds.most} are asked for")
