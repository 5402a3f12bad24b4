"""Data services on a cluster: they come up, take new settings and passwords on, grow, and are protected where it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedded.cluster.cluster import Cluster
from tests.local.kubernetes.stack import Stack
from tidegate.model.intent.data import Managed, Postgresql, Redis
from tidegate.model.intent.environment import Environment
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.operations import Backup, Monitoring
from tidegate.model.intent.secrets import SecretSet
from tidegate.model.intent.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cluster.model.objects import Obj
    from tidegate.model.intent.data import Data
    from tidegate.model.intent.environment import Tier

SPACE = "shop"
CRON_JOBS = "batch/cronjobs"
CLAIMS = "/persistentvolumeclaims"


class Shop:
    """A cluster with a stack that has nothing but data services."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.stack = Stack(folder / "stack", cluster.kubeconfig_file(folder / "kubeconfig"))

    def up(self, intent: Intent) -> Any:
        """Update."""
        return self.stack.up(lambda: program(intent))

    def all(self, kind: str) -> dict[str, Obj]:
        """All objects of the namespace, by name."""
        return {o["metadata"]["name"]: o for o in self.cluster.call(lambda: list(self.cluster.store.all(kind, SPACE)))}


def intent_of(tier: Tier = "local", password: str = "one", **settings: Any) -> Intent:  # noqa: S107 - made up
    """A PostgreSQL, a Redis and one that is managed, with backups."""
    environment = Environment(
        name="test", tier=tier, domain="shop.example", registry="registry.example", namespace=SPACE, team="shop", cost_centre="4711"
    )
    values = {"postgres-password": password, "app-password": password, "redis-password": password, "other": password}
    data: dict[str, Data] = {
        "db": Postgresql(kind="postgresql", secret="passwords", **settings),
        "cache": Redis(kind="redis", secret="passwords", backup_storage="5Gi"),
        "search": Managed(kind="managed", host="search.vendor.example", port=9200, cidr="203.0.113.0/24"),
    }
    return Intent(
        environment=environment,
        services={"web": Service(image="web", version="1.0")},
        data=data,
        secrets={"passwords": SecretSet(required=tuple(values), values=values)},
        monitoring=Monitoring(kind="none"),
        backup=Backup(),
    )


def program(intent: Intent) -> None:
    """What the real program has of data services."""
    from components import data, environment, secrets

    place = environment.Environment("environment", environment.arguments(intent, SPACE, {"services": {}}))
    data.declare(intent, place, secrets.Secrets("secrets", secrets.arguments(intent, place.namespace)).names)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty one."""
    with Cluster(rate=20) as cluster:
        yield Shop(cluster, tmp_path)


def test_they_come_up_and_stay_as_they_are(shop: Shop) -> None:
    """Servers with their volumes, a name for the managed one, backups; and the same again changes nothing."""
    shop.up(intent_of()).well()
    assert {name: o["status"]["readyReplicas"] for name, o in shop.all("apps/statefulsets").items()} == {"db": 1, "cache": 1}
    assert {name: o["spec"]["resources"]["requests"]["storage"] for name, o in shop.all(CLAIMS).items()} == {
        "db-data": "10Gi", "db-archive": "10Gi", "db-backup": "50Gi", "cache-data": "2Gi", "cache-backup": "5Gi",
    }  # fmt: skip
    assert shop.all("/services")["search"]["spec"]["externalName"] == "search.vendor.example"
    assert {name: o["spec"]["suspend"] for name, o in shop.all(CRON_JOBS).items()} == {
        "db-backup": False, "db-restore": True, "db-recover": True, "cache-backup": False, "cache-restore": True,
    }  # fmt: skip
    assert shop.up(intent_of()).well().changes == {}


def test_a_changed_setting_restarts_the_server_on_a_new_configuration(shop: Shop) -> None:
    """The old ConfigMap is there until the new pod is, and then gone; nothing else is touched."""
    shop.up(intent_of()).well()
    before = shop.all("/configmaps")
    pods = {name: o["metadata"]["uid"] for name, o in shop.all("/pods").items()}
    assert shop.up(intent_of(connections=200)).well().changes == {"replace": 1, "update": 1}
    changed = set(shop.all("/configmaps")) ^ set(before)
    assert {name.rpartition("-")[0] for name in changed} == {"db-config"}
    assert len(changed) == 2
    after = {name: o["metadata"]["uid"] for name, o in shop.all("/pods").items()}
    assert {name for name in after if after[name] != pods.get(name)} == {"db-0"}


def test_a_changed_password_restarts_the_servers(shop: Shop) -> None:
    """They take it on when they start; the other keys of the set are none of their business."""
    shop.up(intent_of()).well()
    pods = {name: o["metadata"]["uid"] for name, o in shop.all("/pods").items()}
    shop.up(intent_of(password="two")).well()
    assert all(o["metadata"]["uid"] != pods[name] for name, o in shop.all("/pods").items())


def test_a_volume_grows_in_place(shop: Shop) -> None:
    """Without the server being touched."""
    shop.up(intent_of()).well()
    pods = {name: o["metadata"]["uid"] for name, o in shop.all("/pods").items()}
    run = shop.up(intent_of(archive="20Gi")).well()
    assert run.changes == {"update": 2}, "the claim, and the quota that it counts against"
    assert {name: o["metadata"]["uid"] for name, o in shop.all("/pods").items()} == pods


@pytest.mark.parametrize("how", ["forgotten", "destroyed"])
def test_in_production_data_is_not_deleted_by_mistake(shop: Shop, how: str) -> None:
    """An intent that has lost its data services, or a destroyed stack, is refused; the servers go on, and so does all that they need."""
    shop.up(intent_of("production")).well()
    kinds = ("/pods", CLAIMS, "apps/statefulsets", CRON_JOBS)
    before = {kind: {name: o["metadata"]["uid"] for name, o in shop.all(kind).items()} for kind in kinds}
    run = shop.stack.destroy() if how == "destroyed" else shop.up(intent_of("production").model_copy(update={"data": {}}))
    run.failed("cannot be deleted", "because it is protected", "pulumi state unprotect")
    assert {kind: {name: o["metadata"]["uid"] for name, o in shop.all(kind).items()} for kind in kinds} == before
    assert {"db", "cache"} < shop.all("/services").keys()


def test_a_backup_is_made_now_from_the_cron_job(shop: Shop) -> None:
    """What starts a release makes a Job from the CronJob's template, and waits for it."""
    shop.up(intent_of()).well()
    template = shop.all(CRON_JOBS)["db-backup"]["spec"]["jobTemplate"]
    job = {"metadata": {**template["metadata"], "name": "before"}, "spec": template["spec"]}
    httpx.post(f"{shop.cluster.url}/apis/batch/v1/namespaces/{SPACE}/jobs", json=job, timeout=10).raise_for_status()
    shop.cluster.advance(60)
    assert shop.all("batch/jobs")["before"]["status"]["succeeded"] == 1
