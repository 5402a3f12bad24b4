"""Nobody is the cluster's administrator by a binding.

Looks at: `roleRef` and `subjects` of RoleBindings and ClusterRoleBindings.
Allowed: any role but `cluster-admin`, which may do everything; any group but `system:masters`, which nothing can be taken away from.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import BINDINGS


@of_objects(
    *BINDINGS,
    title="Nobody is the cluster's administrator by a binding.",
    severity="critical",
    fix="Bind a role that grants what is needed.",
    standards=(Standard("cis-kubernetes", ("5.1.1", "5.1.7"), "1.9"), Standard("nsa-kubernetes"), Standard("soc2", ("CC6.3",))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege",
)
def cluster_admin(binding: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """The role, and each of those who have it."""

    def judge(subject: Field) -> Iterator[Finding]:
        if subject.at("kind").value == "Group" and subject.at("name").value == "system:masters":
            yield Violation(subject.at("name"), f"{binding.shown} is for system:masters, which may do everything in any case")

    yield from each([binding.at("roleRef", "name")], _administrator)
    yield from each(binding.at("subjects").items(), judge)


def _administrator(role: Field) -> Iterator[Finding]:
    if role.value == "cluster-admin" and role.subject.at("roleRef", "kind").value == "ClusterRole":
        where = "the whole cluster" if role.subject.kind == "ClusterRoleBinding" else "its namespace"
        yield Violation(role, f"{role.subject.shown} makes administrators of {where}")
