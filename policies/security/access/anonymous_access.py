"""Roles are for people and programs that are known.

Looks at: `roleRef` and `subjects` of RoleBindings and ClusterRoleBindings.
Allowed: not the user `system:anonymous` and the groups `system:unauthenticated` and `system:authenticated` (that is whoever has an account
anywhere, on some clouds), but for the roles that Kubernetes itself gives them.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import BINDINGS

_ANYBODY = {"User": {"system:anonymous"}, "Group": {"system:unauthenticated", "system:authenticated"}}
_HARMLESS = frozenset({"system:basic-user", "system:discovery", "system:public-info-viewer", "system:service-account-issuer-discovery"})


@of_objects(
    *BINDINGS,
    title="Roles are for people and programs that are known.",
    severity="critical",
    fix="Bind the role to the groups, users or service accounts that need it.",
    standards=(Standard("nsa-kubernetes"), Standard("soc2", ("CC6.1",))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles",
)
def anonymous_access(binding: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each of those who have the role."""
    if binding.at("roleRef", "name").text in _HARMLESS:
        return

    def judge(subject: Field) -> Iterator[Finding]:
        name = subject.at("name")
        if name.text in _ANYBODY.get(subject.at("kind").text, ()):
            yield Violation(name, f"{binding.shown} is for {name.text}: anybody")

    yield from each(binding.at("subjects").items(), judge)
