"""What breaks rules or opens doors: violated policies, findings of scans, failed logins, certificates that end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from components.alerts.rules import Alert, Group
from components.alerts.services import requests
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.alerts.rules import Severity
    from components.watch import Watch


def security(watch: Watch) -> Group:
    """Alerts about safety."""
    return Group("security", (_violations(watch), _findings(watch), _logins(watch), *_certificates(watch)))


def certificates(watch: Watch) -> str:
    """When certificates end. cert-manager's namespace is `exported_namespace` where its own labels aren't honoured."""
    metric = "certmanager_certificate_expiration_timestamp_seconds"
    kinds = [f'min by (name) ({metric}{{namespace="{watch.namespace}"}} or {metric}{{exported_namespace="{watch.namespace}"}})']
    if watch.hosts:
        # A dot needs two backslashes in PromQL's strings.
        hosts = "|".join(re.escape(host).replace("\\", "\\\\") for host in watch.hosts)
        kinds.append(f'min by (host) (nginx_ingress_controller_ssl_expire_time_seconds{{host=~"{hosts}"}})')
    return " or ".join(kinds)


def _violations(watch: Watch) -> Alert:
    return Alert(
        "SecurityViolation",
        "critical",
        f'max by (namespace, policy) (tidegate_policy_violations{{namespace="{watch.namespace}", enforcement="mandatory"}}) > 0',
        summary="{{ $value }} resources violate the policy {{ $labels.policy }}",
        description="What is in the cluster breaks a mandatory policy: it was changed past the releases, or the policy is new.",
    )


def _findings(watch: Watch) -> Alert:
    critical, high = (
        f'max by (namespace, service, version) (tidegate_scan_findings{{namespace="{watch.namespace}", severity="{severity}"}})'
        for severity in ("critical", "high")
    )
    return Alert(
        "VulnerabilitiesFound",
        "warning",
        f"{critical} > {watch.critical_findings} or {high} > {watch.high_findings}",
        summary="{{ $labels.service }} {{ $labels.version }} has {{ $value }} findings too many to bear",
        description=f"A scan of its image found more than {watch.critical_findings} critical or {watch.high_findings} high ones.",
    )


def _logins(watch: Watch) -> Alert:
    by = "namespace, service"
    refused, all_ = requests(watch, by, "5m", 'code=~"401|403"'), requests(watch, by, "5m")
    return Alert(
        "AuthenticationFailures",
        "warning",
        f"{refused} / {all_} > 0.2 and {refused} > 1",
        hold="5m",
        summary="{{ $labels.service }} refuses {{ $value | humanizePercentage }} of its requests",
        description="More than a fifth of the requests are answered with 401 or 403: somebody tries doors, or a secret is wrong.",
    )


def _certificates(watch: Watch) -> tuple[Alert, ...]:
    left = seconds(watch.thresholds.certificate)
    bounds: tuple[tuple[Severity, float], ...] = (("warning", left), ("critical", left / 4))
    return tuple(
        Alert(
            "CertificateExpiry",
            severity,
            f"({certificates(watch)}) - time() < {bound:.10g}",
            hold="10m",
            summary="The certificate of {{ $labels.name }}{{ $labels.host }} ends in {{ $value | humanizeDuration }}",
            description="It should have been renewed by now: cert-manager renews a third of its life before the end.",
        )
        for severity, bound in bounds
    )
