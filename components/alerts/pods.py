"""Pods that aren't well, or take more than they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.alerts.rules import Alert, Group, slotted

if TYPE_CHECKING:
    from components.watch import Watch

CONTAINER: Final = "namespace, pod, container"


def pods(watch: Watch) -> Group:
    """Alerts about pods and containers."""
    return Group("pods", (_cpu(watch), _memory(watch), _out_of_memory(watch), _crashing(watch), _unavailable(watch), _unseen(watch)))


def cpu_share(namespace: str, pod: str = ".+") -> str:
    """Which share of their processor limit containers use."""
    usage = f'container_cpu_usage_seconds_total{{namespace="{namespace}", pod=~"{pod}", container!="", container!="POD"}}'
    return f"sum by ({CONTAINER}) (rate({usage}[5m])) / {_limits(namespace, 'cpu')}"


def memory_share(namespace: str, pod: str = ".+") -> str:
    """Which share of their memory limit containers use."""
    usage = f'container_memory_working_set_bytes{{namespace="{namespace}", pod=~"{pod}", container!="", container!="POD"}}'
    return f"max by ({CONTAINER}) ({usage}) / {_limits(namespace, 'memory')}"


def _limits(namespace: str, resource: str) -> str:
    return f'max by ({CONTAINER}) (kube_pod_container_resource_limits{{namespace="{namespace}", resource="{resource}"}})'


def _cpu(watch: Watch) -> Alert:
    return Alert(
        "ContainerProcessor",
        "warning",
        f"{cpu_share(watch.namespace)} > {watch.thresholds.cpu / 100:g}",
        hold="5m",
        summary="{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its processor limit",
        description="{{ $labels.container }} in {{ $labels.pod }} is about to be slowed down.",
    )


def _memory(watch: Watch) -> Alert:
    return Alert(
        "ContainerMemory",
        "warning",
        f"{memory_share(watch.namespace)} > {watch.thresholds.memory / 100:g}",
        hold="5m",
        summary="{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit",
        description="{{ $labels.container }} in {{ $labels.pod }} is about to be killed for its memory.",
    )


def _restarts(watch: Watch) -> str:
    return f'sum by ({CONTAINER}) (increase(kube_pod_container_status_restarts_total{{namespace="{watch.namespace}"}}[15m]))'


def _out_of_memory(watch: Watch) -> Alert:
    killed = f'kube_pod_container_status_last_terminated_reason{{namespace="{watch.namespace}", reason="OOMKilled"}}'
    return Alert(
        "ContainerKilledForMemory",
        "warning",
        f"max by ({CONTAINER}) ({killed}) == 1 and on ({CONTAINER}) {_restarts(watch)} > 0",
        summary="{{ $labels.pod }} was killed for its memory",
        description="{{ $labels.container }} in {{ $labels.pod }} took more than its memory limit in the last 15 minutes.",
    )


def _crashing(watch: Watch) -> Alert:
    waiting = f'kube_pod_container_status_waiting_reason{{namespace="{watch.namespace}", reason="CrashLoopBackOff"}}'
    return Alert(
        "PodCrashLooping",
        "warning",
        f"max by ({CONTAINER}) (max_over_time({waiting}[5m])) > 0 or {_restarts(watch)} > 3",
        hold="1m",
        summary="{{ $labels.pod }} crashes again and again",
        description="{{ $labels.container }} in {{ $labels.pod }} ends soon after each start.",
    )


def _unavailable(watch: Watch) -> Alert:
    namespace = f'namespace="{watch.namespace}"'
    wanted, available = (
        f"max by (namespace, deployment) ({metric}{{{namespace}}})"
        for metric in ("kube_deployment_spec_replicas", "kube_deployment_status_replicas_available")
    )
    sets, ready = (
        f"max by (namespace, statefulset) ({metric}{{{namespace}}})"
        for metric in ("kube_statefulset_replicas", "kube_statefulset_status_replicas_ready")
    )
    return Alert(
        "ReplicasUnavailable",
        "warning",
        f"{slotted(f'{wanted} - {available}')} > 0 or {sets} - {ready} > 0",
        hold="10m",
        summary="{{ $labels.deployment }}{{ $labels.statefulset }} lacks {{ $value }} of its pods",
        description="For 10 minutes fewer pods of {{ $labels.deployment }}{{ $labels.statefulset }} than wanted have been ready.",
    )


def _unseen(watch: Watch) -> Alert:
    return Alert(
        "MetricsMissing",
        "warning",
        f'max by (namespace, pod) (up{{namespace="{watch.namespace}", pod!=""}}) == 0',
        hold="10m",
        summary="{{ $labels.pod }} gives no metrics",
        description="Prometheus doesn't get an answer from {{ $labels.pod }}: nothing that it does is seen, and no alert of it fires.",
    )
