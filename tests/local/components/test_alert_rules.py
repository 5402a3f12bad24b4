"""The rules as Prometheus takes them: promtool checks what is rendered, and every alert fires when it should and at nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from components.alerts.groups import groups
from components.alerts.rules import Alert, Group, written
from components.alerts.state import state
from components.monitors import routing
from components.monitors.scraping import configuration
from components.watch import Watch
from tests.local.components.alert_cases import SUBJECTS
from tests.local.components.alert_series import NS, QUICK, SLOW, SPACE
from tidegate.model.base import SLOTS
from tidegate.model.ledger import Ledger, Occupant, Record, Release, Stamp

if TYPE_CHECKING:
    from tests.local.components.alert_series import Case
    from tidegate.model.base import Slot

WATCH: Final = Watch(
    namespace=SPACE,
    environment="test",
    team="web",
    hosts=("www.shop.example",),
    databases={"postgres": "postgresql", "redis": "redis"},
    backup=True,
)
GROUPS: Final = groups(WATCH)
CASES: Final = tuple(case for cases in SUBJECTS.values() for case in cases)
_PLACES: Final = str(Path(sys.prefix) / "bin")


@pytest.fixture(scope="session")
def promtool() -> str:
    """Where promtool is."""
    return tool("promtool", "prometheus")


def tool(name: str, package: str) -> str:
    """Where a program is: on the PATH, or where `make` puts it."""
    found = shutil.which(name) or shutil.which(name, path=_PLACES)
    if found is None:
        pytest.skip(f"no {name} on the PATH; it is in Debian's package {package}")
    return found


def run(program: str, *arguments: str, folder: Path) -> str:
    """What a program says; it must be content."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, cwd=folder, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def of(case: Case) -> tuple[Group, ...]:
    """The rules that a case needs, and no others: the alert, and the recorded shares that it looks at."""
    asked = "".join(alert.expression for group in GROUPS for alert in group.alerts if alert.name == case.alert)
    kept = (Group(g.name, tuple(rule for rule in g.rules if rule.name == case.alert or f"{rule.name}{{" in asked)) for g in GROUPS)
    return tuple(group for group in kept if group.rules)


def firing(case: Case) -> str:
    """How many of the case's alerts fire, with the labels that it says."""
    matchers = f'alertname="{case.alert}", alertstate="firing", severity="{case.severity}", team="web", {NS}'
    matchers += f', window="{case.window}"' if case.window else ""
    return f"count(ALERTS{{{', '.join(filter(None, (matchers, case.about)))}}})"


def question(case: Case, series: dict[str, str], number: int) -> dict[str, Any]:
    """A test of promtool's: with these series so many alerts fire."""
    expected = [{"labels": "{}", "value": number}] if number else []
    return {
        "interval": case.interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": firing(case), "eval_time": case.at, "exp_samples": expected}],
    }


def elsewhere(series: dict[str, str]) -> dict[str, str]:
    """The same of another namespace."""
    return {name.replace(NS, 'namespace="elsewhere"'): values for name, values in series.items()}


def suite(folder: Path, name: str, rules: tuple[Group, ...], interval: str, tests: list[dict[str, Any]]) -> str:
    """Write a suite for promtool; its file's name."""
    (folder / f"{name}.rules.yaml").write_text(json.dumps({"groups": written(rules, WATCH)}))
    # What is recorded comes before what looks at it.
    order = [f"{SPACE}.{group.name}" for group in rules]
    whole = {"rule_files": [f"{name}.rules.yaml"], "evaluation_interval": interval, "group_eval_order": order, "tests": tests}
    (folder / f"{name}.yaml").write_text(json.dumps(whole))
    return f"{name}.yaml"


def questions(case: Case) -> list[dict[str, Any]]:
    """It fires at what is bad, and stays quiet at what is not, though it be bad in another namespace."""
    first, *others = case.quiet
    return [
        *(question(case, series, 1) for series in case.fires),
        *(question(case, series, 0) for series in (first | elsewhere(case.fires[0]), *others)),
    ]


def test_every_alert_has_a_case() -> None:
    """No alert without one that fires and one that doesn't, and no case without its alert."""
    alerts = {(alert.name, alert.severity, alert.labels.get("window", "")) for group in GROUPS for alert in group.alerts}
    assert {(case.alert, case.severity, case.window) for case in CASES} == alerts
    assert all(case.fires and case.quiet for case in CASES)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_alerts_fire_when_they_should(subject: str, promtool: str, tmp_path: Path) -> None:
    """Each alert fires at what is bad, and stays quiet at what is not."""
    suites = [suite(tmp_path, str(case), of(case), case.interval, questions(case)) for case in SUBJECTS[subject]]
    said = run(promtool, "test", "rules", *suites, folder=tmp_path)
    assert said.count("SUCCESS") == len(suites)


