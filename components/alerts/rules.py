"""What rules are, and how they are written down for Prometheus.

Alerts of one name differ by severity: a critical one silences its warning (Alertmanager inhibits by name, namespace and service).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from components.watch import Watch

Severity = Literal["critical", "warning", "info"]

SLOTTED: Final = "(.+)-(blue|green)"
"""The name of a slot's Deployment."""


@dataclass(frozen=True, slots=True)
class Alert:
    """When somebody is told, and what."""

    name: str
    severity: Severity
    expression: str
    summary: str
    """One line; templates of Prometheus are filled in."""
    description: str
    hold: str | None = None
    """For how long it must be so."""
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that others are computed from."""

    name: str
    expression: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together."""

    name: str
    rules: tuple[Alert | Recording, ...]
    interval: str | None = None

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Those that tell somebody."""
        return tuple(rule for rule in self.rules if isinstance(rule, Alert))


def written(groups: tuple[Group, ...], watch: Watch) -> list[dict[str, Any]]:
    """The groups as a rules file or a PrometheusRule has them."""
    return [
        {"name": f"{watch.namespace}.{group.name}"}
        | ({"interval": group.interval} if group.interval else {})
        | {"rules": [_alert(rule, watch) if isinstance(rule, Alert) else _recording(rule) for rule in group.rules]}
        for group in groups
    ]


def _recording(rule: Recording) -> dict[str, Any]:
    return {"record": rule.name, "expr": rule.expression} | ({"labels": rule.labels} if rule.labels else {})


def _alert(rule: Alert, watch: Watch) -> dict[str, Any]:
    labels = {"severity": rule.severity, "team": watch.team, "environment": watch.environment, "namespace": watch.namespace}
    return (
        {"alert": rule.name, "expr": rule.expression}
        | ({"for": rule.hold} if rule.hold else {})
        | {
            "labels": labels | rule.labels,
            "annotations": {
                "summary": rule.summary,
                "description": rule.description,
                "runbook_url": f"{watch.runbooks}#{rule.name.lower()}",
            },
        }
    )


def percent(share: float) -> str:
    """0.2 as 20 %."""
    return f"{share * 100:g} %"


def slotted(expression: str) -> str:
    """Series of slots' Deployments, with the labels service and slot."""
    return (
        f'label_replace(label_replace({expression}, "service", "$1", "deployment", "{SLOTTED}"), "slot", "$2", "deployment", "{SLOTTED}")'
    )
