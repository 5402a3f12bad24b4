"""Every kind of fault at every request of an update: a clear error or none, and the next update gets to the goal.

Nothing is created twice and nothing is forgotten. The requests of an undisturbed run are counted first; then each of them fails in each
way, on a cluster of its own. Some kinds run with every `make test`, all of them with `make test-matrix`.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Self, cast

import pytest

from embedded.cluster.cluster import Cluster
from embedded.cluster.faults.rules import Answer, Drop
from embedded.cluster.model.errors import server_error
from tests.local.cluster.matrix import cases, recorded
from tests.local.kubernetes.stack import Stack, lose_patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodTemplateSpecArgsDict

    from embedded.cluster.faults.requests import Request
    from embedded.cluster.faults.rules import Action
    from tests.local.kubernetes.stack import Run

KINDS: Final = ("lost", "503", "403", "409", "429", "500", "slow", "drop", "watch-drop")
NAMESPACE: Final = "shop"
# How fast the cluster's time passes: pods are ready in a moment, but not before anybody has begun to watch them where watches matter.
RATE: Final = 20
RATES: Final = {"watch-drop": 2}
# What the program wants, of which kind, in its namespace.
GOAL: Final = {"configmaps": ["settings"], "secrets": ["key"], "deployments": ["web"], "services": ["web"]}
GROUPS: Final = {"deployments": "apps"}


def each(usual: str) -> list[Any]:
    """All kinds of faults, those but the usual one for the matrix."""
    return [pytest.param(kind, marks=() if kind == usual else pytest.mark.matrix) for kind in KINDS]


def shop(version: str) -> Callable[[], None]:
    """A namespace with four objects; a new version changes two of them in place and replaces one."""

    def program() -> None:
        import pulumi
        from pulumi_kubernetes.apps.v1 import Deployment
        from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret, Service

        space = Namespace("space", metadata={"name": NAMESPACE}).metadata["name"]
        ConfigMap("settings", metadata={"name": "settings", "namespace": space}, data={"version": version})
        Secret("key", metadata={"name": "key", "namespace": space}, string_data={"key": "hush"})
        labels = {"app": "web"}
        container: ContainerArgsDict = {"name": "app", "image": f"registry.example/web:{version}"}
        template: PodTemplateSpecArgsDict = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        web = Deployment(
            "web",
            metadata={"name": "web", "namespace": space},
            spec={"replicas": 1, "selector": {"match_labels": labels}, "template": template},
            # How long readiness is waited for when nobody answers any more.
            opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="4s", update="4s")),
        )
        Service(
            "service",
            metadata={"name": "web", "namespace": space, "annotations": {"pulumi.com/skipAwait": "true", "version": version}},
            spec={"selector": labels, "ports": [{"port": 80}]},
            opts=pulumi.ResourceOptions(depends_on=[web]),
        )

    return program


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same number of tries with shorter pauses: a test has better things to do than to wait."""
    lose_patience(monkeypatch)


