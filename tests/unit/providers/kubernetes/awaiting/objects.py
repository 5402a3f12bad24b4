"""Kubernetes objects as a cluster would show them, short."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]

NS = "shop"
REVISION = "deployment.kubernetes.io/revision"


def obj(api_version: str, kind: str, name: str = "web", **parts: Any) -> Obj:
    """An object of a namespace, with a generation and a uid."""
    metadata = {"name": name, "namespace": NS, "uid": f"uid-{kind}-{name}", "generation": 1} | parts.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def owned(child: Obj, owner: Obj) -> Obj:
    """The child with its owner's reference."""
    child["metadata"]["ownerReferences"] = [{"uid": owner["metadata"]["uid"], "controller": True}]
    return child


def condition(type_: str, status: str = "True", reason: str = "", message: str = "") -> Obj:
    """A status condition."""
    return {"type": type_, "status": status, "reason": reason, "message": message}


def deployment(*, replicas: int = 2, generation: int = 1, revision: int = 1, status: Obj | None = None, volumes: Any = None) -> Obj:
    """A Deployment; without a status the controller hasn't seen it."""
    template = {"spec": {"volumes": volumes}} if volumes else {}
    return obj(
        "apps/v1",
        "Deployment",
        metadata={"generation": generation, "annotations": {REVISION: str(revision)} if status else {}},
        spec={"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        status=status or {},
    )


def replica_set(of: Obj, *, replicas: int = 2, ready: int = 0, revision: int = 1) -> Obj:
    """A Deployment's ReplicaSet."""
    status = {"replicas": replicas} | ({"readyReplicas": ready} if ready else {})
    metadata = {"annotations": {REVISION: str(revision)}}
    return owned(obj("apps/v1", "ReplicaSet", f"web-{revision}", metadata=metadata, spec={"replicas": replicas}, status=status), of)


def pod(of: Obj | None = None, name: str = "web-1-a", *, conditions: list[Obj] | None = None, **status: Any) -> Obj:
    """A pod, ready unless conditions say otherwise."""
    all_ = conditions if conditions is not None else [condition(type_) for type_ in ("PodScheduled", "Initialized", "Ready")]
    made = obj("v1", "Pod", name, status={"phase": "Running", "conditions": all_} | status)
    return owned(made, of) if of else made


def unready(*statuses: Obj, name: str = "web-1-a", of: Obj | None = None) -> Obj:
    """A pod whose container `app` isn't ready."""
    not_ready = condition("Ready", "False", "ContainersNotReady", "containers with unready status: [app]")
    all_ = [condition("PodScheduled"), condition("Initialized"), not_ready]
    return pod(of, name, conditions=all_, containerStatuses=list(statuses))


MINIMUM = condition("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
AVAILABLE = condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
PROGRESSING = condition("Progressing", "True", "ReplicaSetUpdated", "is progressing")
PROGRESSED = condition("Progressing", "True", "NewReplicaSetAvailable", "has successfully progressed")
TOO_LATE = condition("Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "web-1" has timed out progressing.')


def seen(*conditions: Obj, generation: int = 1) -> Obj:
    """A status from a controller that has seen the generation."""
    return {"observedGeneration": generation, "conditions": list(conditions)}
