"""kube-state-metrics for one namespace: what Kubernetes knows of Deployments, Jobs, quotas and so on, as metrics."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.monitors import server

WATCHED: Final = {
    "": ("persistentvolumeclaims", "pods", "resourcequotas"),
    "apps": ("deployments", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
}
"""What it looks at, by API group: what alerts and dashboards ask for, and nothing else."""
_TELEMETRY: Final = 8081


class StateMetricsArgs(TypedDict):
    """What a kube-state-metrics is made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    watched: str
    """The namespace that it looks at."""


class StateMetrics(pulumi.ComponentResource):
    """A kube-state-metrics that may look at one namespace."""

    url: pulumi.Output[str]
    """Where it is reached in the namespace, once it is ready."""

    def __init__(self, name: str, args: StateMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:StateMetrics", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        place = server.Place(server.STATE_METRICS, args["namespace"], args["labels"])
        account = server.account(place, own)
        rules: Any = [{"apiGroups": [group], "resources": list(kinds), "verbs": ["list", "watch"]} for group, kinds in WATCHED.items()]
        role = Role(f"{name}-role", metadata=place.metadata(), rules=rules, opts=own)
        binding = RoleBinding(
            f"{name}-binding",
            metadata=place.metadata(),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata["name"].apply(str)},
            subjects=[{"kind": "ServiceAccount", "name": account.metadata["name"].apply(str), "namespace": args["namespace"]}],
            opts=own,
        )
        policy = server.policy(place, [server.PROMETHEUS.name], [server.anywhere(*server.API_PORTS)], own)
        service = server.service(place, own)
        running = Deployment(
            name,
            metadata=place.metadata(),
            spec=server.one(place, _template(place, args["watched"], account.metadata["name"])),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[binding, policy]),
        )
        url = f"http://{place.monitor.name}:{place.monitor.port}"
        self.url = pulumi.Output.all(running.id, service.id).apply(lambda _: url)
        self.register_outputs({"url": self.url})


def _template(place: server.Place, watched: str, account: pulumi.Input[str]) -> Any:
    kinds = ",".join(sorted(kind for kinds in WATCHED.values() for kind in kinds))
    ports = [{"name": "http", "containerPort": place.monitor.port}, {"name": "telemetry", "containerPort": _TELEMETRY}]
    container = {
        "args": [f"--namespaces={watched}", f"--resources={kinds}", f"--port={place.monitor.port}", f"--telemetry-port={_TELEMETRY}"],
        "ports": ports,
        **server.probes("/readyz", "/livez", port="telemetry"),
    }
    return server.template(place, {"serviceAccountName": account, "automountServiceAccountToken": True}, container)
