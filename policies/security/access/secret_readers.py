"""Secrets are read by those who need them, and by their names.

Looks at: the rules of Roles and ClusterRoles.
Allowed: `get`, `list` and `watch` of Secrets only with `resourceNames`, or in a Role that the settings name. Who lists Secrets reads them
all.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import ROLES, granted, names, rules


class Readers(Settings):
    """Who may read Secrets."""

    roles: tuple[str, ...] = ("deployer",)
    """Roles, by `name` or `namespace/name`; never ClusterRoles. `deployer` is that of an environment: releases bring Secrets."""


@of_objects(
    *ROLES,
    title="Secrets are read by those who need them, and by their names.",
    severity="high",
    fix="Name the Secrets in `resourceNames` and grant `get` alone, or mount them.",
    standards=(Standard("cis-kubernetes", ("5.1.2",), "1.9"), Standard("soc2", ("CC6.1", "CC6.3")), Standard("gdpr", ("Art. 32",))),
    tags=("rbac", "secrets"),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#listing-secrets",
    settings=Readers,
)
def secret_readers(role: Subject, given: Given[Readers]) -> Iterator[Finding]:
    """Each rule for itself."""
    if role.kind == "Role" and {role.name, f"{role.namespace}/{role.name}"} & {*given.settings.roles}:
        return

    def judge(rule: Field) -> Iterator[Finding]:
        found = granted(rule, "", ("secrets",), ("get", "list", "watch"))
        if found and not names(rule):
            where = "in all namespaces" if role.kind == "ClusterRole" else "in its namespace"
            yield Violation(found[0], f"{role.shown} grants {', '.join(found[1])} of all Secrets {where}")

    yield from each(rules(role), judge)
