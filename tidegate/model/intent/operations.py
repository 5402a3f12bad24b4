"""How a stack is watched, and backed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from tidegate.model.base import Cron, Duration, Finding, Memory, Model, Name, Percent, Text, seconds, shape

if TYPE_CHECKING:
    from collections.abc import Iterable


class Thresholds(Model):
    """When an alert fires."""

    error_rate: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """The share of requests that fail, for 2 minutes."""
    error_rate_critical: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The same, for 5 minutes: somebody is woken."""
    latency_p95: Duration = "2s"
    """What 95 of 100 requests are to be faster than, for 5 minutes."""
    latency_p95_critical: Duration = "5s"
    """The same, for 5 minutes: somebody is woken."""
    regression: Annotated[float, Field(gt=0, le=10)] = 0.2
    """How much slower than the live slot a candidate may be, and a service than it was a day ago, as a share."""
    cpu: Percent = 80
    """Of the limit, for 5 minutes."""
    memory: Percent = 90
    """Of the limit, for 5 minutes."""
    connections: Percent = 80
    """Of what the database takes."""
    quota: Percent = 90
    """Of what the namespace may use."""
    volume: Percent = 85
    """Of a volume's size."""
    certificate: Duration = "14d"
    """How long before a certificate ends; at a quarter of it somebody is woken."""
    backup_age: Duration = "26h"
    """How old the newest backup may be; at twice that somebody is woken."""

    def findings(self) -> Iterable[Finding]:
        """Whether what wakes somebody is worse than what doesn't."""
        if self.error_rate > self.error_rate_critical:
            yield Finding(("error_rate",), f"{self.error_rate} is above error_rate_critical, which is {self.error_rate_critical}")
        if seconds(self.latency_p95) > seconds(self.latency_p95_critical):
            yield Finding(("latency_p95",), f"{self.latency_p95} is above latency_p95_critical, which is {self.latency_p95_critical}")


class Objective(Model):
    """What users are promised, over 30 days."""

    availability: Annotated[float, Field(gt=0.5, lt=1)] = 0.999
    """The share of requests that must succeed."""
    latency: Duration = "2s"
    """What requests must be faster than."""
    latency_share: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """The share of requests that must be faster than `latency`."""


SERVERS: Final = ("prometheus", "alertmanager", "grafana", "kube-state-metrics")
"""What monitoring of one's own runs."""


Address = Annotated[
    str,
    shape(
        r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        "an address without credentials, which come from a set of secrets: https://prometheus.example",
        "https://prometheus.example",
    ),
]


class Monitoring(Model):
    """Prometheus, Alertmanager and Grafana of this stack, or rules and dashboards for an operator that is there."""

    kind: Literal["own", "operator", "none"] = "operator"
    """own: a Prometheus, Alertmanager and Grafana of this stack. operator: rules and dashboards for those that are there."""
    release_label: Name = "kube-prometheus-stack"
    """The operator's `release` label: what has it is picked up."""
    namespace: Name = "monitoring"
    """Where the operator's Prometheus is: it may scrape the services."""
    prometheus: Address | None = None
    """Where candidates' metrics are asked for, with the token or password that `secret` has; without it, what kind says, in the cluster."""
    retention: Duration = "15d"
    """How long metrics are kept."""
    storage: Memory = "20Gi"
    """The volume that they are kept on."""
    secret: Name | None = None
    """The set of `tidegate:secrets` with `grafana-password`, and `slack-url` or `pagerduty-key` if alerts go there. Needed by kind own."""
    runbooks: Text = "docs/runbooks.md"
    """Where it says what to do about an alert: an address; each alert adds its name as the anchor."""
    business: dict[Text, Text] = {}
    """What the team itself counts: PromQL by title, panels of the application dashboard."""
    thresholds: Thresholds = Thresholds()
    """When alerts fire."""
    objective: Objective = Objective()
    """What users are promised."""

    def findings(self) -> Iterable[Finding]:
        """Whether it has what its kind needs."""
        if self.kind == "own" and self.secret is None:
            yield Finding(("secret",), "is missing: kind own needs a set of secrets with grafana-password", (("kind",),))


class Backup(Model):
    """Backups of the data services, and how long they stay."""

    schedule: Cron = "0 2 * * *"
    """When, as cron says it, in UTC."""
    retention: Duration = "30d"
    """How long each stays; the newest one stays however old it is."""
    storage: Memory = "50Gi"
    """How big the volume is that each data service's are kept on."""
    before_release: bool = True
    """Whether a release begins with one."""
