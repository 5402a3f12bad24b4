"""Nobody makes pods in all namespaces without need.

Looks at: the rules of ClusterRoles.
Allowed: not `create` of pods, or of what makes them (Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Jobs,
CronJobs): a pod mounts any Secret and is run as any service account of its namespace. In one namespace a Role grants it. Operators have to
make pods everywhere: it is told, and not refused.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import granted, rules

_MAKERS = (
    ("", ("pods", "replicationcontrollers")),
    ("apps", ("deployments", "statefulsets", "daemonsets", "replicasets")),
    ("batch", ("jobs", "cronjobs")),
)


@of_objects(
    "rbac.authorization.k8s.io/ClusterRole",
    title="Nobody makes pods in all namespaces without need.",
    severity="medium",
    fix="Grant it by a Role in each namespace where it is needed; exempt the operator that makes pods everywhere.",
    standards=(Standard("cis-kubernetes", ("5.1.4",), "1.9"), Standard("soc2", ("CC6.3",))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation",
    level="advisory",
)
def pod_makers(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each rule for itself, once."""

    def judge(rule: Field) -> Iterator[Finding]:
        for group, resources in _MAKERS:
            if found := granted(rule, group, resources, ("create",)):
                yield Violation(found[0], f"{role.shown} grants {found[1][0]} of {found[0].text}: pods in all namespaces")
                return

    yield from each(rules(role), judge)
