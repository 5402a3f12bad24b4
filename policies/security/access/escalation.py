"""Nobody gives themselves more than they have, or acts as somebody else.

Looks at: the rules of Roles and ClusterRoles.
Allowed: not `escalate` and `bind` on roles, `impersonate` of users, groups and service accounts, tokens for service accounts, and the
approval or signing of certificates. `bind`, `impersonate` and tokens are good for `resourceNames` that don't lead to the cluster's
administrators.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import RBAC, ROLES, granted, names, rules

_WAYS = (
    (RBAC, ("roles", "clusterroles"), ("escalate",), "roles with more than the one who writes them has", False),
    (RBAC, ("roles", "clusterroles"), ("bind",), "any role to be bound to anybody", True),
    ("", ("users", "groups", "serviceaccounts"), ("impersonate",), "acting as somebody else", True),
    ("authentication.k8s.io", ("users", "groups", "uids", "userextras"), ("impersonate",), "acting as somebody else", True),
    ("", ("serviceaccounts/token",), ("create",), "tokens of service accounts", True),
    ("certificates.k8s.io", ("certificatesigningrequests/approval",), ("update", "patch"), "certificates for any name", False),
    ("certificates.k8s.io", ("signers",), ("approve", "sign"), "certificates for any name", False),
)
_MIGHTY = frozenset({"cluster-admin", "system:masters", "system:admin"})


@of_objects(
    *ROLES,
    title="Nobody gives themselves more than they have, or acts as somebody else.",
    severity="critical",
    fix="Leave the verb out; where it is needed, name in `resourceNames` what it is for.",
    standards=(Standard("cis-kubernetes", ("5.1.8", "5.1.11", "5.1.13"), "1.9"), Standard("soc2", ("CC6.3",))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks",
)
def escalation(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each rule for itself."""

    def judge(rule: Field) -> Iterator[Finding]:
        for group, resources, verbs, what, by_name in _WAYS:
            if (found := granted(rule, group, resources, verbs)) is None:
                continue
            at, given = found
            named = names(rule)
            if by_name and named and _MIGHTY.isdisjoint(named):
                continue
            yield Violation(at, f"{role.shown} grants {_listed(given)} on {at.text}: {what}")

    yield from each(rules(role), judge)


def _listed(verbs: list[str]) -> str:
    return " and ".join(f"`{verb}`" for verb in verbs)
