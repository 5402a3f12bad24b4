"""Passwords of people are long, and new.

Looks at: `minimumPasswordLength` and `passwordReusePrevention` of `aws:iam/accountPasswordPolicy:AccountPasswordPolicy`.
Allowed: 14 and 24, or more.
"""

from collections.abc import Iterator

from policies.compliance.frameworks import cis_aws, soc2
from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects

_LEAST = {"minimumPasswordLength": 14, "passwordReusePrevention": 24}


@of_objects(
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
    title="Passwords of people are long, and new.",
    severity="medium",
    fix="Ask for 14 letters or more, and none of the last 24 passwords.",
    standards=(cis_aws("1.8", "1.9"), soc2("CC6.1")),
    tags=("aws", "iam"),
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html",
)
def password_policy(policy: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Where nothing is said, 6 letters will do, and the last password again."""
    for name, least in _LEAST.items():
        field = policy.at(name)
        if not isinstance(field.value, int) or field.value < least:
            yield Violation(
                field, f"{name} of {policy.shown} is {field.shown if field.given else 'not set'}, and not {least}", mended=To(least)
            )
