"""What is watched: all that rules and dashboards are made from, without the rest of the intent.

Rules and dashboards speak of a namespace, not of each service in it: a service that is added is watched from its first request on.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from dataclasses import dataclass, field
from typing import Final, NotRequired, TypedDict

from tidegate.model.intent.data import Managed
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.operations import Monitoring, Objective, Thresholds
from tidegate.model.intent.scans import DEFAULTS, Severity

RUNBOOKS: Final = Monitoring().runbooks


class ThresholdsArgs(TypedDict, total=False):
    """When an alert fires. Shares are of 1; `cpu`, `memory`, `connections`, `quota` and `volume` are percent; times are like 5m."""

    error_rate: float
    error_rate_critical: float
    latency_p95: str
    latency_p95_critical: str
    regression: float
    cpu: int
    memory: int
    connections: int
    quota: int
    volume: int
    certificate: str
    backup_age: str


class ObjectiveArgs(TypedDict, total=False):
    """What users are promised, over 30 days."""

    availability: float
    latency: str
    latency_share: float


class WatchArgs(TypedDict):
    """What is watched, and what is too much."""

    namespace: str
    environment: str
    """What people call it: staging, production."""
    team: str
    """Who is told; a label of each alert."""
    hosts: NotRequired[list[str]]
    """Names whose certificates are looked at."""
    databases: NotRequired[dict[str, str]]
    """`postgresql` or `redis`, by name."""
    backup: NotRequired[bool]
    """Whether there are CronJobs that make backups."""
    thresholds: NotRequired[ThresholdsArgs]
    objective: NotRequired[ObjectiveArgs]
    critical_findings: NotRequired[int]
    """How many critical findings of an image's scan are borne."""
    high_findings: NotRequired[int]
    """How many high ones are."""
    business: NotRequired[dict[str, str]]
    """Panels of one's own: PromQL by title."""
    runbooks: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Watch:
    """The same, with all that was left out."""

    namespace: str
    environment: str
    team: str
    hosts: tuple[str, ...] = ()
    databases: dict[str, str] = field(default_factory=dict)
    backup: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)
    objective: Objective = field(default_factory=Objective)
    critical_findings: int = 0
    high_findings: int = 5
    business: dict[str, str] = field(default_factory=dict)
    runbooks: str = RUNBOOKS

    def has(self, kind: str) -> bool:
        """Whether there is a database of this kind."""
        return kind in self.databases.values()


def watch(args: WatchArgs) -> Watch:
    """What the arguments say, and the defaults where they say nothing."""
    known = {key: value for key, value in args.items() if key not in {"hosts", "thresholds", "objective"}}
    return Watch(
        **known,  # type: ignore[arg-type] # a TypedDict's items lose their types
        hosts=tuple(args.get("hosts", ())),
        thresholds=Thresholds(**args.get("thresholds", {})),
        objective=Objective(**args.get("objective", {})),
    )


def watch_of(intent: Intent) -> WatchArgs:
    """What of an intent is watched."""
    environment, monitoring = intent.environment, intent.monitoring
    thresholds, objective = monitoring.thresholds.model_dump(), monitoring.objective.model_dump()
    return {
        "namespace": environment.namespace,
        "environment": environment.name,
        "team": environment.team,
        "hosts": sorted(_hosts(intent)),
        "databases": {name: data.kind for name, data in intent.data.items() if not isinstance(data, Managed)},
        "backup": intent.backup is not None,
        "thresholds": ThresholdsArgs(**thresholds),  # type: ignore[typeddict-item] # the model's fields; a test holds them equal
        "objective": ObjectiveArgs(**objective),  # type: ignore[typeddict-item] # the same
        "critical_findings": _borne(intent, "critical"),
        "high_findings": _borne(intent, "high"),
        "business": monitoring.business,
        "runbooks": monitoring.runbooks,
    }


def _borne(intent: Intent, severity: Severity) -> int:
    """How many findings of a severity the scan bears that bears the most of them."""
    said = [scan.thresholds[severity] for scan in intent.gates.scans.values() if severity in scan.thresholds]
    return max(said, default=DEFAULTS[severity])


def _hosts(intent: Intent) -> set[str]:
    domain = intent.environment.domain
    names = {service.traffic.host for service in intent.services.values()} - {None}
    return {domain if name == "@" else f"{name}.{domain}" for name in names}
