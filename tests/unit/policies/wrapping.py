"""Pods wrapped into every kind that makes pods, as manifests: what a policy on pods says, it says of each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_Manifest = dict[str, Any]
NAMESPACE: Final = "shop"


def _object(version: str, kind: str, rest: _Manifest) -> _Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "web", "namespace": NAMESPACE}, **rest}


def _templated(version: str, kind: str) -> Callable[[_Manifest], _Manifest]:
    return lambda pod: _object(version, kind, {"spec": {"selector": {}, "template": pod}})


KINDS: Final[dict[str, tuple[str, Callable[[_Manifest], _Manifest]]]] = {
    "Pod": ("", lambda pod: {**_object("v1", "Pod", pod), "metadata": {"name": "web", "namespace": NAMESPACE, **pod.get("metadata", {})}}),
    "PodTemplate": ("template.", lambda pod: _object("v1", "PodTemplate", {"template": pod})),
    "Deployment": ("spec.template.", _templated("apps/v1", "Deployment")),
    "ReplicaSet": ("spec.template.", _templated("apps/v1", "ReplicaSet")),
    "ReplicationController": ("spec.template.", _templated("v1", "ReplicationController")),
    "StatefulSet": ("spec.template.", _templated("apps/v1", "StatefulSet")),
    "DaemonSet": ("spec.template.", _templated("apps/v1", "DaemonSet")),
    "Job": ("spec.template.", _templated("batch/v1", "Job")),
    "CronJob": (
        "spec.jobTemplate.spec.template.",
        lambda pod: _object("batch/v1", "CronJob", {"spec": {"schedule": "0 2 * * *", "jobTemplate": {"spec": {"template": pod}}}}),
    ),
    "Rollout": ("spec.template.", _templated("argoproj.io/v1alpha1", "Rollout")),
    "PyTorchJob": (
        "spec.pytorchReplicaSpecs.Worker.template.",
        lambda pod: _object(
            "kubeflow.org/v1", "PyTorchJob", {"spec": {"pytorchReplicaSpecs": {"Worker": {"replicas": 1, "template": pod}}}}
        ),
    ),
}
"""By kind: where the pod is, and the manifest around it."""


def wrapped(kind: str, spec: _Manifest, **metadata: Any) -> _Manifest:
    """A manifest of a kind whose pods have this specification, and this metadata."""
    return KINDS[kind][1]({"metadata": metadata, "spec": spec} if metadata else {"spec": spec})


def pod(**container: Any) -> _Manifest:
    """The specification of a pod of one container `app`, with more to say of that."""
    return {"containers": [{"name": "app", "image": "registry.example/web:1.0.0", **container}]}
