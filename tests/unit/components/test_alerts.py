"""Alert rules as plain data: complete, well-formed, and made from what the intent says. What they fire at: see tests/local."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import promql_parser
import pytest

from components.alerts.groups import alerts, groups
from components.alerts.rules import Recording, written
from components.alerts.state import state
from components.monitors.server import MONITORS
from components.watch import ObjectiveArgs, ThresholdsArgs, Watch, watch, watch_of
from tests.unit.components.examples import example, small
from tidegate.model.intent.operations import SERVERS, Objective, Thresholds
from tidegate.model.ledger import Ledger, Stamp

if TYPE_CHECKING:
    from pydantic import BaseModel

    from components.alerts.rules import Alert

STACKS: Final = ("local", "staging", "production")
FULL: Final = Watch("shop", "test", "web", ("www.shop.example",), {"db": "postgresql", "cache": "redis"}, backup=True)
# What the five systems that came before were told of, and which alerts tell it now.
PROMISED: Final = {
    "error rate": {"ServiceErrorRate"},
    "latency": {"ServiceLatency"},
    "processor": {"ContainerProcessor"},
    "memory": {"ContainerMemory", "ContainerKilledForMemory"},
    "crash loop": {"PodCrashLooping"},
    "replicas unavailable": {"ReplicasUnavailable", "ServiceDown"},
    "database connections": {"DatabaseConnections"},
    "deployment failure": {"DeploymentFailed", "UpdateFailed", "SmokeTestFailed"},
    "performance regression": {"CandidateSlower", "CandidateFailsMore", "ServiceSlowerThanYesterday"},
    "security violation": {"SecurityViolation", "VulnerabilitiesFound"},
    "drift": {"ConfigurationDrift"},
    "resource exhaustion": {"QuotaExhausted", "VolumeFilling", "AutoscalerExhausted"},
    "certificate expiry": {"CertificateExpiry"},
    "backup age": {"BackupAge"},
    "burn rates": {"ErrorBudgetBurn", "LatencyBudgetBurn"},
    "service health": {"ServiceDown", "ServiceTrafficLost"},
}


def of(seen: Watch) -> list[Alert]:
    """All alerts."""
    return [alert for group in groups(seen) for alert in group.alerts]


def test_what_was_promised_is_there() -> None:
    """Nothing that an earlier system told of is missing."""
    assert set().union(*PROMISED.values()) <= {alert.name for alert in of(FULL)}


@pytest.mark.parametrize("stack", STACKS)
def test_every_expression_parses(stack: str) -> None:
    """In each of the example's stacks."""
    for group in alerts(example(stack)):
        for rule in group.rules:
            promql_parser.parse(rule.expression)


@pytest.mark.parametrize("alert", of(FULL), ids=lambda alert: f"{alert.name}-{alert.severity}{alert.labels.get('window', '')}")
def test_an_alert_is_complete(alert: Alert) -> None:
    """It looks at its namespace only, says what is wrong, and names labels that it has."""
    selectors = re.findall(r"\w\{([^}]*)\}", alert.expression)
    assert selectors
    assert all('namespace="shop"' in one or "host=~" in one for one in selectors)
    assert alert.summary
    assert alert.description.endswith(".")
    assert set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.description)) <= set(re.findall(r"\w+", alert.expression)) | {
        "namespace"
    }


def test_names_and_labels_tell_alerts_apart() -> None:
    """No two are the same to whoever is told."""
    told = [(alert.name, alert.severity, *sorted(alert.labels.items())) for alert in of(FULL)]
    assert len(told) == len(set(told))


def test_written_rules_say_who_is_told_and_where_to_read_on() -> None:
    """Each alert has severity, team and environment, and an address of its runbook."""
    rules = [rule for group in written(groups(FULL), FULL) for rule in group["rules"] if "alert" in rule]
    for rule in rules:
        assert {"severity", "team", "environment", "namespace"} <= rule["labels"].keys()
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{rule['alert'].lower()}"


