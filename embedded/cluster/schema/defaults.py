"""What the API server puts into objects where nobody said otherwise.

What follows from the types alone is in `shape`; here are the rules of the kinds, each a function on the object, by the name of the kind's
definition's end. They only add what is missing, so that applying them again changes nothing.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.objects import clone
from embedded.cluster.schema import shape
from embedded.cluster.schema.pod_defaults import pod, pod_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource

RBAC: Final = "rbac.authorization.k8s.io"
# How often a DaemonSet's pod template was changed, plus one: an annotation since the field is no more.
TEMPLATE_GENERATION: Final = "deprecated.daemonset.template.generation"


def apply_defaults(resource: Resource, obj: Obj) -> Obj:
    """Fill in the object, in place; returns it. The status of kinds that write it apart is left alone."""
    status = "status" if resource.has_status else ""
    if resource.custom:
        shape.drop_nulls(resource.type, obj)
        shape.tidy(resource.type.fields["metadata"], obj["metadata"])
    else:
        shape.tidy(resource.type, obj)
    shape.fill(resource.type, obj, skip=status)
    if (rule := _RULES.get((resource.group, resource.kind))) is not None:
        rule(obj)
    return obj


def _spec(obj: Obj) -> Obj:
    spec: Obj = obj.setdefault("spec", {})
    return spec


def missing(obj: Obj, **values: Any) -> None:
    """Set fields that are absent. An empty text counts as absent, as it does to the server."""
    for name, value in values.items():
        if (there := obj.get(name)) is None or there == "":
            obj[name] = value


def _template(spec: Obj) -> None:
    if isinstance(template := spec.get("template"), dict):
        pod_spec(template.setdefault("spec", {}))


def _deployment(obj: Obj) -> None:
    spec = _spec(obj)
    missing(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    _strategy(spec.setdefault("strategy", {}), maxUnavailable="25%", maxSurge="25%")
    _template(spec)


def _strategy(strategy: Obj, **rolling: Any) -> None:
    missing(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        missing(strategy.setdefault("rollingUpdate", {}), **rolling)


def _daemon_set(obj: Obj) -> None:
    spec = _spec(obj)
    # How often the template has changed, from before there were generations.
    obj["metadata"].setdefault("annotations", {}).setdefault("deprecated.daemonset.template.generation", "1")
    missing(spec, revisionHistoryLimit=10)
    _strategy(spec.setdefault("updateStrategy", {}), maxUnavailable=1, maxSurge=0)
    _template(spec)
    if not obj["metadata"].get("annotations"):
        obj["metadata"]["annotations"] = {}
    missing(obj["metadata"]["annotations"], **{TEMPLATE_GENERATION: "0"})


def _replica_set(obj: Obj) -> None:
    missing(_spec(obj), replicas=1)
    _template(obj["spec"])


def _replication_controller(obj: Obj) -> None:
    _replica_set(obj)
    if labels := ((obj["spec"].get("template") or {}).get("metadata") or {}).get("labels"):
        if not obj["spec"].get("selector"):
            obj["spec"]["selector"] = dict(labels)
        if not obj["metadata"].get("labels"):
            obj["metadata"]["labels"] = dict(labels)


def _stateful_set(obj: Obj) -> None:
    spec = _spec(obj)
    missing(spec, podManagementPolicy="OrderedReady", replicas=1, revisionHistoryLimit=10)
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        missing(strategy["rollingUpdate"], partition=0)
    missing(spec.setdefault("persistentVolumeClaimRetentionPolicy", {}), whenDeleted="Retain", whenScaled="Retain")
    for claim in spec.get("volumeClaimTemplates") or []:
        missing(claim, apiVersion="v1", kind="PersistentVolumeClaim")
        missing(claim.setdefault("spec", {}), volumeMode="Filesystem")
        missing(claim.setdefault("status", {}), phase="Pending")
    _template(spec)


def _job(obj: Obj) -> None:
    spec = _spec(obj)
    _job_spec(spec)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)


def _job_spec(spec: Obj) -> None:
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    backoff = 2**31 - 1 if "backoffLimitPerIndex" in spec else 6
    replaced = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
    missing(spec, parallelism=1, backoffLimit=backoff, completionMode="NonIndexed", suspend=False, podReplacementPolicy=replaced)
    missing(spec, manualSelector=False)
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or []:
        for pattern in rule.get("onPodConditions") or []:
            missing(pattern, status="True")
    _template(spec)


def _cron_job(obj: Obj) -> None:
    spec = _spec(obj)
    missing(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    job = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    # The rules for jobs don't apply here, only those for what is in them.
    _template(job)


def _service(obj: Obj) -> None:
    spec = _spec(obj)
    missing(spec, sessionAffinity="None", type="ClusterIP")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        missing(spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {}), timeoutSeconds=10800)
    for port in spec.get("ports") or []:
        missing(port, protocol="TCP")
        if not port.get("targetPort") and "port" in port:
            port["targetPort"] = port["port"]
    external = spec["type"] in {"NodePort", "LoadBalancer"} or (spec["type"] == "ClusterIP" and spec.get("externalIPs"))
    if external:
        missing(spec, externalTrafficPolicy="Cluster")
    if spec["type"] in {"ClusterIP", "NodePort", "LoadBalancer"}:
        missing(spec, internalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        missing(spec, allocateLoadBalancerNodePorts=True)


def _secret(obj: Obj) -> None:
    missing(obj, type="Opaque")
    for name, text in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[name] = base64.b64encode(str(text).encode()).decode()


def _namespace(obj: Obj) -> None:
    if name := obj["metadata"].get("name"):
        labels = obj["metadata"].get("labels") or {}
        if labels.get("kubernetes.io/metadata.name") != name:
            obj["metadata"]["labels"] = labels | {"kubernetes.io/metadata.name": name}


def _claim(obj: Obj) -> None:
    missing(_spec(obj), volumeMode="Filesystem")


def _volume(obj: Obj) -> None:
    spec = _spec(obj)
    missing(spec, persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    if (path := spec.get("hostPath")) is not None:
        path.setdefault("type", "")


def _limit_range(obj: Obj) -> None:
    for item in _spec(obj).get("limits") or []:
        if item.get("type") == "Container":
            default = {**item.get("max", {}), **item.get("default", {})}
            request = {**item.get("min", {}), **default, **item.get("defaultRequest", {})}
            item |= {k: v for k, v in (("default", default), ("defaultRequest", request)) if v}


def _endpoints(obj: Obj) -> None:
    for subset in obj.get("subsets") or []:
        for port in subset.get("ports") or []:
            missing(port, protocol="TCP")


_CPU: Final = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
_UP: Final = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}],
}
_DOWN: Final = {"selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}


def _autoscaler(obj: Obj) -> None:
    spec = _spec(obj)
    missing(spec, minReplicas=1)
    if obj.get("apiVersion") == "autoscaling/v1":
        return
    if not spec.get("metrics"):
        spec["metrics"] = [clone(_CPU)]
    if (behavior := spec.get("behavior")) is not None:
        behavior["scaleUp"] = clone(_UP) | (behavior.get("scaleUp") or {})
        behavior["scaleDown"] = clone(_DOWN) | (behavior.get("scaleDown") or {})


def _network_policy(obj: Obj) -> None:
    spec = _spec(obj)
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in (*(spec.get("ingress") or []), *(spec.get("egress") or [])):
        for port in rule.get("ports") or []:
            missing(port, protocol="TCP")


def _ingress_class(obj: Obj) -> None:
    if (parameters := _spec(obj).get("parameters")) is not None:
        missing(parameters, scope="Cluster")


def _binding(obj: Obj) -> None:
    missing(obj.setdefault("roleRef", {}), apiGroup=RBAC)
    for subject in obj.get("subjects") or []:
        if subject.get("kind") in {"User", "Group"}:
            missing(subject, apiGroup=RBAC)


def _storage_class(obj: Obj) -> None:
    missing(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _priority_class(obj: Obj) -> None:
    missing(obj, preemptionPolicy="PreemptLowerPriority")


def _endpoint_slice(obj: Obj) -> None:
    for port in obj.get("ports") or []:
        port.setdefault("name", "")
        missing(port, protocol="TCP")


def _webhooks(obj: Obj) -> None:
    for hook in obj.get("webhooks") or []:
        missing(hook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        if obj.get("kind") == "MutatingWebhookConfiguration":
            missing(hook, reinvocationPolicy="Never")
        for rule in hook.get("rules") or []:
            missing(rule, scope="*")
        if (service := (hook.get("clientConfig") or {}).get("service")) is not None:
            missing(service, port=443)


def _definition(obj: Obj) -> None:
    spec = _spec(obj)
    names = spec.setdefault("names", {})
    if kind := names.get("kind"):
        missing(names, singular=kind.lower(), listKind=f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})


_RULES: Final[dict[tuple[str, str], Callable[[Obj], None]]] = {
    ("", "Pod"): pod,
    ("", "PodTemplate"): _template,
    ("", "ReplicationController"): _replication_controller,
    ("", "Service"): _service,
    ("", "Secret"): _secret,
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "LimitRange"): _limit_range,
    ("", "Endpoints"): _endpoints,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("networking.k8s.io", "IngressClass"): _ingress_class,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    (RBAC, "RoleBinding"): _binding,
    (RBAC, "ClusterRoleBinding"): _binding,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _webhooks,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _webhooks,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
