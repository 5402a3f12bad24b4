"""The switchers that patch objects, on a cluster in this process."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml

from benchmarks.switch.switchers.choosing import subject
from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError, perform
from embedded.cluster.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.switch.switchers.switcher import Switcher

# They measure time: beside other tests that says little.
pytestmark = pytest.mark.node

ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes"
SERVICES = "/api/v1/namespaces/default/services"
COMMON = "url=http://127.0.0.1:1/ old=v1 new=v2"

_ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "web"},
    "spec": {
        "parentRefs": [{"name": "gateway"}],
        "rules": [
            {"matches": [{"headers": [{"name": "X-Preview", "value": "1"}]}], "backendRefs": [{"name": "web-green", "port": 80}]},
            {"backendRefs": [{"name": "web-blue", "port": 80, "weight": 100}, {"name": "web-green", "port": 80, "weight": 0}]},
        ],
    },
}
_SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web", "slot": "blue"}, "ports": [{"port": 80}]},
}


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    """How to find a cluster with a route and a Service."""
    with Cluster() as cluster, httpx.Client(base_url=cluster.url, timeout=30) as http:
        for path, body in ((ROUTES, _ROUTE), (SERVICES, _SERVICE)):
            assert http.post(path, json=body).status_code == 201
        yield cluster.kubeconfig_file(tmp_path / "kubeconfig")


@contextlib.contextmanager
def switching(words: str, kubeconfig: Path) -> Iterator[Switcher]:
    """The switcher that words name."""
    with contextlib.closing(subject(f"{words} {COMMON} kubeconfig={kubeconfig}").switcher) as made:
        yield made


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (
            "route route=default/web live=web-blue candidate=web-green",
            [(Operation.SHIFT, 30), (Operation.ABORT, 0), (Operation.FLIP, 100), (Operation.ROLLBACK, 0)],
        ),
        ("selector service=default/web label=slot live=blue candidate=green", [(Operation.FLIP, 100), (Operation.ROLLBACK, 0)]),
    ],
)
def test_what_is_told_is_in_the_object(kubeconfig: Path, words: str, steps: list[tuple[Operation, int]]) -> None:
    """By the kubeconfig alone, and as the API server says afterwards."""
    with switching(words, kubeconfig) as switcher:
        assert switcher.operations == {operation for operation, _ in steps}
        assert switcher.status() == 0
        for operation, weight in steps:
            perform(switcher, operation, 30)
            assert switcher.status() == weight


@pytest.mark.parametrize(
    ("words", "path", "steps"),
    [
        ("route route=default/web live=web-blue candidate=web-green", f"{ROUTES}/web", (30, 0, 100, 0)),
        ("selector service=default/web label=slot live=blue candidate=green", f"{SERVICES}/web", (100, 0)),
    ],
)
def test_whoever_applies_the_object_finds_nothing_to_argue_with(kubeconfig: Path, words: str, path: str, steps: tuple[int, ...]) -> None:
    """Switched as `manager=` applies it, before that one has applied anything and afterwards: it can apply again, and loses nothing."""
    with httpx.Client(base_url=_server(kubeconfig), timeout=30) as http, switching(f"{words} manager=tidegate", kubeconfig) as switcher:

        def told() -> None:
            for operation, weight in zip((o for o in CYCLE if o in switcher.operations), steps, strict=True):
                perform(switcher, operation, 30)
                assert switcher.status() == weight

        def owner() -> httpx.Response:
            body = {**made, "metadata": {"name": "web", "annotations": {"mine": "x"}}}
            headers = {"Content-Type": "application/apply-patch+yaml"}
            return http.patch(path, params={"fieldManager": "tidegate"}, headers=headers, json=body)

        made = {key: value for key, value in http.get(path).json().items() if key in {"apiVersion", "kind", "spec"}}
        told()
        for _ in range(2):
            answer = owner()
            assert answer.status_code == 200, answer.text
            told()
            assert http.get(path).json()["metadata"]["annotations"] == {"mine": "x"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("route route=default/other live=web-blue candidate=web-green", "HTTPRoute default/other: .*not found"),
        ("route route=default/web live=web-blue candidate=web-red", "has both web-blue and web-red"),
        ("selector service=default/other label=slot live=blue candidate=green", "Service default/other: .*not found"),
    ],
)
def test_what_is_not_there_is_said(kubeconfig: Path, words: str, why: str) -> None:
    """As an error of the switcher's, by name."""
    with switching(words, kubeconfig) as switcher, pytest.raises(SwitchError, match=why):
        switcher.flip()


def _server(kubeconfig: Path) -> str:
    return str(yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"])


def test_a_cluster_that_is_gone_is_said(kubeconfig: Path) -> None:
    """Not as a traceback."""
    told = yaml.safe_load(kubeconfig.read_text())
    told["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    kubeconfig.write_text(yaml.safe_dump(told))
    words = "selector service=default/web label=slot live=blue candidate=green"
    with switching(words, kubeconfig) as switcher, pytest.raises(SwitchError, match="get Service default/web: "):
        switcher.status()
