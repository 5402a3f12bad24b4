"""How much an environment may take: never less than it needs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.backups import jobs_of
from components.quota import BACKUP_JOB, ROOM, Running, limits, peak, quota, running, service
from components.store import Place
from embedded.cluster.model.quantities import quantity, written
from tests.unit.components.examples import example, small
from tidegate.model.slots import desired

STACKS = ("local", "staging", "production")
SIZE = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}
CPU = st.integers(1, 4000).map(lambda n: f"{n}m")
MEMORY = st.integers(1, 8192).map(lambda n: f"{n}Mi")


def sized(cpu: str, memory: str) -> dict[str, Any]:
    """Resources of which as much is asked for as may be taken."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}


def test_a_service_needs_both_slots_full_and_its_jobs() -> None:
    """Twice its size, its sidecars in each pod, the biggest init container where that is more, a smoke check and a migration."""
    web = {
        "replicas": 3,
        "resources": SIZE,
        "sidecars": {"proxy": {"image": "proxy:v1", "resources": sized("50m", "32Mi")}},
        "init": {"warm": {"image": "warm:v1", "resources": sized("500m", "64Mi")}},
        "checks": {"smoke": {"paths": ["/"]}},
        "migrations": {"revision": "1"},
    }
    need = service(small({"web": web}), "web")
    assert need.pods == 2 * 3 + 1 + 1
    assert need.cpu == 6 * (50 + 500) + 50 + 100
    assert need.memory == 6 * (32 + 128) + 64 + 128
    assert need.cpu_limit == 6 * (50 + 1000) + 250 + 1000
    assert need.memory_limit == 6 * (32 + 256) + 256 + 256


@pytest.mark.parametrize(
    ("more", "pods"),
    [({"replicas": 4}, 8), ({"autoscaling": {"min": 2, "max": 7}}, 14), ({}, 4)],
)
def test_the_size_is_the_most_there_may_be(more: dict[str, Any], pods: int) -> None:
    """Of replicas, an autoscaler's upper bound, or what the tier gives."""
    assert service(small({"web": more}), "web").pods == pods


@pytest.mark.parametrize("slots", [1, 2])
def test_what_slots_run_counts(slots: int) -> None:
    """A version that needs less, or fewer of it, doesn't leave the live one without room; nor does one that was scaled by hand."""
    before, after = small({"web": {"replicas": 9, "resources": SIZE}}), small({"web": {"replicas": 2}})
    old = Running(desired(before, "web"), 9)
    found = service(after, "web", [old] * slots)
    assert found.pods == 18
    assert found.memory == service(before, "web").memory


@pytest.mark.parametrize("stack", STACKS)
def test_the_example_fits(stack: str) -> None:
    """Everything at its biggest leaves half as much again."""
    intent = example(stack)
    need, hard = peak(intent), quota(intent)
    assert quantity(hard["requests.cpu"]) >= quantity(f"{need.cpu}m") * quantity(ROOM)
    assert quantity(hard["limits.memory"]) >= quantity(f"{need.memory_limit}Mi") * quantity(ROOM)
    assert int(hard["pods"]) >= need.pods * ROOM
    assert int(hard["persistentvolumeclaims"]) >= need.claims * ROOM
    assert hard["services.loadbalancers"] == hard["services.nodeports"] == "0"


@given(st.lists(st.tuples(CPU, MEMORY, st.integers(1, 50)), min_size=1, max_size=4), st.tuples(CPU, MEMORY, st.integers(1, 50)))
def test_more_is_never_less(found: list[tuple[str, str, int]], added: tuple[str, str, int]) -> None:
    """A service more, of any size, never makes any bound smaller; and amounts are written as the server writes them back."""

    def bounds(sizes: list[tuple[str, str, int]]) -> dict[str, str]:
        services = {f"s{i}": {"replicas": n, "resources": sized(cpu, memory)} for i, (cpu, memory, n) in enumerate(sizes)}
        return quota(small(services))

    less, more = bounds(found), bounds([*found, added])
    for name, amount in more.items():
        assert quantity(amount) >= quantity(less[name])
        assert written(quantity(amount), binary="memory" in name or "storage" in name) == amount


def test_the_layout_s_slots_are_read() -> None:
    """How many pods a slot may have is what it has, or its autoscaler's upper bound."""
    spec = desired(small({"web": {}}), "web").model_dump(mode="json")
    slots = {
        "blue": {"spec": spec, "replicas": 3, "scaling": None},
        "green": {"spec": spec, "replicas": 2, "scaling": {"min": 2, "max": 8, "hold": False}},
    }
    assert [one.size for one in running({"services": {"web": {"slots": slots}}})["web"]] == [3, 8]


@pytest.mark.parametrize("stack", STACKS)
def test_the_limit_range_takes_all_containers_of_the_example(stack: str) -> None:
    """What it gives is within what it allows, as the server demands, and no container is bigger than what it allows."""
    intent = example(stack)
    (item,) = limits(intent)
    assert item["type"] == "Container"
    for what in ("cpu", "memory"):
        assert quantity(item["defaultRequest"][what]) <= quantity(item["default"][what]) <= quantity(item["max"][what])
        assert all(
            quantity(getattr(desired(intent, name).resources.limits, what)) <= quantity(item["max"][what]) for name in intent.services
        )


def test_a_container_may_be_as_big_as_the_biggest_that_is_known() -> None:
    """Of the intent, or of a slot."""
    big = small({"web": {"resources": sized("6", "24Gi")}})
    assert limits(big)[0]["max"] == {"cpu": "6", "memory": "24Gi"}
    slots = {"web": [Running(desired(big, "web"), 2)]}
    assert limits(small({"web": {}}), slots)[0]["max"] == {"cpu": "6", "memory": "24Gi"}


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_jobs_of_backups_are_no_bigger_than_reckoned(kind: str) -> None:
    """What they take is counted by a constant, which holds."""
    args: Any = {"kind": kind, "image": "i", "secret": "s", "host": "h", "schedule": "", "keep": 1, "archived": True}
    pods = jobs_of(Place("db", "shop", {}), args)
    assert pods
    for container in (container for pod in pods.values() for container in pod["containers"]):
        for side, most in BACKUP_JOB.model_dump().items():
            assert all(quantity(container["resources"][side][what]) <= quantity(most[what]) for what in most)
