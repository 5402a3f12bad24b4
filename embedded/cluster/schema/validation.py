"""Whether the server takes an object: the checks that all objects go through, and which rules hold for which kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.schema.decoding import prune, unknown_fields
from embedded.cluster.schema.rules import core, names, pods, policies, workloads
from embedded.cluster.schema.rules.custom import conforms

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.model.errors import Cause
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource

    Rule = Callable[[Obj, Obj | None], list[Cause]]
    NameRule = Callable[[str], list[str] | tuple[str, ...]]

__all__ = ["prune", "unknown_fields", "validate"]

_RBAC: Final = "rbac.authorization.k8s.io"
_CRDS: Final = "apiextensions.k8s.io/customresourcedefinitions"


def validate(resource: Resource, obj: Obj, old: Obj | None = None) -> list[Cause]:
    """All that is wrong with an object that has its defaults, as a new one or as the next version of `old`; empty when nothing is."""
    name_rule = _NAMES.get(resource.storage, names.subdomain)
    causes = names.metadata(obj, name_rule, new=old is None)
    if resource.custom:
        return causes + conforms(resource.type, obj)
    causes += names.finalizers(obj)
    if (rule := _RULES.get(resource.storage)) is not None:
        causes += rule(obj, old)
    return causes


# Most names are DNS subdomains.
_NAMES: Final[dict[str, NameRule]] = {
    "/namespaces": names.label_name,
    "/services": names.label_name,
    "apps/statefulsets": names.label_name,
    **{f"{_RBAC}/{plural}": names.path_segment for plural in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")},
}
_RULES: Final[dict[str, Rule]] = {
    "/pods": pods.pod,
    "/services": core.service,
    "/configmaps": core.config_map,
    "/secrets": core.secret,
    "/persistentvolumeclaims": core.claim,
    "/resourcequotas": core.resource_quota,
    "apps/deployments": workloads.deployment,
    "apps/replicasets": workloads.replica_set,
    "apps/statefulsets": workloads.stateful_set,
    "apps/daemonsets": workloads.daemon_set,
    "batch/jobs": workloads.job,
    "batch/cronjobs": workloads.cron_job,
    "autoscaling/horizontalpodautoscalers": policies.autoscaler,
    "storage.k8s.io/storageclasses": policies.storage_class,
    "scheduling.k8s.io/priorityclasses": policies.priority_class,
    "policy/poddisruptionbudgets": policies.disruption_budget,
    "networking.k8s.io/ingresses": policies.ingress,
    "networking.k8s.io/networkpolicies": policies.network_policy,
    f"{_RBAC}/roles": policies.role,
    f"{_RBAC}/clusterroles": policies.role,
    f"{_RBAC}/rolebindings": policies.role_binding,
    f"{_RBAC}/clusterrolebindings": policies.role_binding,
    _CRDS: policies.definition,
}
