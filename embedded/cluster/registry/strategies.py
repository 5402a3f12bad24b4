"""What the server does with an object by its kind: which start with a generation and a status, and how they may be written and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.objects import annotations_of, clone
from embedded.cluster.schema.defaults import TEMPLATE_GENERATION

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource

# Kinds whose specification is counted in metadata.generation. Custom resources are, all of them.
_COUNTED: Final = frozenset({
    "/pods", "/podtemplates", "/replicationcontrollers",
    "apps/deployments", "apps/replicasets", "apps/statefulsets", "apps/daemonsets", "batch/jobs", "batch/cronjobs",
    "networking.k8s.io/ingresses", "networking.k8s.io/ingressclasses", "networking.k8s.io/networkpolicies",
    "discovery.k8s.io/endpointslices", "policy/poddisruptionbudgets", "scheduling.k8s.io/priorityclasses",
    "flowcontrol.apiserver.k8s.io/flowschemas", "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations",
    "admissionregistration.k8s.io/mutatingwebhookconfigurations", "admissionregistration.k8s.io/validatingwebhookconfigurations",
    "admissionregistration.k8s.io/validatingadmissionpolicies", "admissionregistration.k8s.io/validatingadmissionpolicybindings",
    "apiextensions.k8s.io/customresourcedefinitions",
})  # fmt: skip
# How a new object's status looks, whatever the client sent.
_FIRST_STATUS: Final[dict[str, Obj]] = {
    "/namespaces": {"phase": "Active"},
    "/persistentvolumeclaims": {"phase": "Pending"},
    "/persistentvolumes": {"phase": "Pending"},
    "/services": {"loadBalancer": {}},
    "apps/daemonsets": {"currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0},
    "apps/replicasets": {"replicas": 0},
    "/replicationcontrollers": {"replicas": 0},
    "apps/statefulsets": {"availableReplicas": 0, "replicas": 0},
    "autoscaling/horizontalpodautoscalers": {"currentMetrics": None, "desiredReplicas": 0},
    "networking.k8s.io/ingresses": {"loadBalancer": {}},
    "policy/poddisruptionbudgets": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
}
# A node says itself how it is, when it registers.
_OWN_STATUS: Final = frozenset({"/nodes"})
# Kinds that an update must name the version of, besides custom resources.
_CONDITIONAL: Final = frozenset({
    "coordination.k8s.io/leases", "policy/poddisruptionbudgets", "node.k8s.io/runtimeclasses",
    "storage.k8s.io/csidrivers", "storage.k8s.io/csinodes", "storage.k8s.io/volumeattachments", "storage.k8s.io/csistoragecapacities",
    "apiextensions.k8s.io/customresourcedefinitions", "apiregistration.k8s.io/apiservices",
})  # fmt: skip
# Kinds that a PUT may create.
_CREATED_BY_UPDATE: Final = frozenset({
    "/events", "/endpoints", "/limitranges", "/services", "coordination.k8s.io/leases", "node.k8s.io/runtimeclasses",
    "rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/rolebindings",
    "rbac.authorization.k8s.io/clusterroles", "rbac.authorization.k8s.io/clusterrolebindings",
})  # fmt: skip
# Kinds whose dependents stay behind unless the client says otherwise; for the sake of very old clients.
_ORPHANING: Final = frozenset({"batch/jobs", "/replicationcontrollers"})
_DAEMON_SETS: Final = "apps/daemonsets"
_CRDS: Final = "apiextensions.k8s.io/customresourcedefinitions"


def counts_generations(resource: Resource) -> bool:
    """Whether metadata.generation counts the changes to its specification."""
    return resource.custom or resource.storage in _COUNTED


def conditional(resource: Resource) -> bool:
    """Whether an update must carry a resourceVersion."""
    return resource.custom or resource.storage in _CONDITIONAL


def keeps_status(resource: Resource) -> bool:
    """Whether a new object may come with a status of its own."""
    return resource.storage in _OWN_STATUS


def created_by_update(resource: Resource) -> bool:
    """Whether a PUT makes what isn't there."""
    return resource.storage in _CREATED_BY_UPDATE


