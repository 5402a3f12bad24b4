"""What holds whatever is done to a Deployment, and when."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import is_deleting, is_true
from tests.unit.cluster.controllers.yard import Yard, words

if TYPE_CHECKING:
    from embedded.cluster.store.store import Change

Step = Callable[[Yard], None]
_EXAMPLES = settings(max_examples=25)


def _share(value: int | str, total: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    exact = int(value.removesuffix("%")) * total / 100
    return math.ceil(exact) if up else math.floor(exact)


class Watcher:
    """Looks at the pods at each change, as a client would that never blinks."""

    def __init__(self, yard: Yard) -> None:
        self.least, self.most = 10**6, 0
        self._yard = yard
        yard.store.subscribe(self._changed)

    def _changed(self, change: Change) -> None:
        if change.storage == "/pods":
            pods = [p for p in self._yard.store.all("/pods") if not is_deleting(p)]
            self.most = max(self.most, len(pods))
            self.least = min(self.least, sum(is_true(p, "Ready") for p in pods))


bounds = st.one_of(st.integers(0, 4), st.sampled_from(["0%", "10%", "25%", "50%", "100%"]))


@_EXAMPLES
@given(replicas=st.integers(1, 8), surge=bounds, unavailable=bounds, seed=st.integers(0, 9), slow=st.sampled_from(["0s", "2s", "7s"]))
def test_a_rolling_update_stays_within_its_bounds(replicas: int, surge: int | str, unavailable: int | str, seed: int, slow: str) -> None:
    """Never fewer pods ready than replicas less maxUnavailable, never more pods than replicas and maxSurge."""
    more, fewer = _share(surge, replicas, up=True), min(_share(unavailable, replicas, up=False), replicas)
    if surge in {0, "0%"} and unavailable in {0, "0%"}:
        surge = more = 1
    if more == fewer == 0:
        fewer = 1
    yard = Yard(seed)
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    yard.deploy(replicas=replicas, annotations={"ready-after": slow}, spec={"strategy": rolling})
    yard.wait(60)
    assert yard.ready() == replicas
    watcher = Watcher(yard)
    yard.set_image("web", "local/app:2")
    yard.wait(200)
    assert {p["spec"]["containers"][0]["image"] for p in yard.pods()} == {"local/app:2"}
    assert yard.ready() == replicas
    assert watcher.most <= replicas + more
    assert watcher.least >= replicas - fewer


def _pick(yard: Yard, number: int) -> str | None:
    pods = [p["metadata"]["name"] for p in yard.pods() if p["status"].get("podIP")]
    return pods[number % len(pods)] if pods else None


def _crash(number: int) -> Step:
    def act(yard: Yard) -> None:
        # What has crashed on a lost node looks ready still, and can't crash again.
        with contextlib.suppress(StatusError):
            yard.manager.crash_pod("default", _pick(yard, number) or "")

    return act


def _evict(number: int) -> Step:
    return lambda yard: yard.manager.evict_pod("default", name) if (name := _pick(yard, number)) else None


def _unready(number: int) -> Step:
    return lambda yard: yard.manager.unready_pod("default", name, 30) if (name := _pick(yard, number)) else None


def _remove(number: int) -> Step:
    return lambda yard: yard.delete("Pod", name) if (name := _pick(yard, number)) else None


def _lose(number: int) -> Step:
    return lambda yard: yard.manager.lose_node(f"node-{number % 3 + 1}")


def _image(tag: str) -> Step:
    return lambda yard: yard.set_image("web", f"local/app:{tag}")


def _scale(replicas: int) -> Step:
    return lambda yard: yard.scale("web", replicas)


def _pause(paused: bool) -> Step:
    return lambda yard: yard.edit("Deployment", "web", lambda d: d["spec"].__setitem__("paused", paused))


def _wait(seconds: float) -> Step:
    return lambda yard: yard.wait(seconds)


steps = st.lists(
    st.one_of(
        st.builds(_image, st.sampled_from(["1", "2", "3-slow", "4-never-ready", "5-missing", "6-crash"])),
        st.builds(_scale, st.integers(0, 6)),
        st.builds(_pause, st.booleans()),
        st.builds(_wait, st.sampled_from([0.2, 1.0, 7.0, 50.0])),
        *(st.builds(act, st.integers(0, 5)) for act in (_crash, _evict, _unready, _remove, _lose)),
    ),
    max_size=10,
)


def _run(seed: int, actions: list[Step]) -> Yard:
    yard = Yard(seed)
    yard.make("Service", "web", {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]})
    yard.deploy(replicas=3, spec={"progressDeadlineSeconds": 60})
    yard.wait(3)
    for act in actions:
        act(yard)
        yard.clock.settle()
    return yard


@_EXAMPLES
@given(seed=st.integers(0, 9), actions=steps)
def test_whatever_happened_a_deployment_converges(seed: int, actions: list[Step]) -> None:
    """After edits, scaling and faults, a good template and quiet time make it complete, and its Service knows exactly its pods."""
    yard = _run(seed, actions)
    for number in (1, 2, 3):
        yard.manager.restore_node(f"node-{number}")
    _pause(paused=False)(yard)
    yard.set_image("web", "local/app:good")
    yard.scale("web", 4)
    yard.wait(900)
    status = yard.status("Deployment", "web")
    counts = {k: v for k, v in status.items() if k not in {"conditions", "observedGeneration"}}
    assert counts == {"replicas": 4, "updatedReplicas": 4, "readyReplicas": 4, "availableReplicas": 4, "terminatingReplicas": 0}
    found = yard.get("Deployment", "web")
    assert found is not None
    assert status["observedGeneration"] == found["metadata"]["generation"]
    assert words(found, "Progressing")[:2] == ("True", "NewReplicaSetAvailable")
    pods = {p["status"]["podIP"] for p in yard.pods()}
    assert len(pods) == 4
    (endpoints,) = yard.all("EndpointSlice")
    assert {e["addresses"][0] for e in endpoints["endpoints"] if e["conditions"]["ready"]} == pods


@_EXAMPLES
@given(seed=st.integers(0, 9), actions=steps, foreground=st.booleans())
def test_deleting_the_owner_leaves_no_orphan(seed: int, actions: list[Step], foreground: bool) -> None:
    """Whenever it is deleted, nothing that it owned stays behind."""
    yard = _run(seed, actions)
    for number in (1, 2, 3):
        yard.manager.restore_node(f"node-{number}")
    yard.delete("Deployment", "web", "Foreground" if foreground else "Background")
    yard.delete("Service", "web")
    yard.wait(120)
    left = [(kind, o["metadata"]["name"]) for kind in ("Deployment", "ReplicaSet", "Pod", "EndpointSlice") for o in yard.all(kind)]
    assert left == []


@_EXAMPLES
@given(seed=st.integers(0, 9), actions=steps)
def test_the_same_seed_and_actions_give_the_same_journal(seed: int, actions: list[Step]) -> None:
    """Byte for byte."""
    journals = []
    for _ in range(2):
        yard = _run(seed, actions)
        yard.wait(100)
        journals.append("\n".join(yard.journal.lines()))
    assert journals[0] == journals[1]


@_EXAMPLES
@given(actions=steps)
def test_a_cluster_at_rest_does_nothing(actions: list[Step]) -> None:
    """Once it has settled, hours pass without a single change, except that old events are forgotten and lost nodes noticed."""
    yard = _run(0, actions)
    for number in (1, 2, 3):
        yard.manager.restore_node(f"node-{number}")
    _pause(paused=False)(yard)
    yard.set_image("web", "local/app:good")
    yard.wait(3600)
    before = len(yard.journal.lines())
    yard.wait(3 * 3600)
    assert {line.split('"resource":')[-1].split(",")[0] for line in yard.journal.lines()[before:]} <= {'"events"'}
    assert yard.clock.next_due() is None
