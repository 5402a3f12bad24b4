"""Monitoring on a cluster: rules and dashboards for an operator, or servers of one's own that come up, locked in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import httpx
import pytest
import yaml

from components.alerts import services
from components.watch import watch, watch_of
from embedded.cluster.cluster import Cluster
from embedded.cluster.traffic.flows import Flow
from tests.local.components.test_alert_rules import ledger
from tests.local.kubernetes.stack import Stack
from tidegate.model.intent.environment import Environment
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.operations import Monitoring
from tidegate.model.intent.secrets import SecretSet
from tidegate.model.intent.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cluster.model.objects import Obj
    from tests.local.kubernetes.stack import Run
    from tidegate.model.base import Slot

SPACE: Final = "shop"
RULES: Final = "monitoring.coreos.com/prometheusrules"
MAPS: Final = "/configmaps"
BOARDS: Final = {"dashboard-application", "dashboard-infrastructure", "dashboard-overview", "dashboard-release", "dashboard-security"}


class Shop:
    """A cluster with a stack that is watched."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.stack = Stack(folder / "stack", cluster.kubeconfig_file(folder / "kubeconfig"))

    def up(self, intent: Intent, live: Slot = "blue") -> Run:
        """Update."""
        return self.stack.up(lambda: program(intent, live)).well()

    def all(self, kind: str) -> dict[str, Obj]:
        """All objects of the namespace, by name."""
        return {o["metadata"]["name"]: o for o in self.cluster.call(lambda: list(self.cluster.store.all(kind, SPACE)))}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty one."""
    with Cluster(rate=20) as cluster:
        yield Shop(cluster, tmp_path)


def intent_of(kind: str, **keys: str) -> Intent:
    """One service, watched in this way."""
    environment = Environment(
        name="test", tier="local", domain="shop.example", registry="registry.example", namespace=SPACE, team="shop", cost_centre="4711"
    )
    values = {"grafana-password": "secret", **keys}
    return Intent(
        environment=environment,
        services={"web": Service(image="web", version="1.0")},
        secrets={"monitoring": SecretSet(required=("grafana-password",), values=values)},
        monitoring=Monitoring(kind=kind, secret="monitoring"),  # type: ignore[arg-type] # a column of a table
    )


def program(intent: Intent, live: Slot) -> None:
    """What the real program has of monitoring."""
    from components import environment, monitoring, secrets

    place = environment.Environment("environment", environment.arguments(intent, SPACE, {"services": {}}))
    sets = secrets.Secrets("secrets", secrets.arguments(intent, place.namespace))
    args = monitoring.arguments(
        intent, place.namespace, intent.environment.labels, secret=sets.names["monitoring"], ledger=ledger(live).model_dump(mode="json")
    )
    monitoring.Monitoring("monitoring", args)


def test_an_operator_gets_rules_and_dashboards(shop: Shop) -> None:
    """They carry the labels by which the operator's Prometheus and Grafana's sidecar find them."""
    shop.up(intent_of("operator"))
    rules = shop.all(RULES)
    assert {name: rule["metadata"]["labels"]["release"] for name, rule in rules.items()} == {
        "alerts": "kube-prometheus-stack",
        "state": "kube-prometheus-stack",
    }
    boards = {name: found for name, found in shop.all(MAPS).items() if name.startswith("dashboard-")}
    assert set(boards) == BOARDS
    assert {board["metadata"]["labels"]["grafana_dashboard"] for board in boards.values()} == {"1"}
    assert all(json.loads(text)["uid"] for board in boards.values() for text in board["data"].values())
    assert not shop.all("apps/statefulsets")


def test_a_step_of_a_release_changes_nothing_but_the_state(shop: Shop) -> None:
    """Which slot is live is told anew; alerts and dashboards stay."""
    shop.up(intent_of("operator"))
    assert shop.up(intent_of("operator")).changes == {}
    assert shop.up(intent_of("operator"), live="green").changes == {"update": 1}
    live = {
        rule["labels"]["slot"]: rule["expr"]
        for rule in shop.all(RULES)["state"]["spec"]["groups"][0]["rules"]
        if rule["record"] == "tidegate_slot_live"
    }
    assert live == {"blue": "vector(0)", "green": "vector(1)"}


def test_servers_of_ones_own_come_up(shop: Shop) -> None:
    """In a namespace that takes restricted pods only, within its quota, each as it is to be reached."""
    shop.up(intent_of("own", **{"slack-url": "https://hooks.slack.example/x"}))
    running = {**shop.all("apps/statefulsets"), **shop.all("apps/deployments")}
    assert {name: one["status"]["readyReplicas"] for name, one in running.items()} == {
        "alertmanager": 1,
        "grafana": 1,
        "kube-state-metrics": 1,
        "prometheus": 1,
    }
    maps = shop.all(MAPS)
    files = {**maps["prometheus-rules"]["data"], **maps["prometheus-state"]["data"]}
    assert set(files) == {"alerts.yaml", "state.yaml"}
    assert all(yaml.safe_load(text)["groups"] for text in files.values())
    assert set(running) <= set(shop.all("/services"))
    assert shop.up(intent_of("own", **{"slack-url": "https://hooks.slack.example/x"})).changes == {}


def test_rules_of_ones_own_prometheus_change_without_a_restart(shop: Shop) -> None:
    """A step of a release leaves Prometheus running: it reads its rules anew."""
    shop.up(intent_of("own"))
    before = {name: pod["metadata"]["uid"] for name, pod in shop.all("/pods").items()}
    assert sum(shop.up(intent_of("own"), live="green").changes.values()) == 1
    assert {name: pod["metadata"]["uid"] for name, pod in shop.all("/pods").items()} == before


def test_secrets_stay_where_they_are(shop: Shop) -> None:
    """Neither configuration nor pods have what is in the Secret: they name its files."""
    shop.up(intent_of("own", **{"slack-url": "https://hooks.slack.example/x", "pagerduty-key": "pager"}))
    seen = json.dumps([shop.all(MAPS), shop.all("apps/statefulsets"), shop.all("apps/deployments")])
    assert "hooks.slack.example" not in seen
    assert "pager" not in json.loads(seen)[1]["alertmanager"]["spec"]["template"]["spec"]["containers"][0]["args"]
    config = next(found for name, found in shop.all(MAPS).items() if name.startswith("alertmanager-config"))
    receivers = {receiver["name"] for receiver in json.loads(config["data"]["alertmanager.yaml"])["receivers"]}
    assert receivers == {"nobody", "team", "on-call"}


DEPLOYMENT: Final = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web", "tidegate.dev/slot": "blue"}},
            "spec": {"containers": [{"name": "app", "image": "web:1-errors"}]},
        },
    },
}
SERVICE: Final = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}


def test_what_alerts_compute_is_what_users_meet() -> None:
    """One answer in ten is an error, and 95 of 100 come within a tenth of a second."""
    seen = watch(watch_of(intent_of("operator")))
    with Cluster(rate=0) as cluster:
        for path, body in (
            ("/api/v1/namespaces", {"metadata": {"name": SPACE}}),
            (f"/apis/apps/v1/namespaces/{SPACE}/deployments", DEPLOYMENT),
            (f"/api/v1/namespaces/{SPACE}/services", SERVICE),
        ):
            httpx.post(cluster.url + path, json=body, timeout=10).raise_for_status()
        cluster.advance(30)
        cluster.call(lambda: cluster.traffic.set_flow(Flow("users", f"http://web.{SPACE}.svc/", 100)))
        cluster.advance(300)
        for expression in (services.errors(seen, services.BY, "2m"), services.p95(seen, services.BY, "2m")):
            answer = httpx.get(f"{cluster.prometheus}/api/v1/query", params={"query": expression}, timeout=10).raise_for_status()
            ((labels, value),) = ((found["metric"], float(found["value"][1])) for found in answer.json()["data"]["result"])
            assert labels == {"namespace": SPACE, "service": "web"}
            assert 0.02 < value < 0.2
