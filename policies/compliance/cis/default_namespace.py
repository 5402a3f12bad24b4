"""Nothing is in the namespace `default`.

Looks at: `metadata.namespace` of what runs, and of what it needs.
Allowed: any other; it has to be said, by the object or by its provider.
"""

from collections.abc import Iterator

from policies.compliance.frameworks import cis_kubernetes, soc2
from policies.judging import Finding, Given, Settings, Subject, Violation, of_objects

_KINDS = (
    "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Service", "Ingress",
    "ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", "Role", "RoleBinding", "NetworkPolicy",
)  # fmt: skip
_GIVEN = frozenset({"kubernetes", "kube-root-ca.crt"})
"""Kubernetes itself has these there."""


@of_objects(
    *_KINDS,
    title="Nothing is in the namespace `default`.",
    severity="low",
    fix="Give it a namespace of its own: rights, quotas and network policies are by namespace.",
    standards=(cis_kubernetes("5.7.1", "5.7.4"), soc2("CC6.1")),
    tags=("kubernetes",),
    url="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
    level="advisory",
)
def default_namespace(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Where nothing is said, it is there."""
    field = subject.at("metadata", "namespace")
    namespace = field.text or subject.defaults.get("namespace", "") or "default"
    if namespace == "default" and subject.name not in _GIVEN:
        yield Violation(field, f"{subject.kind}/{subject.name} is in the namespace default")
