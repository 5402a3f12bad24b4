"""What IAM's documents allow: whose they are, and which resources have them."""

from collections.abc import Iterator

from policies.judging import Field, Subject

DOCUMENTS = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
    "aws:iam/role:Role",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy",
)


def documents(subject: Subject) -> Iterator[Field]:
    """Its documents of what is allowed; of a role those that are inside of it."""
    for field in (subject.at("policy"), subject.at("inlinePolicy")):
        if not field.known or field.given:
            yield field
    yield from (one.at("policy") for one in subject.at("inlinePolicies").items())