class Trial:
    """A stack on a cluster of its own, whose pods are ready in a moment."""

    def __init__(self, folder: Path, kind: str = "") -> None:
        self.cluster = Cluster(rate=RATES.get(kind, RATE))
        self._folder = folder

    def __enter__(self) -> Self:
        self.cluster.start()
        self._folder.mkdir()
        self.stack = Stack(self._folder / "stack", self.cluster.kubeconfig_file(self._folder / "kubeconfig"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cluster.stop()

    def created(self) -> dict[str, int]:
        """How often each of the program's objects was created, out of the cluster's journal."""
        counts: dict[str, int] = {}
        for line in self.cluster.call(self.cluster.journal.lines):
            entry = json.loads(line)
            if entry["kind"] == "object" and entry["verb"] == "create" and entry["namespace"] == NAMESPACE and entry["resource"] in GOAL:
                key = f"{entry['resource']}/{entry['name']}"
                counts[key] = counts.get(key, 0) + 1
        return counts

    def there(self) -> dict[str, list[str]]:
        """The names of the objects of the program's kinds, but for those that each namespace has."""

        def names(storage: str) -> list[str]:
            return [name for o in self.cluster.store.all(storage, NAMESPACE) if (name := o["metadata"]["name"]) != "kube-root-ca.crt"]

        return {kind: self.cluster.call(lambda kind=kind: names(f"{GROUPS.get(kind, '')}/{kind}")) for kind in GOAL}  # type: ignore[misc]

    def reaches(self, version: str) -> None:
        """The next update, undisturbed, gets to the goal, and there is nothing left to do then."""
        self.cluster.call(self.cluster.faults.clear)
        self.stack.up(shop(version)).well()
        assert self.there() == GOAL
        assert self.stack.preview(shop(version)).well().changes == {}
        assert {name for name, r in self.stack.resources().items() if r.init_errors} == set()


def clear(run: Run) -> bool:
    """Whether an update went well, or ended in an error that says what the server said."""
    return run.outcome.error is None or ("Traceback" not in run.errors and ("fault" in run.errors or "no answer" in run.errors))


@pytest.mark.slow
@pytest.mark.parametrize("kind", each("503"))
def test_a_fault_at_each_request_of_a_first_update(tmp_path: Path, kind: str) -> None:
    """Whatever request fails, and how: the error is clear, each object is created once, and the next update completes the work."""
    with Trial(tmp_path / "count", kind) as trial:
        found = cases(recorded(trial.cluster, lambda: trial.stack.up(shop("1")).well()), [kind])
    assert found
    for number, case in enumerate(found):
        with Trial(tmp_path / str(number), kind) as trial:
            case.strike(trial.cluster)
            run = trial.stack.up(shop("1"))
            assert clear(run), f"{case}: {run.errors}"
            trial.reaches("1")
            assert set(trial.created().values()) == {1}, str(case)


@pytest.mark.slow
@pytest.mark.parametrize("kind", each("lost"))
def test_a_fault_at_each_request_of_a_changing_update(tmp_path: Path, kind: str) -> None:
    """The same for an update that changes and replaces what is there."""
    with Trial(tmp_path / "count", kind) as trial:
        trial.stack.up(shop("1")).well()
        found = cases(recorded(trial.cluster, lambda: trial.stack.up(shop("2")).well()), [kind])
    assert found
    for number, case in enumerate(found):
        with Trial(tmp_path / str(number), kind) as trial:
            trial.stack.up(shop("1")).well()
            case.strike(trial.cluster)
            run = trial.stack.up(shop("2"))
            assert clear(run), f"{case}: {run.errors}"
            trial.reaches("2")


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.parametrize("handled", [False, True], ids=["dead", "deaf"])
def test_a_server_that_dies_at_each_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, handled: bool) -> None:
    """From the nth request on nothing is answered, though it may be done: what was made is remembered, and made once."""
    with Trial(tmp_path / "count") as trial:
        total = len(recorded(trial.cluster, lambda: trial.stack.up(shop("1")).well()))
    for nth in range(1, total + 1):
        with Trial(tmp_path / str(nth)) as trial:
            decide, seen = trial.cluster.faults.decide, count(1)

            def dies(request: Request, nth: int = nth, decide: Any = decide, seen: Iterator[int] = seen) -> Action | None:
                number = next(seen)
                if number < nth:
                    return cast("Action | None", decide(request))
                # What was being done may still happen, once; after that there is nobody.
                return Drop(handled=number == nth) if handled else Answer(server_error(503, "nobody is here (fault)"))

            monkeypatch.setattr(trial.cluster.faults, "decide", dies)
            run = trial.stack.up(shop("1"))
            assert clear(run), f"dead from request {nth}: {run.errors}"
            monkeypatch.setattr(trial.cluster.faults, "decide", decide)
            trial.reaches("1")
            assert set(trial.created().values()) == {1}, f"dead from request {nth}"
