"""What users notice: errors, slowness, and nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.alerts.rules import SLOTTED, Alert, Group, percent, slotted
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.alerts.rules import Severity
    from components.watch import Watch

BY: Final = "namespace, service"


def services(watch: Watch) -> Group:
    """Alerts about answers."""
    return Group("services", (*_errors(watch), *_latency(watch), _lost(watch), _down(watch)))


def requests(watch: Watch, by: str, window: str, *matchers: str) -> str:
    """How many requests there are a second."""
    return f"sum by ({by}) (rate(http_requests_total{{{_matchers(watch, *matchers)}}}[{window}]))"


def errors(watch: Watch, by: str, window: str) -> str:
    """Which share of the requests fails: 0 where none does, though a counter of failures isn't there before the first one."""
    of = requests(watch, by, window)
    return f"({requests(watch, by, window, CODE)} or {of} * 0) / {of}"


CODE: Final = 'code=~"5.."'


def p95(watch: Watch, by: str, window: str, offset: str = "") -> str:
    """What 95 of 100 requests are faster than."""
    buckets = f"http_request_duration_seconds_bucket{{{_matchers(watch)}}}[{window}]{offset}"
    return f"histogram_quantile(0.95, sum by ({by}, le) (rate({buckets})))"


def _matchers(watch: Watch, *others: str) -> str:
    return ", ".join((f'namespace="{watch.namespace}"', *others))


def _errors(watch: Watch) -> tuple[Alert, ...]:
    thresholds = watch.thresholds
    return (
        Alert(
            "ServiceErrorRate",
            "warning",
            f"{errors(watch, BY, '2m')} > {thresholds.error_rate}",
            hold="2m",
            summary="{{ $labels.service }} fails {{ $value | humanizePercentage }} of its requests",
            description=f"More than {percent(thresholds.error_rate)} of the requests to {{{{ $labels.service }}}} are answered with 5xx.",
        ),
        Alert(
            "ServiceErrorRate",
            "critical",
            f"{errors(watch, BY, '5m')} > {thresholds.error_rate_critical}",
            hold="5m",
            summary="{{ $labels.service }} fails {{ $value | humanizePercentage }} of its requests",
            description=f"More than {percent(thresholds.error_rate_critical)} of the requests to {{{{ $labels.service }}}} get a 5xx.",
        ),
    )


def _latency(watch: Watch) -> tuple[Alert, ...]:
    thresholds = watch.thresholds
    bounds: tuple[tuple[Severity, str], ...] = (("warning", thresholds.latency_p95), ("critical", thresholds.latency_p95_critical))
    return tuple(
        Alert(
            "ServiceLatency",
            severity,
            f"{p95(watch, BY, '5m')} > {seconds(bound):.10g}",
            hold="5m",
            summary="{{ $labels.service }} answers in {{ $value | humanizeDuration }} (95th percentile)",
            description=f"5 of 100 requests to {{{{ $labels.service }}}} take longer than {bound}.",
        )
        for severity, bound in bounds
    )


def _lost(watch: Watch) -> Alert:
    """An update that leads the users nowhere shows as their absence. Told for an hour: after that it is what is usual."""
    usual = f"sum by ({BY}) (rate(http_requests_total{{{_matchers(watch)}}}[1h] offset 10m))"
    return Alert(
        "ServiceTrafficLost",
        "critical",
        f"{usual} > 1 unless on ({BY}) {requests(watch, BY, '5m')} > 0.05 * {usual}",
        hold="5m",
        summary="The users of {{ $labels.service }} are gone",
        description="{{ $labels.service }} gets less than a twentieth of the {{ $value | humanize }} requests a second that it had.",
    )


def _down(watch: Watch) -> Alert:
    deployments = f'kube_deployment_status_replicas_available{{namespace="{watch.namespace}", deployment=~"{SLOTTED}"}}'
    available = f"max by (namespace, deployment) ({deployments})"
    return Alert(
        "ServiceDown",
        "critical",
        f"sum by ({BY}) ({slotted(available)}) == 0",
        hold="1m",
        summary="{{ $labels.service }} has no pod that is ready",
        description="Neither slot of {{ $labels.service }} has a pod that takes requests.",
    )
