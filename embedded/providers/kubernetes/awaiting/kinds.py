"""Which kinds have rules of their own. All others are ready when the server has taken them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.providers.kubernetes.awaiting import claims, daemonsets, deployments, ingresses, jobs, others, pods, services, statefulsets
from embedded.providers.kubernetes.awaiting.objects import text

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Kind, Obj

_KINDS: Final[dict[str, Kind]] = {
    "apps/v1/DaemonSet": daemonsets.KIND,
    "apps/v1/Deployment": deployments.KIND,
    "apps/v1/StatefulSet": statefulsets.KIND,
    "batch/v1/Job": jobs.KIND,
    "networking.k8s.io/v1/Ingress": ingresses.KIND,
    "v1/PersistentVolumeClaim": claims.KIND,
    "v1/Pod": pods.KIND,
    "v1/Service": services.KIND,
    **others.KINDS,
}


def find(obj: Obj) -> Kind | None:
    """The rules of the object's kind, None if it has none."""
    kind = _KINDS.get(f"{text(obj, 'apiVersion')}/{text(obj, 'kind')}")
    return kind if kind and kind.applies(obj) else None
