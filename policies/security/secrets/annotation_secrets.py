"""Annotations and labels have no secrets.

Looks at: `metadata.annotations` and `metadata.labels` of all objects, and of the pods that they make.
Allowed: what is no secret, by its looks or its name. A label that is random is an id.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.judging.pods import pods_of
from policies.security.secrets.finding import by_looks, in_value
from policies.security.secrets.told import NSA, where


@of_objects(
    "kubernetes:*",
    title="Annotations and labels have no secrets.",
    severity="critical",
    fix="Put it into a Secret. Then change it: it has been read.",
    standards=(Standard("cis-kubernetes", ("5.4.1",), "1.9"), NSA, Standard("soc2", ("CC6.1",)), Standard("gdpr", ("Art. 32",))),
    tags=("secrets",),
    url="https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/",
)
def annotation_secrets(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each for itself."""
    places = [subject.at("metadata"), *(pod.metadata for pod in pods_of(subject) if pod.metadata.path != "metadata")]

    def judge(metadata: Field) -> Iterator[Finding]:
        yield from each((field for _, field in metadata.at("annotations").entries()), _annotation)
        yield from each((field for _, field in metadata.at("labels").entries()), _label)

    yield from each(places, judge)


def _annotation(entry: Field) -> Iterator[Finding]:
    # The prefix of a key says whose it is: `secrets.example.com/checksum` is no secret. And `auth-secret` is the name of a Secret.
    name = str(entry.key).rpartition("/")[2]
    for found in in_value("" if name.lower().endswith("secret") else name, entry.text):
        yield Violation(entry, f"{entry.subject.shown} has {found.what}{where(found)}")


def _label(entry: Field) -> Iterator[Finding]:
    for found in by_looks(entry.text):
        yield Violation(entry, f"{entry.subject.shown} has {found.what}")
