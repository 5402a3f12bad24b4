"""What is about to run out: the namespace's quota, volumes, the room that autoscaling has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.alerts.rules import Alert, Group, slotted

if TYPE_CHECKING:
    from components.watch import Watch

VOLUME: Final = "namespace, persistentvolumeclaim"
QUOTA: Final = "namespace, resourcequota, resource"


def capacity(watch: Watch) -> Group:
    """Alerts about what is about to run out."""
    return Group("capacity", (_quota(watch), *_volumes(watch), _autoscaler(watch)))


def quota_share(namespace: str) -> str:
    """Which share of its quota the namespace uses."""
    used, hard = (f'max by ({QUOTA}) (kube_resourcequota{{namespace="{namespace}", type="{type_}"}})' for type_ in ("used", "hard"))
    return f"{used} / ({hard} > 0)"


def volume_share(namespace: str) -> str:
    """Which share of their size volumes hold."""
    used, size = (f'max by ({VOLUME}) (kubelet_volume_stats_{metric}_bytes{{namespace="{namespace}"}})' for metric in ("used", "capacity"))
    return f"{used} / {size}"


def _quota(watch: Watch) -> Alert:
    return Alert(
        "QuotaExhausted",
        "warning",
        f"{quota_share(watch.namespace)} > {watch.thresholds.quota / 100:g}",
        hold="5m",
        summary="The namespace uses {{ $value | humanizePercentage }} of its quota of {{ $labels.resource }}",
        description="Pods beyond the quota aren't made: the next release or the autoscaler may not get its pods.",
    )


def _volumes(watch: Watch) -> tuple[Alert, ...]:
    free = f'min by ({VOLUME}) (predict_linear(kubelet_volume_stats_available_bytes{{namespace="{watch.namespace}"}}[6h], 4 * 3600))'
    share = volume_share(watch.namespace)
    summary = "{{ $labels.persistentvolumeclaim }} is {{ $value | humanizePercentage }} full"
    return (
        Alert(
            "VolumeFilling",
            "warning",
            f"{share} > {watch.thresholds.volume / 100:g}",
            hold="5m",
            summary=summary,
            description=f"The volume of {{{{ $labels.persistentvolumeclaim }}}} is more than {watch.thresholds.volume} % full.",
        ),
        Alert(
            "VolumeFilling",
            "critical",
            f"{share} > 0.95 or {share} > 0.5 and on ({VOLUME}) {free} < 0",
            hold="15m",
            summary=summary,
            description="The volume of {{ $labels.persistentvolumeclaim }} is full, or will be in 4 hours if it goes on like this.",
        ),
    )


def _autoscaler(watch: Watch) -> Alert:
    """One whose bounds are equal holds a slot's size: it is where it is meant to be."""
    by = "namespace, horizontalpodautoscaler"
    current, most, least = (
        f'max by ({by}) (kube_horizontalpodautoscaler_{metric}_replicas{{namespace="{watch.namespace}"}})'
        for metric in ("status_current", "spec_max", "spec_min")
    )
    named = f'label_replace({current} >= {most} and {most} > {least}, "deployment", "$1", "horizontalpodautoscaler", "(.+)")'
    return Alert(
        "AutoscalerExhausted",
        "warning",
        slotted(named),
        hold="15m",
        summary="{{ $labels.horizontalpodautoscaler }} can't grow beyond {{ $value }} pods",
        description="{{ $labels.horizontalpodautoscaler }} has been at its maximum for 15 minutes: more load makes it slower.",
    )
