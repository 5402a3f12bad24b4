"""Nobody changes what is admitted to the cluster.

Looks at: the rules of Roles and ClusterRoles.
Allowed: not to write configurations of admission webhooks, or admission policies and their bindings. Those who keep one up to date, such as
its certificate, may change it by its name.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import ROLES, granted, names, rules

_RESOURCES = (
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "mutatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "validatingwebhookconfigurations",
)
_VERBS = ("create", "update", "patch", "delete", "deletecollection")


@of_objects(
    *ROLES,
    title="Nobody changes what is admitted to the cluster.",
    severity="high",
    fix="Leave the verb out, or name the configuration in `resourceNames`.",
    standards=(Standard("cis-kubernetes", ("5.1.12",), "1.9"), Standard("soc2", ("CC6.3", "CC8.1"))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#control-admission-webhooks",
)
def webhook_configurations(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each rule for itself."""

    def judge(rule: Field) -> Iterator[Finding]:
        found = granted(rule, "admissionregistration.k8s.io", _RESOURCES, _VERBS)
        # Names don't hold for what is only to be made.
        if found and (not names(rule) or "create" in found[1] or "*" in found[1]):
            yield Violation(found[0], f"{role.shown} grants {', '.join(found[1])} on {found[0].text}: what the cluster admits")

    yield from each(rules(role), judge)
