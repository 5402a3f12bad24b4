"""Nobody gets into running containers.

Looks at: the rules of Roles and ClusterRoles.
Allowed: not `pods/exec` and `pods/attach`, nor ephemeral containers in other people's pods: whoever gets into a container has what it has.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import ROLES, granted, rules

_WAYS = (
    (("pods/exec", "pods/attach"), ("create", "get")),
    (("pods/ephemeralcontainers",), ("update", "patch")),
)


@of_objects(
    *ROLES,
    title="Nobody gets into running containers.",
    severity="high",
    fix="Leave the subresource out: logs are read by `pods/log`. Who has to look into a container gets a role for as long as that takes.",
    standards=(Standard("nsa-kubernetes"), Standard("soc2", ("CC6.1", "CC6.3"))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)
def pod_exec(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each rule for itself."""

    def judge(rule: Field) -> Iterator[Finding]:
        for resources, verbs in _WAYS:
            if found := granted(rule, "", resources, verbs):
                yield Violation(found[0], f"{role.shown} grants {', '.join(found[1])} on {found[0].text}: a way into running containers")

    yield from each(rules(role), judge)
