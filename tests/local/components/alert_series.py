"""Series as promtool's tests take them, of all that alerts look at.

Values are per step of `interval`, as in `0+100x30`: 31 values, each 100 more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SPACE: Final = "shop"
NS: Final = f'namespace="{SPACE}"'


@dataclass(frozen=True, slots=True)
class Case:
    """When an alert fires, and when it doesn't."""

    alert: str
    severity: str
    fires: tuple[dict[str, str], ...]
    quiet: tuple[dict[str, str], ...]
    at: str
    interval: str = "1m"
    about: str = ""
    """Labels that it fires with."""
    window: str = ""

    def __str__(self) -> str:
        return "-".join(filter(None, (self.alert, self.severity, self.window)))


def requests(ok: str, failed: str = "", slot: str = "blue", code: str = "500") -> dict[str, str]:
    """Requests to a service, by how they were answered."""
    labels = f'{NS}, service="web", slot="{slot}", version="1", pod="web-{slot}-1"'
    series = {f'http_requests_total{{{labels}, code="200"}}': ok}
    return series | ({f'http_requests_total{{{labels}, code="{code}"}}': failed} if failed else {})


def times(slot: str = "blue", **buckets: str) -> dict[str, str]:
    """Requests to a service, by how long they took: `le_2` for 2, `le_0_1` for 0.1, `inf` and `count` for all."""
    labels = f'{NS}, service="web", slot="{slot}", version="1", pod="web-{slot}-1"'
    found = {}
    for name, values in buckets.items():
        if name == "count":
            found[f"http_request_duration_seconds_count{{{labels}}}"] = values
        else:
            bound = "+Inf" if name == "inf" else name.removeprefix("le_").replace("_", ".")
            found[f'http_request_duration_seconds_bucket{{{labels}, le="{bound}"}}'] = values
    return found


def series(metric: str, labels: str, values: str) -> dict[str, str]:
    """One series of the namespace."""
    return {f"{metric}{{{NS}, {labels}}}": values}


POD: Final = 'pod="web-blue-1", container="app"'
WEB: Final = 'deployment="web-blue"'
QUOTA: Final = 'resourcequota="environment", resource="requests.cpu"'
VOLUME: Final = 'persistentvolumeclaim="postgres-data"'
HPA: Final = 'horizontalpodautoscaler="web-blue"'
DB: Final = 'pod="postgres-0"'
CACHE: Final = 'pod="redis-0"'
CRON: Final = 'cronjob="postgres-backup"'
RELEASE: Final = 'release="r7"'
LIVE: Final = {
    **series("tidegate_slot_live", 'service="web", slot="blue"', "1x60"),
    **series("tidegate_slot_live", 'service="web", slot="green"', "0x60"),
}
QUICK: Final = times("blue", le_0_1="0+100x60", le_0_5="0+100x60", inf="0+100x60")
SLOW: Final = times("green", le_0_1="0+10x60", le_0_5="0+100x60", inf="0+100x60")


def quota(used: str) -> dict[str, str]:
    """Of 100, so much is used."""
    return series("kube_resourcequota", f'{QUOTA}, type="used"', used) | series("kube_resourcequota", f'{QUOTA}, type="hard"', "100x30")


def volume(used: str, free: str, steps: int = 30) -> dict[str, str]:
    """A volume of 100."""
    return (
        series("kubelet_volume_stats_used_bytes", VOLUME, used)
        | series("kubelet_volume_stats_available_bytes", VOLUME, free)
        | series("kubelet_volume_stats_capacity_bytes", VOLUME, f"100x{steps}")
    )


def container(usage: str, values: str, resource: str, limit: int) -> dict[str, str]:
    """What a container uses, and may use."""
    limits = series("kube_pod_container_resource_limits", f'{POD}, resource="{resource}"', f"{limit}x20")
    return series(usage, POD, values) | limits


def scaler(current: int, least: int, most: int) -> dict[str, str]:
    """An autoscaler and its bounds."""
    values = {"status_current": current, "spec_min": least, "spec_max": most}
    found: dict[str, str] = {}
    for name, value in values.items():
        found |= series(f"kube_horizontalpodautoscaler_{name}_replicas", HPA, f"{value}x30")
    return found


def replicas(wanted: int, ready: int) -> dict[str, str]:
    """A slot's pods."""
    return series("kube_deployment_spec_replicas", WEB, f"{wanted}x30") | series(
        "kube_deployment_status_replicas_available", WEB, f"{ready}x30"
    )


def restarts(values: str) -> dict[str, str]:
    """A container's restarts."""
    return series("kube_pod_container_status_restarts_total", POD, values)


def certificate(ends: int) -> dict[str, str]:
    """A certificate's end, in seconds from the test's begin."""
    return series("certmanager_certificate_expiration_timestamp_seconds", 'name="web-tls"', f"{ends}x60")


def burning(alert: str, bad: dict[str, dict[str, str]], good: dict[str, dict[str, str]]) -> tuple[Case, ...]:
    """A budget's alerts: one a window."""
    rhythm = {"1h": ("1m", "75m"), "6h": ("5m", "430m"), "1d": ("10m", "26h"), "3d": ("30m", "78h")}
    return tuple(
        Case(
            alert,
            "critical" if window in {"1h", "6h"} else "warning",
            fires=(bad[window],),
            quiet=(good[window],),
            at=at,
            interval=interval,
            about='service="web"',
            window=window,
        )
        for window, (interval, at) in rhythm.items()
    )
