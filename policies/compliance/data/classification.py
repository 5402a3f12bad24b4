"""It is written on data how confidential they are.

Looks at: labels of PersistentVolumeClaims and of the claims of StatefulSets; `tags` of buckets, databases, tables, file systems, volumes,
streams and groups of logs.
Allowed: one of the labels in the setting `labels` (`tidegate.dev/classification`, or of AWS `classification`), with one of its `classes`.
"""

from collections.abc import Iterator

from policies.compliance.data.stores import AWS, KUBERNETES, labels, named
from policies.compliance.frameworks import cis_aws, gdpr, soc2
from policies.judging import Field, Finding, Given, Settings, Subject, Violation, each, of_objects


class Classes(Settings):
    """Which labels say so, and what."""

    labels: tuple[str, ...] = ("tidegate.dev/classification", "classification")
    """Any of these."""
    classes: tuple[str, ...] = ("public", "internal", "confidential", "personal")
    """What may be on it."""


@of_objects(
    *KUBERNETES,
    *AWS,
    title="It is written on data how confidential they are.",
    severity="low",
    fix="Label it: `tidegate.dev/classification: personal`.",
    standards=(soc2("C1.1"), gdpr("30", "32"), cis_aws("2.1.3")),
    tags=("data", "labels"),
    url="https://www.aicpa-cima.com/resources/landing/system-and-organization-controls-soc-suite-of-services",
    level="advisory",
    settings=Classes,
)
def data_classification(subject: Subject, given: Given[Classes]) -> Iterator[Finding]:
    """What nobody knows to be confidential, nobody keeps so."""
    yield from each(labels(subject), lambda field: _judge(field, given.settings))


def _judge(field: Field, settings: Classes) -> Iterator[Finding]:
    label = named(field, settings.labels)
    if label is None:
        yield Violation(
            field.at(settings.labels[0]) if settings.labels else field, f"{field.subject.shown} doesn't say how confidential it is"
        )
    elif label.text not in settings.classes:
        yield Violation(label, f"{label.shown} on {field.subject.shown} is none of {', '.join(settings.classes)}")
