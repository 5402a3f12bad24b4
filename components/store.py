"""What data services have in common: how their pods may behave, where their volumes come from, how Prometheus finds them."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, PersistentVolumeClaim, Service
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components import labels, pods
from tidegate.model.base import digest_of
from tidegate.model.intent.environment import Resources
from tidegate.model.intent.intent import Intent
from tidegate.model.slots import image_of

DATA: Final = "data"
"""The component that keeps data."""
METRICS: Final = "metrics"
"""The name of the exporters' port."""
EXPORTERS: Final = {"postgresql": 9187, "redis": 9121}
"""The exporters' ports."""
SCRIPTS: Final = "/scripts"
"""Where containers have their scripts."""

_SCRIPTS: Final = Path(__file__).resolve().parent / "scripts"
_NOBODY: Final = 65534


class AmountsArgs(TypedDict):
    """Processor and memory."""

    cpu: str
    memory: str


class SizeArgs(TypedDict):
    """What a container asks for, and what it may take at most."""

    requests: AmountsArgs
    limits: AmountsArgs


class Place(NamedTuple):
    """Where a data service is."""

    name: str
    namespace: pulumi.Input[str]
    labels: Mapping[str, str]
    """Of everything in it."""

    def metadata(self, name: str, **more: Any) -> Any:
        """The metadata of one of its objects."""
        return {"name": name, "namespace": self.namespace, "labels": {**self.labels, **selector(self.name)}, **more}


def selector(name: str) -> dict[str, str]:
    """By which a data service's pods are found; it can never be changed."""
    return {labels.NAME: name, labels.COMPONENT: DATA}


def size_args(resources: Resources) -> SizeArgs:
    """A size of the intent."""
    size: SizeArgs = resources.model_dump(mode="json")  # type: ignore[assignment] # the model has the same fields
    return size


def image(intent: Intent, name: str) -> str:
    """The whole name of a data service's image."""
    data = intent.data[name]
    if data.kind == "managed":
        raise ValueError(f"data.{name} is managed elsewhere: it has no image")
    return image_of(intent.environment.registry, data.image, data.version, data.digest)


def scripts(*names: str) -> dict[str, str]:
    """Scripts, by their bare names."""
    return {Path(name).name: (_SCRIPTS / name).read_text() for name in names}


def files(place: Place, name: str, content: Mapping[str, str], opts: pulumi.ResourceOptions) -> ConfigMap:
    """A ConfigMap that never changes: other content has another name, so that pods are started anew on it, and old ones keep theirs."""
    called = f"{name}-{digest_of(content)}"
    # It is replaced whenever it changes, so it can't be protected.
    own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=False))
    return ConfigMap(name, metadata=place.metadata(called), data=dict(content), immutable=True, opts=own)


def claim(place: Place, name: str, storage: str, storage_class: str | None, opts: pulumi.ResourceOptions) -> PersistentVolumeClaim:
    """A volume. It is declared by itself, not by a StatefulSet's template, which could never be made bigger."""
    return PersistentVolumeClaim(
        name,
        # Nothing to wait for: where a volume is made when its first pod comes, this would wait for a pod that waits for this.
        metadata=place.metadata(name, annotations={"pulumi.com/skipAwait": "true"}),
        spec={
            "access_modes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage}},
            **({"storage_class_name": storage_class} if storage_class else {}),
        },
        opts=opts,
    )


def services(place: Place, port: int, word: str, opts: pulumi.ResourceOptions) -> Service:
    """The Service that clients use, and the one that gives the pod its name."""
    own: Any = {"name": word, "port": port, "target_port": word}
    metrics: Any = {"name": METRICS, "port": EXPORTERS[word], "target_port": METRICS}
    Service(
        f"{place.name}-pods",
        metadata=place.metadata(f"{place.name}-pods"),
        spec={"cluster_ip": "None", "selector": selector(place.name), "ports": [own]},
        opts=opts,
    )
    return Service(
        place.name,
        # The StatefulSet is waited for; the provider's own wait for a Service would only cost time.
        metadata=place.metadata(place.name, annotations={"pulumi.com/skipAwait": "true"}),
        spec={"selector": selector(place.name), "ports": [own, metrics]},
        opts=opts,
    )


def monitor(place: Place, release_label: str, opts: pulumi.ResourceOptions) -> CustomResource:
    """Where an operator's Prometheus finds the exporter."""
    named = {**place.labels, **selector(place.name), "release": release_label}
    return CustomResource(
        f"{place.name}-monitor",
        api_version="monitoring.coreos.com/v1",
        kind="ServiceMonitor",
        metadata={"name": place.name, "namespace": place.namespace, "labels": named},
        spec={"selector": {"matchLabels": selector(place.name)}, "endpoints": [{"port": METRICS, "interval": "30s"}]},
        opts=opts,
    )


def budget(place: Place, opts: pulumi.ResourceOptions) -> PodDisruptionBudget:
    """There is one pod. Whoever drains its node is stopped, and chooses the moment by deleting it; one that is broken may go."""
    return PodDisruptionBudget(
        place.name,
        metadata=place.metadata(place.name),
        spec={"min_available": 1, "selector": {"match_labels": selector(place.name)}, "unhealthy_pod_eviction_policy": "AlwaysAllow"},
        opts=opts,
    )


def exporter(image: str, word: str, env: list[dict[str, Any]], mounts: list[dict[str, Any]]) -> dict[str, Any]:
    """The container that tells Prometheus how the one beside it is."""
    return {
        "name": "exporter",
        "image": image,
        "env": env,
        "ports": [{"name": METRICS, "containerPort": EXPORTERS[word]}],
        "readinessProbe": {"httpGet": {"path": "/", "port": METRICS}, "periodSeconds": 10},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
        # Another user than the server's, so that the server can tell them apart.
        "securityContext": {**pods.locked(), "runAsUser": _NOBODY},
        "volumeMounts": mounts,
    }


def template(place: Place, version: str, word: str, restarts: Any, spec: dict[str, Any]) -> dict[str, Any]:
    """A pod's template; another `restarts` starts it anew."""
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": str(EXPORTERS[word]), "prometheus.io/path": "/metrics"}
    return {
        "metadata": {
            "labels": {**place.labels, **selector(place.name), labels.VERSION: labels.value(version)},
            "annotations": {**scraped, "kubectl.kubernetes.io/default-container": word, "tidegate.dev/secrets": restarts},
        },
        "spec": {"automountServiceAccountToken": False, "enableServiceLinks": False, **spec},
    }


def rotation(intent: Intent, name: str, *keys: str) -> str:
    """A hash that changes with these values of a set, or with the version of those that a store outside has."""
    found = intent.secrets[name]
    return digest_of(found.external.model_dump(mode="json") if found.external else {key: found.values.get(key) for key in keys})


def kept(component: pulumi.Resource, protect: bool) -> pulumi.ResourceOptions:  # noqa: FBT001 - a setting on its way
    """Options of a component's parts: where it counts, nothing of it is deleted until somebody unprotects it."""
    return pulumi.ResourceOptions(parent=component, protect=protect)


def placed(args: Mapping[str, Any]) -> dict[str, Any]:
    """How important a pod is, and how its images are pulled."""
    return {
        **({"priorityClassName": args["priority_class"]} if "priority_class" in args else {}),
        **({"imagePullSecrets": [{"name": args["pull_secret"]}]} if "pull_secret" in args else {}),
    }
