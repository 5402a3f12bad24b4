"""A stack that keeps data, on real volumes: what was written is there after its pod has gone, and after a release of those who use it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from lightkube.resources.core_v1 import Pod

from embedded.node.images import recipes
from embedded.node.images.archive import read
from tests.node.ground import client, running, servers, within
from tests.node.program import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.node.node import Node
    from tests.node.ground import Ground
    from tests.node.program import Place

pytestmark = [pytest.mark.node, pytest.mark.timeout(600, func_only=True)]

_RECIPES: Final = (recipes.POSTGRESQL, recipes.REDIS, recipes.POSTGRESQL_EXPORTER, recipes.REDIS_EXPORTER)
_SIZE: Final = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}
_LONGEST: Final = 60


@pytest.fixture(scope="module")
def data_images() -> Path:
    """An archive of the servers' images."""
    return servers("data", {recipe.name: recipe for recipe in _RECIPES})


@pytest.fixture(scope="module")
def program_node(ground: Ground, tools: Path, data_images: Path) -> Iterator[Node]:
    """A node that makes volumes, too."""
    with running(ground, ("dns", "gateway", "storage"), ground.shop, tools, data_images) as node:
        yield node


def stored(there: Place, images: Path, version: str) -> dict[str, Any]:
    """The shop with a PostgreSQL and a Redis that it depends on."""
    digests = {image.name: image.digest for image in read(images)}

    def server(recipe: str, exporter: str, **settings: Any) -> dict[str, Any]:
        image, _, tag = recipe.rpartition(":")
        pinned = {"image": image, "version": tag, "digest": digests[recipe], "exporter": exporter}
        return {**pinned, "storage": "1Gi", "resources": _SIZE, **settings}

    postgres = server(recipes.POSTGRESQL.name, recipes.POSTGRESQL_EXPORTER.name, kind="postgresql", secret="postgres", owner="shop")
    redis = server(recipes.REDIS.name, recipes.REDIS_EXPORTER.name, kind="redis", secret="redis")
    config = there.shop(version, more={"dashboard": {"depends_on": ["mcp-manager", "postgres", "redis"]}})
    return {
        **config,
        "data": {"postgres": postgres, "redis": redis},
        "secrets": {
            "postgres": {
                "required": ["postgres-password", "shop-password"],
                "values": {"postgres-password": "one", "shop-password": "two"},
            },
            "redis": {"required": ["redis-password"], "values": {"redis-password": "three"}},
        },
    }


def within_pod(there: Place, pod: str, *command: str) -> str:
    """What a command says that is run in a server's container, as an operator would."""
    beside = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or "kubectl"
    words = [beside, f"--kubeconfig={there.node.kubeconfig}", f"--namespace={there.space}", "exec", pod, "--", *command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_LONGEST)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def sql(there: Place, statement: str) -> str:
    """What the database answers to the services' own role, over the network and with its password."""
    to_it = "postgresql://shop:two@postgres/app"
    return within_pod(there, "postgres-0", "psql", to_it, "--tuples-only", "--no-align", "--quiet", f"--command={statement}")


def test_data_outlives_pods_and_releases(there: Place, data_images: Path) -> None:
    """Written to PostgreSQL and Redis, both pods deleted, a release meanwhile: it is all there; with the stack, volumes go."""
    there.up(stored(there, data_images, "v1")).well()
    with there.users() as people:
        people.come_to("v1")
        sql(there, "create table orders (number int); insert into orders values (42)")
        assert within_pod(there, "redis-0", "redis-cli", "set", "order", "42") == "OK"
        before = {name: there.one("v1/pods", name)["metadata"]["uid"] for name in ("postgres-0", "redis-0")}
        with client(there.node) as api:
            for name in before:
                api.delete(Pod, name, namespace=there.space)
        there.up(stored(there, data_images, "v2")).well()
        people.come_to("v2")
        assert within(PATIENCE, lambda: all(_ready_anew(there, name, uid) for name, uid in before.items()))
        assert sql(there, "select number from orders") == "42"
        assert within_pod(there, "redis-0", "redis-cli", "get", "order") == "42"
        there.settled(stored(there, data_images, "v2"))
    there.destroy()
    assert within(PATIENCE, lambda: there.get("/api/v1/persistentvolumes")["items"] == [])


def _ready_anew(there: Place, name: str, before: str) -> bool:
    """Whether there is another pod of that name than before, and it is ready."""
    pod = there.all("v1/pods").get(name)
    if pod is None or pod["metadata"]["uid"] == before:
        return False
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ()))