@pytest.mark.parametrize(
    ("thresholds", "alert", "bound"),
    [
        ({"error_rate": 0.02}, "ServiceErrorRate", "> 0.02"),
        ({"latency_p95": "1m30s", "latency_p95_critical": "2m"}, "ServiceLatency", "> 90"),
        ({"cpu": 70}, "ContainerProcessor", "> 0.7"),
        ({"memory": 85}, "ContainerMemory", "> 0.85"),
        ({"connections": 50}, "DatabaseConnections", "> 0.5"),
        ({"quota": 99}, "QuotaExhausted", "> 0.99"),
        ({"volume": 60}, "VolumeFilling", "> 0.6"),
        ({"certificate": "30d"}, "CertificateExpiry", "< 2592000"),
        ({"backup_age": "7d"}, "BackupAge", "> 604800"),
        ({"regression": 0.5}, "CandidateSlower", "* 1.5"),
    ],
)
def test_thresholds_are_what_the_stack_says(thresholds: dict[str, Any], alert: str, bound: str) -> None:
    """Each setting reaches its alert."""
    intent = small({"web": {}}, data=DATA, secrets=SECRETS, backup={}, monitoring={"thresholds": thresholds})
    found = next(one for group in alerts(intent) for one in group.alerts if one.name == alert and one.severity == "warning")
    assert bound in found.expression


DATA: Final = {"db": {"kind": "postgresql", "secret": "db"}, "cache": {"kind": "redis", "secret": "db"}}
SECRETS: Final = {
    "db": {
        "required": ["postgres-password", "app-password", "redis-password"],
        "external": {"store": "vault", "path": "db"},
    }
}


@pytest.mark.parametrize(("availability", "budget"), [(0.999, 0.001), (0.99, 0.01), (0.9, 0.1)])
def test_budgets_burn_as_the_objective_says(availability: float, budget: float) -> None:
    """The bounds are the workbook's factors of the budget; one that not even failing everything reaches is left out."""
    seen = Watch("shop", "test", "web", objective=Objective(availability=availability))
    bounds = [float(alert.expression.rpartition(" ")[2]) for alert in of(seen) if alert.name == "ErrorBudgetBurn"]
    expected = [factor * budget for factor in (14.4, 6, 3, 1) if factor * budget < 1]
    assert len(bounds) == len(expected)
    assert all(math.isclose(one, other, rel_tol=1e-5) for one, other in zip(bounds, expected, strict=True))


def test_what_is_recorded_is_what_budgets_look_at() -> None:
    """No series without its recording, and no recording that nobody reads."""
    recorded = {rule.name for group in groups(FULL) for rule in group.rules if isinstance(rule, Recording)}
    asked = set(re.findall(r"service:\w+:\w+", " ".join(alert.expression for alert in of(FULL))))
    assert recorded == asked


def test_hosts_of_services_are_looked_at() -> None:
    """With their whole names, of which a dot stands for nothing but a dot."""
    intent = small({"web": {"traffic": {"host": "@"}}, "api": {"traffic": {"host": "api"}}, "worker": {}})
    found = next(one for group in alerts(intent) for one in group.alerts if one.name == "CertificateExpiry")
    assert r'host=~"api\\.shop\\.example|shop\\.example"' in found.expression


@pytest.mark.parametrize(("args", "model"), [(ThresholdsArgs, Thresholds), (ObjectiveArgs, Objective)])
def test_arguments_are_the_models(args: type, model: type[BaseModel]) -> None:
    """Whoever uses the component without an intent can set the same."""
    assert args.__annotations__.keys() == model.model_fields.keys()


def test_nothing_said_is_the_defaults() -> None:
    """A watch of its least arguments has the models' defaults, and is the same as that of an intent that says nothing either."""
    bare = watch({"namespace": "shop", "environment": "dev", "team": "shop"})
    assert bare.thresholds == Thresholds()
    assert watch(watch_of(small({"web": {}}))) == bare


def test_findings_are_told_of_when_there_are_more_than_any_scan_bears() -> None:
    """What a scan has no threshold for says nothing."""
    scans = {"a": {"thresholds": {"critical": 1, "high": 9}}, "b": {"thresholds": {"critical": 2}}}
    gates = {"scans": {name: {"reports": [f"{name}.json"], **scan} for name, scan in scans.items()}}
    args = watch_of(small({"web": {}}, gates=gates))
    assert (args["critical_findings"], args["high_findings"]) == (2, 9)


def test_a_ledger_without_a_release_says_which_slots_are_live() -> None:
    """Before the first release there are no services, and so nothing but the number of releases."""
    rules = state(Ledger(), "shop").rules
    assert [rule.name for rule in rules] == ["tidegate_releases"]
    assert Stamp(at="2026-01-01T00:00:00+00:00", by="anna").at


def test_the_model_knows_what_servers_there_are() -> None:
    """So that no service takes one's name."""
    assert {monitor.name for monitor in MONITORS} == set(SERVERS)
