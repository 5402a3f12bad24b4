"""Releases: those that fail or stand still, candidates that are worse than what is live, and clusters that aren't what was released.

Which slot is live is known from `state`: recording rules that say what the ledger says. What only the one who releases knows are the
metrics tidegate_updates_total, tidegate_drift_resources and tidegate_drift_checked_timestamp_seconds; as long as nobody
sends them, the alerts that need them stay quiet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.alerts.rules import Alert, Group, percent, slotted
from components.alerts.services import errors, p95

if TYPE_CHECKING:
    from components.watch import Watch

SLOT: Final = "namespace, service, slot"
SERVICE: Final = "namespace, service"
# Slower by less than this is no regression, whatever the share: histograms aren't that exact.
NOTICEABLE: Final = 0.025


def releases(watch: Watch) -> Group:
    """Alerts about releases."""
    return Group(
        "releases",
        (
            _stuck(watch),
            _smoke(watch),
            _failed(watch),
            _stalled(watch),
            *_candidate(watch),
            _yesterday(watch),
            _drifted(watch),
            _unchecked(watch),
        ),
    )


def _stuck(watch: Watch) -> Alert:
    condition = f'kube_deployment_status_condition{{namespace="{watch.namespace}", condition="Progressing", status="false"}}'
    return Alert(
        "DeploymentFailed",
        "critical",
        slotted(f"max by (namespace, deployment) ({condition}) == 1"),
        hold="1m",
        summary="{{ $labels.deployment }} doesn't get ready",
        description="The pods of {{ $labels.deployment }} didn't get ready within their deadline.",
    )


def _smoke(watch: Watch) -> Alert:
    jobs = f'kube_job_failed{{namespace="{watch.namespace}", condition="true", job_name=~".+-(blue|green)-smoke.*"}}'
    return Alert(
        "SmokeTestFailed",
        "warning",
        f"max by (namespace, job_name) ({jobs}) == 1",
        summary="{{ $labels.job_name }} failed",
        description="The candidate did not pass its smoke test; it gets no traffic. Nothing changed for the users.",
    )


def _failed(watch: Watch) -> Alert:
    return Alert(
        "UpdateFailed",
        "critical",
        f'sum by (namespace) (increase(tidegate_updates_total{{namespace="{watch.namespace}", result="failed"}}[15m])) > 0',
        summary="An update of {{ $labels.namespace }} failed",
        description="An update ended before all was as the intent says; the ledger has what had happened until then.",
    )


def _stalled(watch: Watch) -> Alert:
    changed = f'max by (namespace, release) (tidegate_release_changed_timestamp_seconds{{namespace="{watch.namespace}"}})'
    under_way = f'max by (namespace, release) (tidegate_release{{namespace="{watch.namespace}", phase=~"staged|shifting"}})'
    return Alert(
        "ReleaseStalled",
        "warning",
        f"time() - {changed} > 4 * 3600 and on (namespace, release) {under_way} == 1",
        summary="Release {{ $labels.release }} has stood still for {{ $value | humanizeDuration }}",
        description="It waits for an approval or for whoever drives it. Until it is promoted or taken back no other release can begin.",
    )


def _candidate(watch: Watch) -> tuple[Alert, ...]:
    live, candidate = (f'max by ({SLOT}) (tidegate_slot_live{{namespace="{watch.namespace}"}}) == {value}' for value in (1, 0))
    slow, wrong = p95(watch, SLOT, "5m"), errors(watch, SLOT, "5m")
    share, errors_more = watch.thresholds.regression, watch.thresholds.error_rate

    def worse(measure: str, bound: str) -> str:
        measured, beside = (f"({measure} and on ({SLOT}) ({of}))" for of in (candidate, live))
        return f"{measured} > on ({SERVICE}) group_left () ({beside} {bound})"

    return (
        Alert(
            "CandidateSlower",
            "warning",
            worse(slow, f"* {1 + share:g} + {NOTICEABLE}"),
            hold="5m",
            summary="The candidate of {{ $labels.service }} is slower than what is live",
            description=f"{{{{ $value | humanizeDuration }}}} (95th percentile): {percent(share)} or more above the live slot.",
        ),
        Alert(
            "CandidateFailsMore",
            "critical",
            worse(wrong, f"+ {errors_more:g}"),
            hold="2m",
            summary="The candidate of {{ $labels.service }} fails {{ $value | humanizePercentage }} of its requests",
            description=f"That is at least {percent(errors_more)} of all requests more than the live slot does.",
        ),
    )


def _yesterday(watch: Watch) -> Alert:
    now, before = p95(watch, SERVICE, "1h"), p95(watch, SERVICE, "1h", " offset 1d")
    share = watch.thresholds.regression
    return Alert(
        "ServiceSlowerThanYesterday",
        "warning",
        f"{now} > {before} * {1 + share:g} + {NOTICEABLE}",
        hold="15m",
        summary="{{ $labels.service }} is slower than a day ago",
        description=f"{{{{ $value | humanizeDuration }}}} over the last hour (95th percentile): {percent(share)} or more above a day ago.",
    )


def _drifted(watch: Watch) -> Alert:
    return Alert(
        "ConfigurationDrift",
        "warning",
        f'max by (namespace) (tidegate_drift_resources{{namespace="{watch.namespace}"}}) > 0',
        hold="5m",
        summary="{{ $value }} resources aren't what was released",
        description="Somebody changed the cluster past the releases. `pulumi refresh --preview-only` says what, an update puts it right.",
    )


def _unchecked(watch: Watch) -> Alert:
    return Alert(
        "DriftUnchecked",
        "warning",
        f'time() - max by (namespace) (tidegate_drift_checked_timestamp_seconds{{namespace="{watch.namespace}"}}) > 26 * 3600',
        summary="Nobody has looked for drift for {{ $value | humanizeDuration }}",
        description="The daily look at what is really in the cluster doesn't run any more.",
    )
