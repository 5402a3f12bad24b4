"""IAM: what is allowed, to whom, and who may become whom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.judging import Given, judge
from policies.judging.fields import UNKNOWN
from policies.security.aws.administrator_access import iam_administrator_access
from policies.security.aws.administrators import iam_administrators
from policies.security.aws.escalations import iam_escalation
from policies.security.aws.trusts import iam_trusts
from policies.security.aws.users_own_policies import iam_users_own_policies
from policies.security.aws.wildcard_actions import Services, iam_wildcards
from tests.unit.policies.security.aws.saying import document, paths, resource

POLICY, ROLE = "aws:iam/policy:Policy", "aws:iam/role:Role"
BUCKET = "arn:aws:s3:::logs/*"


def allow(action: Any = None, on: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows something."""
    return {"Effect": "Allow", **({"Action": action} if action else {}), **({"Resource": on} if on else {}), **more}


@pytest.mark.parametrize(
    ("statement", "everything", "wild", "ladder"),
    [
        (allow("s3:GetObject", BUCKET), 0, 0, 0),
        (allow("s3:Get*"), 0, 0, 0),
        (allow("*"), 1, 0, 0),
        (allow(["s3:GetObject", "*:*"]), 1, 0, 0),
        (allow("*", "arn:aws:*"), 1, 0, 0),
        (allow("*", BUCKET), 0, 1, 0),
        (allow("s3:*"), 0, 1, 0),
        (allow("S3:*"), 0, 1, 0),
        (allow("s3:*", BUCKET), 0, 0, 0),
        (allow(["s3:*", "ec2:*"]), 0, 2, 0),
        (allow("iam:*"), 0, 1, 1),
        (allow(NotAction="iam:*"), 0, 1, 1),
        (allow(NotAction=["iam:*", "sts:*"]), 0, 1, 0),
        (allow("s3:GetObject", on=None, NotResource=BUCKET), 0, 1, 0),
        (allow("*", on=None, NotResource=BUCKET), 1, 1, 0),
        (allow("iam:PassRole"), 0, 0, 1),
        (allow("iam:passrole"), 0, 0, 1),
        (allow("iam:Pass*"), 0, 0, 1),
        (allow("iam:PassRole", "arn:aws:iam::1:role/shop"), 0, 0, 0),
        (allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}), 0, 0, 0),
        (allow("sts:AssumeRole"), 0, 0, 1),
        ({**allow("*"), "Effect": "Deny"}, 0, 0, 0),
        ({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}, 0, 0, 0),
    ],
)
def test_what_is_allowed(statement: dict[str, Any], everything: int, wild: int, ladder: int) -> None:
    """Everything, all of a service, all but something, ways to become more; wherever a document may be, as text and as data."""
    for policy in (document(statement), json.loads(document(statement)), json.dumps({"Statement": statement})):
        subject = resource(POLICY, {"policy": policy})
        found = [len(judge(one, subject, Given(one.settings()))) for one in (iam_administrators, iam_wildcards, iam_escalation)]
        assert found == [everything, wild, ladder]
    inline = resource(
        ROLE, {"inlinePolicies": [{"name": "a", "policy": document(allow("s3:GetObject", BUCKET))}, {"name": "b", "policy": policy}]}
    )
    assert paths(iam_administrators, inline) == ["inlinePolicies[1].policy"] * everything


@pytest.mark.parametrize("kind", ["policy:Policy", "rolePolicy:RolePolicy", "userPolicy:UserPolicy", "groupPolicy:GroupPolicy"])
def test_whose_documents(kind: str) -> None:
    """All kinds that have one; a document that isn't known yet is judged later, and one allowed service is allowed."""
    subject = resource(f"aws:iam/{kind}", {"policy": document(allow("logs:*"))})
    assert paths(iam_wildcards, subject) == ["policy"]
    assert paths(iam_wildcards, subject, Given(Services(services=("logs",)))) == []
    assert paths(iam_wildcards, resource(f"aws:iam/{kind}", {"policy": UNKNOWN})) == ["policy?"]


def trust(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """Who may take on a role."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


OIDC = {"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"}
WEB = "sts:AssumeRoleWithWebIdentity"


def claims(operator: str = "StringEquals", **values: str) -> dict[str, Any]:
    """A condition on a token."""
    return {operator: {f"token.actions.githubusercontent.com:{name}": value for name, value in values.items()}}


@pytest.mark.parametrize(
    ("statement", "good"),
    [
        (trust({"Service": "ec2.amazonaws.com"}), True),
        (trust({"AWS": "arn:aws:iam::1:root"}), True),
        (trust("*"), False),
        (trust({"AWS": "*"}), False),
        (trust({"AWS": "*"}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), True),
        (trust({"AWS": "*"}, Condition={"StringEquals": {"sts:ExternalId": "word"}}), False),
        (trust(OIDC, WEB, Condition=claims(sub="repo:team/shop:ref:refs/heads/main")), True),
        (trust(OIDC, WEB, Condition=claims("StringLike", sub="repo:team/shop:*")), True),
        (trust(OIDC, WEB, Condition=claims("StringLike", sub="*")), False),
        (trust(OIDC, WEB, Condition=claims(aud="sts.amazonaws.com")), False),
        (trust(OIDC, WEB, Condition=claims("StringEqualsIfExists", sub="repo:team/shop")), False),
        (trust(OIDC, WEB), False),
        (trust({"Federated": "arn:aws:iam::1:saml-provider/idp"}, "sts:AssumeRoleWithSAML"), True),
    ],
)
def test_trusts(statement: dict[str, Any], good: bool) -> None:
    """Who takes on a role is named, and whose token it is."""
    assert paths(iam_trusts, resource(ROLE, {"assumeRolePolicy": document(statement)})) == ([] if good else ["assumeRolePolicy"])


def test_users_own_policies() -> None:
    """Rights are given to groups and roles."""
    assert paths(iam_users_own_policies, resource("aws:iam/userPolicy:UserPolicy", {"user": "ada"})) == ["user"]
    assert paths(iam_users_own_policies, resource("aws:iam/userPolicyAttachment:UserPolicyAttachment", {"user": "ada"})) == ["user"]
    attachment = "aws:iam/policyAttachment:PolicyAttachment"
    assert paths(iam_users_own_policies, resource(attachment, {"users": ["ada"]})) == ["users"]
    assert paths(iam_users_own_policies, resource(attachment, {"groups": ["team"]})) == []


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("arn:aws:iam::aws:policy/AdministratorAccess", False),
        ("arn:aws-cn:iam::aws:policy/PowerUserAccess", False),
        ("arn:aws:iam::aws:policy/IAMFullAccess", False),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", True),
        ("arn:aws:iam::1:policy/AdministratorAccess", True),
    ],
)
def test_administrator_access(name: str, good: bool) -> None:
    """By attachments of each kind, and in the role itself."""
    for kind in (
        "rolePolicyAttachment:RolePolicyAttachment",
        "groupPolicyAttachment:GroupPolicyAttachment",
        "policyAttachment:PolicyAttachment",
    ):
        assert paths(iam_administrator_access, resource(f"aws:iam/{kind}", {"policyArn": name})) == ([] if good else ["policyArn"])
    role = resource(ROLE, {"managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess", name]})
    assert paths(iam_administrator_access, role) == ([] if good else ["managedPolicyArns[1]"])
