"""A release as it goes: where the traffic is, and the candidate beside what is live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.dashboards.build import Board, Panel, Query, Row
from components.dashboards.measures import SLOT, chosen, failures, quantile, service, throughput
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.watch import Watch


def release(watch: Watch) -> Board:
    """Weights, slots side by side, pods of each slot, and how releases have gone."""
    return Board(
        "release",
        "Release",
        (Row("Where it is", _place(watch)), Row("Slots side by side", _beside(watch)), Row("History", _history(watch))),
        (service(watch), SLOT),
    )


def _place(watch: Watch) -> tuple[Panel, ...]:
    space, matchers = f'namespace="{watch.namespace}"', chosen(watch)
    current = f"max by (release, kind, phase, services) (tidegate_release{{{space}}})"
    since = f"time() - max by (release) (tidegate_release_changed_timestamp_seconds{{{space}}})"
    weight = f"max by (service, slot, version) (tidegate_slot_weight{{{matchers}}})"
    live = f"max by (service, slot) (tidegate_slot_live{{{matchers}}})"
    seen = f"{throughput(matchers, 'service, slot')} / on (service) group_left () {throughput(matchers, 'service')}"
    shifted = f"max by (release) (tidegate_release_weight{{{space}}})"
    return (
        Panel("The last release", (Query(current),), kind="table", height=5),
        Panel("Last step", (Query(since, "{{release}}"),), kind="stat", unit="s", width=6, height=5, description="How long ago."),
        Panel("Weight", (Query(shifted),), kind="gauge", unit="percent", width=6, height=5),
        Panel(
            "Live slot",
            (Query(live, "{{service}} {{slot}}"),),
            kind="state-timeline",
            words={"0": ("candidate", "blue"), "1": ("live", "green")},
        ),
        Panel("Weights as released", (Query(weight, "{{service}} {{slot}} {{version}}"),), unit="percent"),
        Panel(
            "Traffic as seen",
            (Query(seen, "{{service}} {{slot}}"),),
            unit="percentunit",
            width=24,
        ),
    )


def _beside(watch: Watch) -> tuple[Panel, ...]:
    matchers, by, legend = chosen(watch), "service, slot", "{{service}} {{slot}}"
    thresholds = watch.thresholds
    slow = (seconds(thresholds.latency_p95), seconds(thresholds.latency_p95_critical))
    slots = f'namespace="{watch.namespace}", deployment=~"($service)-($slot)"'
    ready = f"max by (deployment) (kube_deployment_status_replicas_available{{{slots}}})"
    return (
        Panel("Requests", (Query(throughput(matchers, by), legend),), unit="reqps"),
        Panel(
            "Failed requests",
            (Query(failures(matchers, by), legend),),
            unit="percentunit",
            bad=(thresholds.error_rate, thresholds.error_rate_critical),
        ),
        Panel("95th percentile", (Query(quantile(matchers, by, 0.95), legend),), unit="s", bad=slow),
        Panel("Ready pods", (Query(ready, "{{deployment}}"),)),
    )


def _history(watch: Watch) -> tuple[Panel, ...]:
    space = f'namespace="{watch.namespace}"'
    begun = f"max by (namespace) (delta(tidegate_releases{{{space}}}[30d]))"
    results = f"sum by (result) (increase(tidegate_releases_total{{{space}}}[30d]))"
    bad = f'sum by (namespace) (increase(tidegate_releases_total{{{space}, result!="promoted"}}[30d]))'
    all_ = f"sum by (namespace) (increase(tidegate_releases_total{{{space}}}[30d]))"
    took = f"sum by (le) (increase(tidegate_release_duration_seconds_bucket{{{space}}}[30d]))"
    updates = f"sum by (result) (increase(tidegate_updates_total{{{space}}}[$__rate_interval]))"
    return (
        Panel("Releases in 30 days", (Query(begun),), kind="stat", width=6, height=5),
        Panel("Ended in 30 days", (Query(results, "{{result}}"),), kind="stat", width=6, height=5),
        Panel("Change failure rate", (Query(f"{bad} / {all_}"),), kind="stat", unit="percentunit", width=6, height=5, bad=(0.05, 0.15)),
        Panel("A release takes (median)", (Query(f"histogram_quantile(0.5, {took})"),), kind="stat", unit="s", width=6, height=5),
        Panel("Updates", (Query(updates, "{{result}}"),), width=24, height=6),
    )
