"""What the tables of these tests are made with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policies.judging import Doubt, Given, judge, of_resource

if TYPE_CHECKING:
    from policies.judging import Policy, Stack, Subject


def resource(kind: str, values: dict[str, Any], label: str = "it", **more: Any) -> Subject:
    """A resource, by its type's whole name, or by the short one of S3's: BucketPolicy is aws:s3/bucketPolicy:BucketPolicy."""
    token = kind if ":" in kind else f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"
    return of_resource(token, values, label=label, urn=f"urn:pulumi:prod::shop::{token}::{label}", **more)


def paths(policy: Policy, what: Subject | Stack, given: Given[Any] | None = None) -> list[str]:
    """Where it is violated; what isn't known yet has a ? behind it."""
    given = given or Given(policy.settings())
    found = judge(policy, what, given)
    return [f"{one.at.path}{'?' if isinstance(one, Doubt) else ''}" for one in found]


def document(*statements: dict[str, Any]) -> str:
    """A policy document, as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
