"""Smoke checks in the simulated cluster: Jobs that ask for the pages of Services, and say in their status what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.cluster import Cluster
from embedded.cluster.registry.requests import Write

if TYPE_CHECKING:
    from collections.abc import Iterator

Obj = dict[str, Any]
APP = {"app": "web"}


class Town:
    """A cluster by hand, with a Service `web` that has two pods."""

    def __init__(self) -> None:
        self.cluster = Cluster(rate=0)
        self.cluster.traffic.start()

    def make(self, api_version: str, kind: str, name: str, spec: Obj) -> None:
        """Create an object in `default`."""
        resource = self.cluster.registry.resource(api_version, kind)
        body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": spec}
        self.cluster.registry.create(resource, "default", body, Write("tester"))

    def serve(self, image: str, **annotations: str) -> None:
        """Bring up the Service and its pods."""
        said = {f"sim.tidegate.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
        template = {"metadata": {"labels": APP, "annotations": said}, "spec": {"containers": [{"name": "app", "image": image}]}}
        self.make("apps/v1", "Deployment", "web", {"replicas": 2, "selector": {"matchLabels": APP}, "template": template})
        self.make("v1", "Service", "web", {"selector": APP, "ports": [{"port": 80, "targetPort": 8080}]})
        self.cluster.advance(10)

    def check(self, container: Obj | None = None, **annotations: str) -> tuple[bool, str, str]:
        """Run a check: whether its Job has completed, its container's last words, and its log."""
        said = {f"sim.tidegate.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
        checker = {"name": "smoke", "image": "curl:8", "terminationMessagePolicy": "FallbackToLogsOnError", **(container or {})}
        template = {"metadata": {"annotations": said}, "spec": {"restartPolicy": "Never", "containers": [checker]}}
        self.make("batch/v1", "Job", "smoke", {"backoffLimit": 0, "template": template})
        self.cluster.advance(60)
        job = self.cluster.store.get("batch/jobs", "default", "smoke")
        pod = next(p for p in self.cluster.store.all("/pods") if p["metadata"]["name"].startswith("smoke-"))
        ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
        log = self.cluster.registry.logs.read(pod["metadata"]["uid"], ended["containerID"])
        assert job is not None
        return any(c["type"] == "Complete" for c in job["status"]["conditions"]), ended.get("message", ""), "\n".join(x.text for x in log)


@pytest.fixture
def town() -> Iterator[Town]:
    """Give one without pods yet."""
    town = Town()
    yield town
    town.cluster.traffic.stop()


def test_a_service_that_answers_is_fine(town: Town) -> None:
    """Every page is asked for, and nothing is left to say."""
    town.serve("shop:1")
    assert town.check(asks="http://web/health http://web.default.svc/ready") == (
        True,
        "",
        "GET http://web.default.svc/health: 200\nGET http://web.default.svc/ready: 200",
    )


@pytest.mark.parametrize(
    ("image", "said", "why"),
    [
        ("shop:2-broken", {}, "GET http://web.default.svc/health: 500\n"),
        ("shop:2", {"error_rate": "1"}, "GET http://web.default.svc/health: 500\n"),
        ("shop:2-never-ready", {}, "GET http://web.default.svc/health: 503, Service default/web has no ready endpoints\n"),
        ("shop:2", {"hangs_after": "1s"}, "GET http://web.default.svc/health: 504, a pod of Service default/web doesn't answer\n"),
    ],
)
def test_one_that_does_not_makes_the_check_fail(town: Town, image: str, said: dict[str, str], why: str) -> None:
    """The Job fails at the first page, and its container's last words are the log's."""
    town.serve(image, **said)
    assert town.check(asks="http://web/health http://web/other") == (False, why, why.strip())


def test_a_check_is_understood_as_it_is_usually_told(town: Town) -> None:
    """TARGET and paths among the arguments need no annotation."""
    town.serve("shop:2-broken")
    told = {"command": ["/bin/sh", "-c", "..."], "args": ["/health", "/"], "env": [{"name": "TARGET", "value": "http://web"}]}
    assert town.check(told)[1] == "GET http://web.default.svc/health: 500\n"


def test_words_are_kept_where_the_policy_says_so(town: Town) -> None:
    """By default a container's last words are only what it writes for that, which here is nothing; its log has them all the same."""
    town.serve("shop:2-broken")
    assert town.check({"terminationMessagePolicy": "File"}, asks="http://web") == (False, "", "GET http://web.default.svc: 500")


def test_an_exit_code_that_is_told_counts(town: Town) -> None:
    """Then nothing is asked for."""
    town.serve("shop:1")
    assert town.check(asks="http://web/", exit_code="3") == (False, "", "")