def test_promtool_takes_the_rules(promtool: str, tmp_path: Path) -> None:
    """All rules of a stack with everything are well-formed, without duplicates."""
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": written((*GROUPS, state(ledger(), SPACE)), WATCH)}))
    assert "SUCCESS" in run(promtool, "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml", folder=tmp_path)


def test_promtool_takes_the_configuration(promtool: str, tmp_path: Path) -> None:
    """A Prometheus of one's own starts with its configuration. Debian's promtool is built without the look-ups in Kubernetes."""
    config = json.loads(configuration(WATCH))
    lookups = [job.pop("kubernetes_sd_configs") for job in config["scrape_configs"] if "kubernetes_sd_configs" in job]
    assert [lookup["role"] for (lookup,) in lookups] == ["pod", "node", "node"]
    (tmp_path / "prometheus.yaml").write_text(json.dumps(config))
    assert "SUCCESS" in run(promtool, "check", "config", "--syntax-only", "prometheus.yaml", folder=tmp_path)


def test_a_stack_without_databases_has_no_rules_for_them() -> None:
    """What isn't there isn't watched: no data, no alert, and no empty group."""
    bare = groups(Watch(namespace=SPACE, environment="test", team="web"))
    names = {alert.name for group in bare for alert in group.alerts}
    assert not {name for name in names if name.startswith(("Database", "Backup"))}
    assert all(group.rules for group in bare)


def test_what_the_ledger_says_tells_the_candidate_from_the_live_slot(promtool: str, tmp_path: Path) -> None:
    """The ledger's rules and the services' metrics alone make the comparison: the slower slot is told of while it is the candidate."""
    case = next(case for case in CASES if case.alert == "CandidateSlower")
    rules = (state(ledger(), SPACE), *of(case))
    run(promtool, "test", "rules", suite(tmp_path, "live", rules, "1m", [question(case, QUICK | SLOW, 1)]), folder=tmp_path)
    rules = (state(ledger(live="green"), SPACE), *of(case))
    run(promtool, "test", "rules", suite(tmp_path, "live", rules, "1m", [question(case, QUICK | SLOW, 0)]), folder=tmp_path)


def test_an_alert_says_what_to_do(promtool: str, tmp_path: Path) -> None:
    """Its texts are filled in, and lead to the runbook."""
    case = next(case for case in CASES if case.alert == "ServiceErrorRate" and case.severity == "warning")
    labels = {"severity": "warning", "team": "web", "environment": "test", "namespace": SPACE, "service": "web"}
    told = {
        "summary": "web fails 2% of its requests",
        "description": "More than 1 % of the requests to web are answered with 5xx.",
        "runbook_url": "docs/runbooks.md#serviceerrorrate",
    }
    asked = {"eval_time": case.at, "alertname": case.alert, "exp_alerts": [{"exp_labels": labels, "exp_annotations": told}]}
    series = [{"series": name, "values": values} for name, values in case.fires[0].items()]
    tests = [{"interval": "1m", "input_series": series, "alert_rule_test": [asked]}]
    run(promtool, "test", "rules", suite(tmp_path, "texts", of(case), "1m", tests), folder=tmp_path)


def test_every_alert_has_its_page(repository: Path) -> None:
    """The runbooks say of each alert what it means and what to do, and of nothing else."""
    lines = (repository / "docs" / "runbooks.md").read_text().splitlines()
    headings = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
    assert sorted(set(headings)) == sorted({rule.name for group in GROUPS for rule in group.rules if isinstance(rule, Alert)})
    assert len(headings) == len(set(headings))


def ledger(live: Slot = "blue") -> Ledger:
    """A release half-way, of the one service `web`."""
    stamp = Stamp(at="2026-01-01T12:00:00+00:00", by="anna")
    occupant = Occupant(
        version="1",
        image="web:1",
        digest=None,
        spec="a",
        config="b",
        secrets="c",
        migration=None,
        contract=False,
        release="r7",
        replicas=3,
        proven="r7.1",
    )
    return Ledger(
        releases=7,
        release=Release(id="r7", kind="release", services=("web",), phase="shifting", step=1, weight=25, begun=stamp, changed=stamp),
        services={"web": Record(live=live, weight=25, slots=dict.fromkeys(SLOTS, occupant), since=stamp)},
    )


@pytest.mark.parametrize("keys", [(), ("slack-url",), ("pagerduty-key",), ("slack-url", "pagerduty-key")], ids="+".join)
def test_amtool_takes_the_configuration(keys: tuple[str, ...], tmp_path: Path) -> None:
    """An Alertmanager of one's own starts with its configuration, whoever is told."""
    (tmp_path / "alertmanager.yaml").write_text(routing.configuration(keys))
    assert "SUCCESS" in run(tool("amtool", "prometheus-alertmanager"), "check-config", "alertmanager.yaml", folder=tmp_path)
