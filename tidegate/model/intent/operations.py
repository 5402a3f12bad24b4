"""How a stack is watched, backed up and guarded, and who is told: monitoring, backup, gates, notifications."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidegate.model.base import Duration, Model, Name, Percent, Quantity


class Thresholds(Model):
    """When an alert fires."""

    error_rate: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """The share of requests that fail, for 2 minutes."""
    error_rate_critical: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The same, for 5 minutes: somebody is woken."""
    latency_p95: Duration = "2s"
    latency_p95_critical: Duration = "5s"
    cpu: Percent = 80
    """Of the limit, for 5 minutes."""
    memory: Percent = 90
    connections: Percent = 80
    """Of what the database takes."""
    certificate: Duration = "14d"
    """How long before a certificate ends."""
    backup_age: Duration = "26h"
    """How old the newest backup may be."""


class Objective(Model):
    """What users are promised, over 30 days."""

    availability: Annotated[float, Field(gt=0.5, lt=1)] = 0.999
    latency: Duration = "2s"
    latency_share: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """The share of requests that must be faster than `latency`."""


class Monitoring(Model):
    """Prometheus, Alertmanager and Grafana of this stack, or rules and dashboards for an operator that is there."""

    kind: Literal["own", "operator", "none"] = "operator"
    release_label: Name = "kube-prometheus-stack"
    """The operator's `release` label: what has it is picked up."""
    namespace: Name = "monitoring"
    """Where the operator's Prometheus is: it may scrape the services."""
    retention: Duration = "15d"
    storage: Quantity = "20Gi"
    secret: Name | None = None
    """The set of `tidegate:secrets` with `grafana-password`, and `slack-url` or `pagerduty-key` if alerts go there. Needed by kind own."""
    thresholds: Thresholds = Thresholds()
    objective: Objective = Objective()


class Backup(Model):
    """Backups of the data services, and how long they stay."""

    schedule: Annotated[str, Field(pattern=r"^\S+ \S+ \S+ \S+ \S+$", examples=["0 2 * * *"])] = "0 2 * * *"
    """When, as cron says it, in UTC."""
    retention: Duration = "30d"
    storage: Quantity = "50Gi"
    """The volume that they are kept on."""
    before_release: bool = True


class Approval(Model):
    """Who must say yes before a release takes its next step."""

    approvers: tuple[str, ...] = Field(min_length=1)
    count: Annotated[int, Field(ge=1)] = 1
    timeout: Duration = "1h"
    before: tuple[Literal["stage", "shift", "promote", "migrate"], ...] = ("promote",)


class Freeze(Model):
    """A time in which nothing is released."""

    start: Annotated[str, Field(pattern=r"^\S+ \S+ \S+ \S+ \S+$")]
    """When it begins, as cron says it."""
    duration: Duration
    timezone: str = "UTC"
    reason: str


class Scan(Model):
    """How many findings of a scan are borne."""

    report: str
    """The report's file; {{service}}, {{version}} and {{digest}} are filled in."""
    format: Literal["trivy", "grype", "sarif"]
    critical: Annotated[int, Field(ge=0)] = 0
    high: Annotated[int, Field(ge=0)] = 5


class Gates(Model):
    """What must hold before a release goes on."""

    approval: Approval | None = None
    freezes: dict[Name, Freeze] = {}
    scans: dict[Name, Scan] = {}


class Notification(Model):
    """Somebody who is told what happens."""

    kind: Literal["slack", "webhook", "email"]
    secret: Name
    """The set of `tidegate:secrets` that has its `url`, or its `smtp-url` and `recipients`."""
    events: tuple[Literal["started", "step", "waiting", "promoted", "rolled-back", "failed"], ...] = (
        "started",
        "promoted",
        "rolled-back",
        "failed",
    )


class Releases(Model):
    """How releases behave that others get in the way of."""

    supersede: Literal["refuse", "go-back"] = "refuse"
    """A new version while a release is under way: refused, or the release first goes back."""
