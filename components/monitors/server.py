"""What the monitors have in common: restricted pods of one container, a Service, and rules for who may talk to them."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, PersistentVolumeClaim, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components import labels, pods
from tidegate.model.base import digest_of
from tidegate.model.intent.environment import Amounts, Resources

MONITORING: Final = "monitoring"
"""The component that watches."""

Obj = dict[str, Any]


class Monitor(NamedTuple):
    """What a monitor is: the same in every stack."""

    name: str
    image: str
    user: int
    port: int
    resources: Resources


def _size(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> Resources:
    return Resources(requests=Amounts(cpu=cpu, memory=memory), limits=Amounts(cpu=cpu_limit, memory=memory_limit))


PROMETHEUS: Final = Monitor("prometheus", "quay.io/prometheus/prometheus:v3.5.0", 65534, 9090, _size("200m", "1Gi", "1", "2Gi"))
ALERTMANAGER: Final = Monitor("alertmanager", "quay.io/prometheus/alertmanager:v0.28.1", 65534, 9093, _size("20m", "64Mi", "100m", "128Mi"))
GRAFANA: Final = Monitor("grafana", "docker.io/grafana/grafana:12.2.0", 472, 3000, _size("50m", "192Mi", "500m", "512Mi"))
STATE_METRICS: Final = Monitor(
    "kube-state-metrics",
    "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0",
    65534,
    8080,
    _size("20m", "64Mi", "100m", "256Mi"),
)
MONITORS: Final = (PROMETHEUS, ALERTMANAGER, GRAFANA, STATE_METRICS)
"""All there are, with what they need."""
ALERTS_STORAGE: Final = "1Gi"
"""How big the volume of Alertmanager's silences is."""

API_PORTS: Final = (443, 6443)
"""Where Kubernetes' API listens: at its Service, and behind it."""


class Place(NamedTuple):
    """Where a monitor is, and what its objects are labelled with."""

    monitor: Monitor
    namespace: pulumi.Input[str]
    labels: Mapping[str, str]

    @property
    def selector(self) -> dict[str, str]:
        """By which its pods are found; it can never be changed."""
        return {labels.NAME: self.monitor.name, labels.COMPONENT: MONITORING}

    def metadata(self, name: str = "", **more: Any) -> Any:
        """The metadata of one of its objects."""
        called = name or self.monitor.name
        return {"name": called, "namespace": self.namespace, "labels": {**self.labels, **self.selector}, **more}


def service(place: Place, opts: pulumi.ResourceOptions) -> Service:
    """Where it is reached."""
    port = place.monitor.port
    return Service(
        f"{place.monitor.name}-service",
        # Its pods are waited for; the provider's own wait for a Service would only cost time.
        metadata=place.metadata(annotations={"pulumi.com/skipAwait": "true"}),
        spec={"selector": place.selector, "ports": [{"name": "http", "port": port, "target_port": "http"}]},
        opts=opts,
    )


def account(place: Place, opts: pulumi.ResourceOptions) -> ServiceAccount:
    """Whom it runs as. Only pods that ask for it get a token."""
    return ServiceAccount(f"{place.monitor.name}-account", metadata=place.metadata(), automount_service_account_token=False, opts=opts)


def claim(place: Place, storage: str, opts: pulumi.ResourceOptions) -> PersistentVolumeClaim:
    """Its volume. A StatefulSet's template could never be made bigger."""
    return PersistentVolumeClaim(
        f"{place.monitor.name}-data",
        # Where a volume is made when its first pod comes, waiting for it would be waiting for a pod that waits for this.
        metadata=place.metadata(f"{place.monitor.name}-data", annotations={"pulumi.com/skipAwait": "true"}),
        spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}},
        opts=opts,
    )


def fixed(place: Place, suffix: str, data: dict[str, str], opts: pulumi.ResourceOptions) -> ConfigMap:
    """Files that never change: others have another name, so that the pod is started anew on them."""
    name = f"{place.monitor.name}-{suffix}"
    return ConfigMap(name, metadata=place.metadata(f"{name}-{digest_of(data)}"), data=data, immutable=True, opts=opts)


def policy(place: Place, callers: list[str], egress: list[Obj], opts: pulumi.ResourceOptions) -> NetworkPolicy:
    """Who may call it, and whom it may call; everything else is forbidden in the namespace."""
    visitors = [{"podSelector": {"matchLabels": {labels.NAME: caller}}} for caller in callers]
    spec: Any = {
        "podSelector": {"matchLabels": place.selector},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": visitors, "ports": _tcp((place.monitor.port,))}] if visitors else [],
        "egress": egress,
    }
    metadata = place.metadata(f"monitoring-{place.monitor.name}")
    return NetworkPolicy(f"{place.monitor.name}-network", metadata=metadata, spec=spec, opts=opts)


def towards(name: str, port: int) -> Obj:
    """To a pod of the namespace."""
    return {"to": [{"podSelector": {"matchLabels": {labels.NAME: name}}}], "ports": _tcp((port,))}


def anywhere(*ports: int) -> Obj:
    """To these ports, wherever they are: the addresses of Kubernetes' API, of nodes and of the world outside aren't known here."""
    return {"ports": _tcp(ports)}


def template(place: Place, pod: Obj, container: Obj, annotations: Mapping[str, str] | None = None) -> Obj:
    """Its pods: one container, locked in."""
    monitor = place.monitor
    _, _, version = monitor.image.rpartition(":")
    return {
        "metadata": {"labels": {**place.labels, **place.selector, labels.VERSION: version}, "annotations": dict(annotations or {})},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": pods.security(monitor.user),
            **pod,
            "containers": [
                {
                    "name": monitor.name,
                    "image": monitor.image,
                    "ports": [{"name": "http", "containerPort": monitor.port}],
                    "resources": pods.sized(monitor.resources),
                    "securityContext": pods.locked(),
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    **container,
                }
            ],
        },
    }


def one(place: Place, pods_: Obj, **more: Any) -> Any:
    """A Deployment or StatefulSet of one such pod."""
    return {"replicas": 1, "selector": {"matchLabels": place.selector}, "template": pods_, **more}


def probes(ready: str, live: str, port: str = "http") -> Obj:
    """Its probes. What it has written before is read first, so its start may take long."""
    return {
        "startupProbe": {"httpGet": {"path": live, "port": "http"}, "periodSeconds": 5, "failureThreshold": 120},
        "readinessProbe": {"httpGet": {"path": ready, "port": port}, "periodSeconds": 5, "timeoutSeconds": 5},
        "livenessProbe": {"httpGet": {"path": live, "port": "http"}, "periodSeconds": 15, "timeoutSeconds": 5, "failureThreshold": 4},
    }


def _tcp(ports: tuple[int, ...]) -> list[Obj]:
    return [{"protocol": "TCP", "port": port} for port in ports]
