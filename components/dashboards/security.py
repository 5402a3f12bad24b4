"""Whether rules are kept and doors are shut: policies, scans, logins, certificates, drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.alerts.security import certificates
from components.dashboards.build import Board, Panel, Query, Row
from components.dashboards.measures import firing
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.watch import Watch

ALERTS: Final = "SecurityViolation|VulnerabilitiesFound|AuthenticationFailures|CertificateExpiry|ConfigurationDrift|DriftUnchecked"


def security(watch: Watch) -> Board:
    """What an auditor asks for, too."""
    space = f'namespace="{watch.namespace}"'
    left = seconds(watch.thresholds.certificate)
    findings = f"max by (service, version, severity) (tidegate_scan_findings{{{space}}})"
    violations = f"max by (policy, severity, enforcement) (tidegate_policy_violations{{{space}}})"
    refused = "sum by (service, code) (rate(http_requests_total{" + space + ', code=~"401|403"}[$__rate_interval]))'
    drift = f"max by (namespace) (tidegate_drift_resources{{{space}}})"
    looked = f"time() - max by (namespace) (tidegate_drift_checked_timestamp_seconds{{{space}}})"
    rows = (
        Row("Alerts", (firing(watch, ALERTS),)),
        Row(
            "Rules",
            (
                Panel("Policies that are violated", (Query(f"{violations} > 0"),), kind="table"),
                Panel("Findings of scans", (Query(f"{findings} > 0"),), kind="table"),
                Panel("Findings over time", (Query(f"sum by (severity) ({findings})", "{{severity}}"),)),
                Panel("Violations over time", (Query(f"sum by (severity) ({violations})", "{{severity}}"),)),
            ),
        ),
        Row(
            "Doors",
            (
                Panel("Refused requests", (Query(refused, "{{service}} {{code}}"),), unit="reqps"),
                Panel(
                    "Certificates end in",
                    (Query(f"({certificates(watch)}) - time()", "{{name}}{{host}}"),),
                    kind="stat",
                    unit="s",
                    bad=(left, left / 4),
                ),
            ),
        ),
        Row(
            "Drift",
            (
                Panel("Resources that drifted", (Query(drift),), kind="stat", bad=(1, 1)),
                Panel("Looked for drift", (Query(looked),), kind="stat", unit="s", bad=(26 * 3600, 52 * 3600), description="How long ago."),
            ),
        ),
    )
    return Board("security", "Security and compliance", rows)