def orphans(resource: Resource) -> bool:
    """Whether its dependents stay unless the client says otherwise."""
    return resource.storage in _ORPHANING


def start(resource: Resource, obj: Obj) -> None:
    """Give a new object the status that all of its kind begin with, and take away what the client can't know."""
    if counts_generations(resource):
        obj["metadata"]["generation"] = 1
    if resource.storage == "batch/jobs":
        _select_own_pods(obj)
    if resource.storage == _DAEMON_SETS:
        obj["metadata"]["annotations"][TEMPLATE_GENERATION] = "1"
    if not resource.has_status or keeps_status(resource):
        return
    if resource.storage == "/pods":
        obj["status"] = {"phase": "Pending", "qosClass": quality_of_service(obj)}
    elif resource.storage == _CRDS:
        stored = [v.get("name") for v in obj["spec"].get("versions") or [] if v.get("storage")]
        obj["status"] = {"acceptedNames": {"kind": "", "plural": ""}, "conditions": None, "storedVersions": stored}
    elif (first := _FIRST_STATUS.get(resource.storage)) is not None:
        obj["status"] = clone(first)
    elif resource.custom:
        obj.pop("status", None)
    else:
        obj["status"] = {}
    if resource.storage == "/namespaces":
        obj.setdefault("spec", {})["finalizers"] = ["kubernetes"]


def go_on(resource: Resource, live: Obj, new: Obj) -> None:
    """Count on what is counted besides generations."""
    if resource.storage == _DAEMON_SETS:
        count = int(annotations_of(live).get(TEMPLATE_GENERATION, "1")) + (live["spec"]["template"] != new["spec"]["template"])
        new["metadata"]["annotations"] = {**annotations_of(new), TEMPLATE_GENERATION: str(count)}


def _select_own_pods(job: Obj) -> None:
    """Tell a Job's pods from all others, unless its author wants to do that: by the Job's uid."""
    spec = job.get("spec") or {}
    if spec.get("manualSelector") or not spec.get("template"):
        return
    uid, name = job["metadata"]["uid"], job["metadata"]["name"]
    metadata = spec["template"].setdefault("metadata", {})
    own = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "controller-uid": uid, "job-name": name}
    if job["metadata"].get("labels") == metadata.get("labels"):
        # A Job without labels of its own has those of its template, these too.
        job["metadata"]["labels"] = own | (metadata.get("labels") or {})
    metadata["labels"] = own | (metadata.get("labels") or {})
    matched = spec.setdefault("selector", {}).setdefault("matchLabels", {})
    matched.setdefault("batch.kubernetes.io/controller-uid", uid)


def specification(resource: Resource, obj: Obj) -> Obj:
    """The part of an object whose changes are counted."""
    left_out = {"metadata", "status"} if resource.has_status else {"metadata"}
    return {k: v for k, v in obj.items() if k not in left_out}


def quality_of_service(pod: Obj) -> str:
    """The pod's class, by its containers' requests and limits of cpu and memory."""
    containers: list[dict[str, Any]] = [*(pod["spec"].get("containers") or []), *(pod["spec"].get("initContainers") or [])]
    resources = [c.get("resources") or {} for c in containers]
    asked = [r.get(side, {}).get(what) for r in resources for side in ("requests", "limits") for what in ("cpu", "memory")]
    if not any(asked):
        return "BestEffort"
    guaranteed = all(
        (r.get("limits") or {}).get(what) and (r.get("requests") or r["limits"]).get(what, r["limits"][what]) == r["limits"][what]
        for r in resources
        for what in ("cpu", "memory")
    )
    return "Guaranteed" if guaranteed else "Burstable"
