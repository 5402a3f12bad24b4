"""Roles name what they grant.

Looks at: `verbs`, `resources`, `apiGroups` and `nonResourceURLs` of the rules of Roles and ClusterRoles.
Allowed: names; not `*`, which also grants what will only be there later.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import ROLES, rules

_FIELDS = {"verbs": "every verb", "resources": "every resource", "apiGroups": "every API group", "nonResourceURLs": "every path"}


@of_objects(
    *ROLES,
    title="Roles name what they grant.",
    severity="high",
    fix="Name the verbs, resources and API groups that are needed.",
    standards=(Standard("cis-kubernetes", ("5.1.3",), "1.9"), Standard("nsa-kubernetes"), Standard("soc2", ("CC6.3",))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)
def wildcards(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each wildcard for itself."""

    def judge(rule: Field) -> Iterator[Finding]:
        for name, called in _FIELDS.items():
            for one in rule.at(name).items():
                if one.text in {"*", "/*"}:
                    yield Violation(one, f"{role.shown} grants {called}")

    yield from each(rules(role), judge)
