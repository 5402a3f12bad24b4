"""Deployments: rolled out when the controller says so and the newest ReplicaSet has all its pods ready.

The controller's word alone does not do: at a Deployment's first revision «available» counts only the pods that must be there at least,
and what it says may be of the revision before. So its conditions count once it has seen this generation, and the ReplicaSet of the
revision that it names is looked at too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.providers.kubernetes.awaiting.model import Kind, Source, Verdict
from embedded.providers.kubernetes.awaiting.objects import (
    conditions,
    dig,
    is_true,
    mapping,
    name_of,
    namespace_of,
    number,
    observed,
    owned_by,
    selector_text,
    sequence,
    text,
    told,
)
from embedded.providers.kubernetes.awaiting.podsources import PODS

if TYPE_CHECKING:
    from embedded.engine.model.events import Severity
    from embedded.providers.kubernetes.awaiting.model import Obj, View

_REVISION = "deployment.kubernetes.io/revision"
_TOO_FEW_LIVE = "Minimum number of live Pods was not attained"
_TOO_FEW = "Minimum number of Pods to consider the application live was not attained"
_NOT_FORWARD = "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live"


def _sources(deployment: Obj) -> tuple[Source, ...]:
    namespace = namespace_of(deployment)
    selected = {"labelSelector": selector_text(mapping(deployment, "spec", "selector"))}
    sources = (
        Source("replicasets", f"/apis/apps/v1/namespaces/{namespace}/replicasets", selected),
        Source(PODS, f"/api/v1/namespaces/{namespace}/pods", selected, optional=True),
    )
    claims = Source("persistentvolumeclaims", f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")
    return (*sources, claims) if _claim_names(deployment) else sources


def _judge(view: View) -> Verdict:
    deployment = view.object
    if not observed(deployment):
        generation = number(deployment, "metadata", "generation")
        unseen = f"the Deployment controller has not observed generation {generation}"
        return Verdict(reasons=(unseen, _TOO_FEW_LIVE))
    says: list[tuple[Severity, str]] = []
    problems, flags = _conditions(deployment)
    says += [("warning", problem) for problem in problems]
    replica_set = _replica_set(view)
    rolled = _rolled_out(deployment, replica_set, says)
    unbound = _unbound_claims(view)
    says += [
        ("warning", f"PersistentVolumeClaim: [{name_of(claim)}] is not ready. status.phase currently at: {text(claim, 'status', 'phase')}")
        for claim in unbound
    ]
    available, progressed = flags["Available"], _revision(deployment) == "1" or flags["Progressing"]
    if available and progressed and rolled and not unbound:
        says.append(("info", "Deployment initialization complete"))
        return Verdict(ready=True, says=tuple(says))
    if unbound:
        problems.append(f'Failed to bind PersistentVolumeClaim(s): "{",".join(name_of(claim) for claim in unbound)}"')
    if not available:
        problems.append(_TOO_FEW_LIVE)
    elif not progressed:
        problems.append(_TOO_FEW)
    elif not rolled:
        problems.append(_TOO_FEW if _revision(deployment) == "1" else _NOT_FORWARD)
    return Verdict(reasons=tuple(problems), says=tuple(says))


def _conditions(deployment: Obj) -> tuple[list[str], dict[str, bool]]:
    """What the controller complains of, and whether the Deployment is available and has got to its newest ReplicaSet."""
    problems, flags = [], {"Available": False, "Progressing": False}
    for found in conditions(deployment):
        match text(found, "type"):
            case "Available":
                flags["Available"] = is_true(found)
            case "Progressing":
                flags["Progressing"] = is_true(found) and text(found, "reason") == "NewReplicaSetAvailable"
            case "ReplicaFailure":
                if is_true(found):
                    problems.append(told(found))
                continue
            case _:
                continue
        if not is_true(found):
            problems.append(told(found))
    return problems, flags


def _rolled_out(deployment: Obj, replica_set: Obj | None, says: list[tuple[Severity, str]]) -> bool:
    """Whether the newest ReplicaSet has got all its pods ready."""
    if replica_set is None:
        return False
    # The plan of record is the ReplicaSet's own count; that it is the Deployment's shows that it isn't from before a scaling.
    wanted, there = number(replica_set, "spec", "replicas", default=1), number(replica_set, "status", "readyReplicas")
    if there < wanted:
        says.append(("info", f"Waiting for app ReplicaSet to be available ({there}/{wanted} Pods available)"))
        return False
    if wanted != number(deployment, "spec", "replicas", default=1):
        return False
    if wanted == 0:
        says.append(("warning", f'Replicas scaled to 0 for Deployment "{name_of(deployment)}"'))
    return True


def _revision(obj: Obj) -> str:
    return text(mapping(obj, "metadata", "annotations"), _REVISION)


def _replica_set(view: View) -> Obj | None:
    revision = _revision(view.object)
    owned = (found for found in view.all("replicasets") if owned_by(found, view.object))
    return next((found for found in owned if revision and _revision(found) == revision), None)


def _pods(view: View) -> list[Obj]:
    replica_set = _replica_set(view)
    return [pod for pod in view.all(PODS) if replica_set and owned_by(pod, replica_set)]


def _claim_names(deployment: Obj) -> set[Any]:
    volumes = sequence(deployment, "spec", "template", "spec", "volumes")
    return {dig(volume, "persistentVolumeClaim", "claimName") for volume in volumes} - {None}


def _unbound_claims(view: View) -> list[Obj]:
    names = _claim_names(view.object)
    return [claim for claim in view.all("persistentvolumeclaims") if name_of(claim) in names and text(claim, "status", "phase") != "Bound"]


KIND = Kind(_judge, _sources, _pods)
