"""People get rights by groups and roles.

Looks at: `aws:iam/userPolicy:UserPolicy`, `aws:iam/userPolicyAttachment:UserPolicyAttachment`, `users` of
`aws:iam/policyAttachment:PolicyAttachment`.
Allowed: none of the first two; no users in the last.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, of_objects
from policies.security.aws.frameworks import cis, soc2

_ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"


@of_objects(
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    _ATTACHMENT,
    title="People get rights by groups and roles.",
    severity="medium",
    fix="Give it to a group or a role, and put the user into that.",
    standards=(cis("1.15"), soc2("CC6.2", "CC6.3")),
    tags=("aws", "iam"),
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
)
def iam_users_own_policies(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """What one user has, nobody remembers."""
    if subject.type != _ATTACHMENT:
        yield Violation(subject.at("user"), f"{subject.shown} gives rights to one user")
    elif subject.at("users").value:
        yield Violation(subject.at("users"), f"{subject.shown} gives rights to single users")
