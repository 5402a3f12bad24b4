"""What a rule of a Role or ClusterRole grants, as Kubernetes reads it.

`*` stands for every verb, group or resource, subresources included; `*/exec` for that subresource of every resource. A `pods/*` grants
nothing: Kubernetes knows no such thing.
"""

from collections.abc import Collection, Iterator

from policies.judging import Field, Subject

ROLES = ("rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/ClusterRole")
BINDINGS = ("rbac.authorization.k8s.io/RoleBinding", "rbac.authorization.k8s.io/ClusterRoleBinding")
RBAC = "rbac.authorization.k8s.io"


def rules(role: Subject) -> Iterator[Field]:
    """The rules of a role. What a ClusterRole gets from others isn't its own."""
    return role.at("rules").items()


def granted(rule: Field, group: str, resources: Collection[str], verbs: Collection[str]) -> tuple[Field, list[str]] | None:
    """The verbs that a rule grants on some of these resources, and the field that names the first of them.

    A rule that grants everything on everything is told of once, by the policy on wildcards; here it counts as long as it names one of both.
    """
    if not any(one.text in {group, "*"} for one in rule.at("apiGroups").items()):
        return None
    named = next((one for one in rule.at("resources").items() if _covers(one.text, resources)), None)
    if named is None:
        return None
    given = [one.text for one in rule.at("verbs").items()]
    found = [verb for verb in given if verb in verbs]
    if not found and ("*" not in given or named.text == "*"):
        return None
    return named, found or ["*"]


def names(rule: Field) -> list[str]:
    """The only objects that a rule is for; none if it is for all."""
    return [one.text for one in rule.at("resourceNames").items()]


def _covers(granted: str, resources: Collection[str]) -> bool:
    if granted == "*" or granted in resources:
        return True
    return granted.startswith("*/") and any(one.partition("/")[2] == granted[2:] for one in resources)
