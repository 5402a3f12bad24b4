"""Nobody talks to the kubelet past the API server.

Looks at: the rules of Roles and ClusterRoles.
Allowed: not `nodes/proxy`, whatever the verb: by it the kubelet runs commands in every container of the node, which no audit log shows.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import ROLES, granted, rules

# What the kubelet makes of the methods of HTTP.
_VERBS = ("get", "create", "update", "patch", "delete")


@of_objects(
    *ROLES,
    title="Nobody talks to the kubelet past the API server.",
    severity="critical",
    fix="Grant `nodes/metrics`, `nodes/stats`, `nodes/log` or `nodes/healthz` instead, whichever is needed.",
    standards=(Standard("cis-kubernetes", ("5.1.10",), "1.9"), Standard("soc2", ("CC6.3",))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes",
)
def node_proxy(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each rule for itself."""

    def judge(rule: Field) -> Iterator[Finding]:
        if found := granted(rule, "", ("nodes/proxy",), _VERBS):
            yield Violation(
                found[0], f"{role.shown} grants {', '.join(found[1])} on {found[0].text}: commands in every container of a node"
            )

    yield from each(rules(role), judge)
