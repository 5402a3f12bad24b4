"""Persistent volumes are made by those who provision storage.

Looks at: the rules of ClusterRoles; a Role can't grant what is in no namespace.
Allowed: not `create` of PersistentVolumes: by one of the kind `hostPath` a claim gets at the files of a node. Provisioners have to make
them: it is told, and not refused.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.security.access.rules import granted, rules


@of_objects(
    "rbac.authorization.k8s.io/ClusterRole",
    title="Persistent volumes are made by those who provision storage.",
    severity="medium",
    fix="Grant `create` of PersistentVolumeClaims instead, and leave volumes to a StorageClass; exempt the provisioner.",
    standards=(Standard("cis-kubernetes", ("5.1.9",), "1.9"), Standard("soc2", ("CC6.3",))),
    tags=("rbac",),
    url="https://kubernetes.io/docs/concepts/security/rbac-good-practices/#persistent-volume-creation",
    level="advisory",
)
def volume_makers(role: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each rule for itself."""

    def judge(rule: Field) -> Iterator[Finding]:
        if found := granted(rule, "", ("persistentvolumes",), ("create",)):
            yield Violation(found[0], f"{role.shown} grants {found[1][0]} of {found[0].text}: a way to the files of nodes")

    yield from each(rules(role), judge)
