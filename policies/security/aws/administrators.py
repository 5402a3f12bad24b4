"""Nobody may do everything.

Looks at: `policy` of `aws:iam/policy:Policy`, RolePolicy, UserPolicy and GroupPolicy, `inlinePolicies` of roles, as text or as data.
Allowed: statements that name actions, or resources.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.documents import EVERYTHING, Statement, statements
from policies.security.aws.frameworks import cis, gdpr, soc2
from policies.security.aws.grants import DOCUMENTS, documents


@of_objects(
    *DOCUMENTS,
    title="Nobody may do everything.",
    severity="critical",
    fix="Name the actions, and the resources.",
    standards=(cis("1.16"), soc2("CC6.1", "CC6.3"), gdpr("25", "32")),
    tags=("aws", "iam"),
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
)
def iam_administrators(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """All actions on all resources."""
    yield from each(documents(subject), lambda document: each(statements(document), _judge))


def _judge(statement: Statement) -> Iterator[Finding]:
    if statement.allows and EVERYTHING.intersection(statement.actions) and statement.everywhere:
        yield Violation(statement.at, f"{statement.shown} of {statement.at.subject.shown} allows everything")
