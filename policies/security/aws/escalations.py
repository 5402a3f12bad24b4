"""Nobody may give themselves more than they have.

Looks at: `policy` of `aws:iam/policy:Policy`, RolePolicy, UserPolicy and GroupPolicy, `inlinePolicies` of roles.
Allowed: actions by which one may become somebody else only on named resources, or under a condition.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.documents import EVERYTHING, Statement, statements
from policies.security.aws.frameworks import gdpr, soc2
from policies.security.aws.grants import DOCUMENTS, documents

_LADDERS = (
    "iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreateAccessKey",
    "iam:CreateLoginProfile", "iam:CreatePolicyVersion", "iam:PassRole", "iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile", "sts:AssumeRole",
)  # fmt: skip
_SHOWN = 3


@of_objects(
    *DOCUMENTS,
    title="Nobody may give themselves more than they have.",
    severity="high",
    fix="Name the roles and users that it is about; for PassRole also `iam:PassedToService` in `Condition`.",
    standards=(soc2("CC6.1", "CC6.3"), gdpr("32")),
    tags=("aws", "iam"),
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
)
def iam_escalation(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """On everything, these are as good as all actions; who is allowed all anyway, is told so by iam-administrators."""
    yield from each(documents(subject), lambda document: each(statements(document), _judge))


def _judge(statement: Statement) -> Iterator[Finding]:
    if not (statement.allows and statement.everywhere) or statement.conditions or EVERYTHING.intersection(statement.actions):
        return
    found = [action for action in _LADDERS if statement.does(action)]
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        reason = f"{statement.shown} of {statement.at.subject.shown} allows {', '.join(found[:_SHOWN])}{more} on everything"
        yield Violation(statement.at, reason)
