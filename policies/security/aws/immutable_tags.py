"""A tag names the same image for ever.

Looks at: `imageTagMutability` of `aws:ecr/repository:Repository` and `aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate`.
Allowed: IMMUTABLE; with the setting `exclusions` also IMMUTABLE_WITH_EXCLUSION.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.frameworks import soc2


class Tags(Settings):
    """Which tags stay what they are."""

    exclusions: bool = False
    """Whether some tags may be moved (IMMUTABLE_WITH_EXCLUSION)."""


@of_objects(
    "aws:ecr/repository:Repository",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
    title="A tag names the same image for ever.",
    severity="medium",
    fix="Set `imageTagMutability: IMMUTABLE`.",
    standards=(soc2("CC8.1", "CC6.8"),),
    tags=("aws", "ecr", "images"),
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
    settings=Tags,
)
def ecr_immutable_tags(subject: Subject, given: Given[Tags]) -> Iterator[Finding]:
    """Where nothing is said, tags can be moved."""
    field = subject.at("imageTagMutability")
    good = {"IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"} if given.settings.exclusions else {"IMMUTABLE"}
    if field.text not in good:
        yield Violation(field, f"tags of {subject.shown} are {field.text or 'MUTABLE'}", mended=To("IMMUTABLE"))
