"""The first look: is all well, and if not, where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.alerts.objectives import promises
from components.alerts.rules import SLOTTED
from components.dashboards.build import Board, Panel, Query, Row
from components.dashboards.measures import failures, firing, quantile, throughput
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.watch import Watch


def overview(watch: Watch) -> Board:
    """Services, promises, alerts."""
    matchers = f'namespace="{watch.namespace}"'
    thresholds = watch.thresholds
    slow = (seconds(thresholds.latency_p95), seconds(thresholds.latency_p95_critical))
    errors = (thresholds.error_rate, thresholds.error_rate_critical)
    by = "service"
    available = f'max by (namespace, deployment) (kube_deployment_status_replicas_available{{{matchers}, deployment=~"{SLOTTED}"}})'
    ready = f'sum by (service) (label_replace({available}, "service", "$1", "deployment", "{SLOTTED}"))'
    stats = (
        Panel("Requests a second", (Query(throughput(matchers, "namespace")),), kind="stat", unit="reqps", width=6, height=4),
        Panel("Failed requests", (Query(failures(matchers, "namespace")),), kind="stat", unit="percentunit", width=6, height=4, bad=errors),
        Panel("95th percentile", (Query(quantile(matchers, "namespace", 0.95)),), kind="stat", unit="s", width=6, height=4, bad=slow),
        Panel(
            "Alerts that fire",
            (Query(f'count(ALERTS{{alertstate="firing", {matchers}}}) or vector(0)'),),
            kind="stat",
            width=6,
            height=4,
            bad=(1, 3),
        ),
    )
    services = (
        Panel("Requests", (Query(throughput(matchers, by), "{{service}}"),), unit="reqps", width=8),
        Panel("Failed requests", (Query(failures(matchers, by), "{{service}}"),), unit="percentunit", width=8, bad=errors),
        Panel("95th percentile", (Query(quantile(matchers, by, 0.95), "{{service}}"),), unit="s", width=8, bad=slow),
        Panel("Ready pods", (Query(ready, "{{service}}"),), width=8),
        *(_left(watch, promise.series, promise.budget, promise.says) for promise in promises(watch)),
    )
    return Board("overview", "Overview", (Row("Now", stats), Row("Services", services), Row("Alerts", (firing(watch),))))


def _left(watch: Watch, series: str, budget: float, says: str) -> Panel:
    """How fast the error budget burns: at 1 it is used up exactly when its 30 days are over."""
    burn = f'{series}{{window}}{{namespace="{watch.namespace}"}} / {budget:.6g}'
    queries = tuple(Query(burn.replace("{window}", window), f"{{{{service}}}} {window}") for window in ("1h", "3d"))
    title = "Burn of the error budget" if "errors" in series else "Burn of the latency budget"
    return Panel(title, queries, width=8, bad=(1, 6), description=f"Promised: {says}. At 1 the budget of 30 days lasts exactly 30 days.")
