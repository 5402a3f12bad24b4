"""What the pods use, and what is left of what they may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.alerts.capacity import quota_share, volume_share
from components.alerts.pods import cpu_share, memory_share
from components.dashboards.build import Board, Panel, Query, Row, Variable

if TYPE_CHECKING:
    from components.watch import Watch


def infrastructure(watch: Watch) -> Board:
    """Processor, memory, network, pods, quota, volumes."""
    namespace, thresholds = watch.namespace, watch.thresholds
    space, pods = f'namespace="{namespace}"', f'namespace="{namespace}", pod=~"$pod"'
    legend = "{{pod}} {{container}}"
    cpu = f'sum by (pod, container) (rate(container_cpu_usage_seconds_total{{{pods}, container!="", container!="POD"}}[$__rate_interval]))'
    memory = f'max by (pod, container) (container_memory_working_set_bytes{{{pods}, container!="", container!="POD"}})'
    traffic = tuple(
        Query(f"sum by (pod) (rate(container_network_{way}_bytes_total{{{pods}}}[$__rate_interval]))", f"{{{{pod}}}} {word}")
        for way, word in (("receive", "in"), ("transmit", "out"))
    )
    throttled, periods = (
        f"sum by (pod, container) (rate(container_cpu_cfs_{metric}_total{{{pods}}}[$__rate_interval]))"
        for metric in ("throttled_periods", "periods")
    )
    used = (
        Panel("Processor", (Query(cpu, legend),), unit="none", description="In cores."),
        Panel("Memory", (Query(memory, legend),), unit="bytes"),
        Panel("Processor, of the limit", (Query(cpu_share(namespace, "$pod"), legend),), unit="percentunit", bad=_share(thresholds.cpu)),
        Panel("Memory, of the limit", (Query(memory_share(namespace, "$pod"), legend),), unit="percentunit", bad=_share(thresholds.memory)),
        Panel("Slowed down", (Query(f"{throttled} / {periods}", legend),), unit="percentunit", bad=(0.25, 0.5)),
        Panel("Network", traffic, unit="Bps"),
    )
    restarts = f"sum by (pod) (increase(kube_pod_container_status_restarts_total{{{pods}}}[1h]))"
    replicas = (
        Query(f"max by (deployment) (kube_deployment_spec_replicas{{{space}}})", "{{deployment}} wanted"),
        Query(f"max by (deployment) (kube_deployment_status_replicas_available{{{space}}})", "{{deployment}} ready"),
    )
    scalers = f"max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_{{metric}}_replicas{{{space}}})"
    scaled = (
        Query(scalers.replace("{metric}", "status_current"), "{{horizontalpodautoscaler}}"),
        Query(scalers.replace("{metric}", "spec_max"), "{{horizontalpodautoscaler}} at most"),
    )
    counted = (
        Panel("Pods", replicas, width=8),
        Panel("Restarts in an hour", (Query(restarts, "{{pod}}"),), width=8, bad=(1, 3)),
        Panel("Autoscaling", scaled, width=8),
    )
    left = (
        Panel(
            "Quota",
            (Query(quota_share(namespace), "{{resource}}"),),
            kind="bargauge",
            unit="percentunit",
            bad=_share(thresholds.quota),
        ),
        Panel(
            "Volumes",
            (Query(volume_share(namespace), "{{persistentvolumeclaim}}"),),
            kind="bargauge",
            unit="percentunit",
            bad=_share(thresholds.volume),
        ),
    )
    pod = Variable("pod", "Pod", query=f'label_values(container_memory_working_set_bytes{{namespace="{namespace}"}}, pod)')
    return Board("infrastructure", "Infrastructure", (Row("Used", used), Row("Pods", counted), Row("Left", left)), (pod,))


def _share(percent: int) -> tuple[float, float]:
    """Red where the alert fires, yellow a bit before."""
    return percent / 100 * 0.9, percent / 100
