"""Nobody gets Amazon's policies for administrators.

Looks at: `policyArn` of attachments to users, roles and groups; `managedPolicyArns` of `aws:iam/role:Role`.
Allowed: policies other than AdministratorAccess, PowerUserAccess, IAMFullAccess and AWSCloudShellFullAccess.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.frameworks import cis, gdpr, soc2

_MIGHTY = ("/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess", "/AWSCloudShellFullAccess")


@of_objects(
    "aws:iam/policyAttachment:PolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/role:Role",
    title="Nobody gets Amazon's policies for administrators.",
    severity="high",
    fix="Write a policy of what is needed.",
    standards=(cis("1.16", "1.22"), soc2("CC6.1", "CC6.3"), gdpr("25", "32")),
    tags=("aws", "iam"),
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html",
)
def iam_administrator_access(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """By an attachment, or in the role itself."""
    yield from each((subject.at("policyArn"),), _judge)
    yield from each(subject.at("managedPolicyArns").items(), _judge)


def _judge(name: Field) -> Iterator[Finding]:
    if name.text.startswith("arn:aws") and ":iam::aws:policy/" in name.text and name.text.endswith(_MIGHTY):
        yield Violation(name, f"{name.subject.shown} gives {name.text.rpartition('/')[2]}")
