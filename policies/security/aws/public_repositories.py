"""Repositories of images are nobody else's.

Looks at: `policy` of `aws:ecr/repositoryPolicy:RepositoryPolicy`, `repositoryPolicy` of templates for repositories.
Allowed: statements that allow something to somebody, or to everybody of an account, an organisation or a network.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.documents import Statement, statements
from policies.security.aws.frameworks import gdpr, soc2


@of_objects(
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
    title="Repositories of images are nobody else's.",
    severity="critical",
    fix="Name who may in `Principal`, or narrow it to an organisation or an account in `Condition`.",
    standards=(soc2("CC6.1", "CC6.6"), gdpr("32")),
    tags=("aws", "ecr", "iam", "public"),
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html",
)
def ecr_public_repositories(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each statement for itself."""
    for name in ("policy", "repositoryPolicy"):
        yield from each(statements(subject.at(name)), _judge)


def _judge(statement: Statement) -> Iterator[Finding]:
    if statement.public:
        yield Violation(statement.at, f"{statement.shown} of {statement.at.subject.shown} lets everybody in")
