"""It is written on data how long they are kept.

Looks at: labels of PersistentVolumeClaims and of the claims of StatefulSets; `tags` of buckets, databases, tables, file systems, volumes,
streams and groups of logs.
Allowed: one of the labels in the setting `labels` (`tidegate.dev/retention`, or of AWS `retention`), with a time: 30d, 8w, 12m, 7y.
"""

import re
from collections.abc import Iterator

from policies.compliance.data.stores import AWS, KUBERNETES, labels, named
from policies.compliance.frameworks import gdpr, soc2
from policies.judging import Field, Finding, Given, Settings, Subject, Violation, each, of_objects

_TIME = re.compile(r"[1-9][0-9]*[dwmy]")


class Labels(Settings):
    """Which labels say so."""

    labels: tuple[str, ...] = ("tidegate.dev/retention", "retention")
    """Any of these."""


@of_objects(
    *KUBERNETES,
    *AWS,
    title="It is written on data how long they are kept.",
    severity="low",
    fix="Label it with how long it is kept: `tidegate.dev/retention: 30d`.",
    standards=(gdpr("5(1)(e)", "17", "30"), soc2("C1.1", "C1.2")),
    tags=("data", "labels"),
    url="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    level="advisory",
    settings=Labels,
)
def retention_labels(subject: Subject, given: Given[Labels]) -> Iterator[Finding]:
    """Whoever clears away has to know."""
    yield from each(labels(subject), lambda field: _judge(field, given.settings.labels))


def _judge(field: Field, names: tuple[str, ...]) -> Iterator[Finding]:
    label = named(field, names)
    if label is None:
        yield Violation(field.at(names[0]) if names else field, f"{field.subject.shown} doesn't say how long it is kept")
    elif not _TIME.fullmatch(label.text):
        yield Violation(label, f"{label.shown} on {field.subject.shown} is no time such as 30d, 8w, 12m or 7y")
