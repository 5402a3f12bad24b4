"""What is protected is neither replaced nor deleted.

Looks at: what the update does to resources that Pulumi protects, that have the annotation or label `tidegate.dev/protected`, and to all of
the kinds in the settings.
Allowed: changes in place. For anything else take the protection away first, or exempt the resource.
"""

from collections.abc import Iterator

from policies.judging import Change, Finding, Given, Settings, Stack, Standard, Subject, Violation, each, of_update


class Protection(Settings):
    """What is protected without a word of its own."""

    kinds: tuple[str, ...] = (
        "Namespace",
        "CustomResourceDefinition",
        "aws:rds/instance:Instance",
        "aws:rds/cluster:Cluster",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketV2:BucketV2",
        "aws:dynamodb/table:Table",
        "aws:efs/fileSystem:FileSystem",
        "aws:kms/key:Key",
        "aws:eks/cluster:Cluster",
    )
    """Kinds of Kubernetes, and Pulumi's types of all others."""


_MARK = "tidegate.dev/protected"


@of_update(
    "What is protected is neither replaced nor deleted.",
    severity="critical",
    fix="Take its protection away in an update of its own, or exempt it with an owner, a reason and an end date.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "data"),
    settings=Protection,
)
def protected_resources(stack: Stack, given: Given[Protection]) -> Iterator[Finding]:
    """Each resource that goes."""
    kinds = frozenset(given.settings.kinds)

    def judge(change: Change) -> Iterator[Finding]:
        before = change.before
        if before is None or change.operation not in {"replace", "delete"}:
            return
        done = "deleted" if change.operation == "delete" else "replaced"
        if before.protected or _marked(before):
            yield Violation(before.root, f"{before.shown} is protected and would be {done}")
        elif kinds.intersection(before.names):
            yield Violation(before.root, f"{before.shown} would be {done}, and what is in it with it")

    yield from each(stack.changes or (), judge)


def _marked(subject: Subject) -> bool:
    metadata = subject.at("metadata")
    return subject.package == "kubernetes" and any(metadata.at(part, _MARK).text == "true" for part in ("annotations", "labels"))
