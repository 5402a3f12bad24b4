"""A stack's own Prometheus: one server with a volume, that finds the namespace's pods by itself."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, Role, RoleBinding

from components.monitors import scraping, server
from components.watch import WatchArgs, watch
from tidegate.model.base import amount, seconds

DATA: Final = "/prometheus"
# What is left is for the head and the log of what isn't in blocks yet.
_FILLED: Final = 0.8
_KUBELETS: Final = 10250
_RBAC: Final = "rbac.authorization.k8s.io"

STATE: Final = "prometheus-state"
"""The ConfigMap with the rules that say what the ledger says."""
# What the ledger says comes last, and not in every stack.
_RULES: Final = [{"configMap": {"name": "prometheus-rules"}}, {"configMap": {"name": STATE, "optional": True}}]


class PrometheusArgs(TypedDict):
    """What a Prometheus is made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    watch: WatchArgs
    rules: dict[str, pulumi.Input[str]]
    """Rules files, by name; they may change at any time."""
    retention: str
    """How long metrics are kept: 15d."""
    storage: str
    """How big its volume is; the oldest metrics go before it is full."""


class Prometheus(pulumi.ComponentResource):
    """A Prometheus, and what it may do."""

    url: pulumi.Output[str]
    """Where it is reached in the namespace, once it is ready."""

    def __init__(self, name: str, args: PrometheusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Prometheus", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        place = server.Place(server.PROMETHEUS, args["namespace"], args["labels"])
        account = server.account(place, own)
        seen = watch(args["watch"])
        config = server.fixed(place, "config", {"prometheus.yaml": scraping.configuration(seen)}, own)
        # Its name stays, and Prometheus reads it anew: rules change with each step of a release, and measuring goes on.
        rules = ConfigMap(f"{name}-rules", metadata=place.metadata("prometheus-rules"), data=args["rules"], opts=own)
        before: list[pulumi.Resource] = [rules, server.claim(place, args["storage"], own), *_access(place, seen.namespace, own)]
        peers = [{"to": [{"podSelector": {}}]}, server.anywhere(*server.API_PORTS, _KUBELETS)]
        before.append(server.policy(place, [server.GRAFANA.name], peers, own))
        service = server.service(place, own)
        template = _template(place, args, config.metadata["name"], account.metadata["name"])
        running = StatefulSet(
            name,
            metadata=place.metadata(),
            spec=server.one(place, template, serviceName=place.monitor.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )
        url = f"http://{place.monitor.name}:{place.monitor.port}"
        self.url = pulumi.Output.all(running.id, service.id).apply(lambda _: url)
        self.register_outputs({"url": self.url})


def _access(place: server.Place, namespace: str, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """It may look for pods in its namespace, and for what kubelets have measured."""
    name = place.monitor.name
    subjects: Any = [{"kind": "ServiceAccount", "name": name, "namespace": place.namespace}]
    pods: Any = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    kubelets: Any = [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
    ]
    # These are the cluster's, so they are named after the namespace.
    wide: Any = {"name": f"{namespace}-{name}", "labels": {**place.labels, **place.selector}}
    role = Role(f"{name}-role", metadata=place.metadata(), rules=pods, opts=opts)
    cluster = ClusterRole(f"{name}-cluster-role", metadata=wide, rules=kubelets, opts=_waiting(role, opts))
    return [
        RoleBinding(
            f"{name}-binding",
            metadata=place.metadata(),
            role_ref={"api_group": _RBAC, "kind": "Role", "name": name},
            subjects=subjects,
            opts=_waiting(role, opts),
        ),
        ClusterRoleBinding(
            f"{name}-cluster-binding",
            metadata=wide,
            role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": wide["name"]},
            subjects=subjects,
            opts=_waiting(cluster, opts),
        ),
    ]


def _waiting(on: pulumi.Resource, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[on]))


def _template(place: server.Place, args: PrometheusArgs, config: pulumi.Input[str], account: pulumi.Input[str]) -> Any:
    most = int(amount(args["storage"]) * _FILLED)
    pod = {
        "serviceAccountName": account,
        "automountServiceAccountToken": True,
        # It writes what it has in memory to its volume first.
        "terminationGracePeriodSeconds": 300,
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": f"{place.monitor.name}-data"}},
            {"name": "config", "configMap": {"name": config}},
            {"name": "rules", "projected": {"sources": _RULES}},
        ],
    }
    container = {
        "args": [
            f"--config.file={scraping.CONFIG}/prometheus.yaml",
            f"--storage.tsdb.path={DATA}",
            f"--storage.tsdb.retention.time={round(seconds(args['retention']))}s",
            f"--storage.tsdb.retention.size={most}B",
            "--enable-feature=auto-reload-config",
            "--config.auto-reload-interval=30s",
        ],
        "volumeMounts": [
            {"name": "data", "mountPath": DATA},
            {"name": "config", "mountPath": scraping.CONFIG, "readOnly": True},
            {"name": "rules", "mountPath": scraping.RULES, "readOnly": True},
        ],
        **server.probes("/-/ready", "/-/healthy"),
    }
    return server.template(place, pod, container)
