"""Roles are taken on by whom they are for.

Looks at: `assumeRolePolicy` of `aws:iam/role:Role`.
Allowed: principals by name, or everybody under a condition that narrows it; those of an OpenID provider under a condition on the token's
`sub`.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.documents import Statement, statements
from policies.security.aws.frameworks import gdpr, soc2

_BY_TOKEN = "sts:AssumeRoleWithWebIdentity"  # noqa: S105 - an action's name
_SUBJECTS = (":sub", ":repository", ":repository_owner", ":project_path", ":email")


@of_objects(
    "aws:iam/role:Role",
    title="Roles are taken on by whom they are for.",
    severity="critical",
    fix="Name who may in `Principal`; for tokens say whose in `Condition`, by their `sub`.",
    standards=(soc2("CC6.1", "CC6.3", "CC6.6"), gdpr("32")),
    tags=("aws", "iam", "public"),
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
)
def iam_trusts(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each statement for itself."""
    yield from each(statements(role.at("assumeRolePolicy")), _judge)


def _judge(statement: Statement) -> Iterator[Finding]:
    who = f"{statement.shown} of {statement.at.subject.shown}"
    if statement.public:
        yield Violation(statement.at, f"{who} lets everybody take on the role")
    federated = any(kind == "Federated" for kind, _ in statement.principals)
    if statement.allows and federated and statement.does(_BY_TOKEN) and not _says_whose(statement):
        yield Violation(statement.at, f"{who} lets each token of its provider take on the role")


def _says_whose(statement: Statement) -> bool:
    return any(
        key.endswith(_SUBJECTS) and not operator.endswith("ifexists") and not {"*", "repo:*"}.intersection(values)
        for operator, key, values in statement.conditions
    )
