"""What annotations and tags say of a container's behaviour."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster import behaviour
from embedded.cluster.behaviour import Behaviour

MI = 1 << 20


def pod(image: str, **annotations: str) -> dict[str, Any]:
    """A pod with two containers of the same image."""
    said = {f"sim.tidegate.dev/{k.replace('_', '-')}": v for k, v in annotations.items()}
    containers = [{"name": "app", "image": image}, {"name": "side", "image": image}]
    return {"metadata": {"annotations": {**said, "other": "thing"}}, "spec": {"containers": containers}}


@pytest.mark.parametrize(
    ("image", "changes"),
    [
        ("shop", {}),
        ("shop:2.1", {}),
        ("registry.example:5000/team/shop:v2-slow", {"latency": 0.4}),
        ("shop:v2-errors", {"error_rate": 0.1}),
        ("shop:v2-sparse", {"error_rate": 0.003}),
        ("shop:v2-crash", {"crash_after": 5.0}),
        ("shop:v2-leak", {"leak": 4 * MI}),
        ("shop:missing", {"pull_fails": True}),
        ("shop:2-never-ready", {"never_ready": True}),
        ("shop:2-slow-errors@sha256:00", {"latency": 0.4, "error_rate": 0.1}),
        ("slow/errors:1", {}),
        ("shop:slowly", {}),
    ],
)
def test_words_in_a_tag(image: str, changes: dict[str, Any]) -> None:
    """Each word stands for one thing; other parts of the name don't count."""
    assert behaviour.of_pod(pod(image)) == Behaviour(**changes)


@pytest.mark.parametrize(
    ("annotations", "changes"),
    [
        ({"ready_after": "2s"}, {"ready_after": 2.0}),
        ({"ready_after": "1m30s"}, {"ready_after": 90.0}),
        ({"latency": "40ms"}, {"latency": 0.04}),
        ({"latency": "1.5"}, {"latency": 1.5}),
        ({"error_rate": "0.02"}, {"error_rate": 0.02}),
        ({"never_ready": "true"}, {"never_ready": True}),
        ({"memory": "1Gi", "leak": "2Mi"}, {"memory": 1024 * MI, "leak": 2 * MI}),
        ({"exit_code": "3", "completes_after": "1h"}, {"exit_code": 3, "completes_after": 3600.0}),
    ],
)
def test_annotations(annotations: dict[str, str], changes: dict[str, Any]) -> None:
    """They speak for the first container only, and before the tag."""
    found = pod("shop:2-slow", **annotations)
    assert behaviour.of_pod(found) == Behaviour(**{"latency": 0.4, **changes})
    assert behaviour.of_container(found, found["spec"]["containers"][1], first=False) == Behaviour(latency=0.4)


@pytest.mark.parametrize(
    ("annotations", "problem"),
    [
        ({"ready_after": "soon"}, "'soon' is no duration: write it like 250ms, 2s or 1m30s"),
        ({"error_rate": "2"}, "'2' is no share from 0 to 1"),
        ({"error_rate": "x"}, "'x' is no share from 0 to 1"),
        ({"never_ready": "yes"}, '\'yes\' is neither "true" nor "false"'),
        ({"exit_code": "256"}, "'256' is no exit code from 0 to 255"),
        ({"leak": "much"}, "'much' is no quantity: write it like 100m, 2, 1.5Gi or 64M"),
        ({"speed": "9"}, "is unknown: known are ready-after, never-ready"),
    ],
)
def test_what_cannot_be_read_is_a_problem(annotations: dict[str, str], problem: str) -> None:
    """It is said, and changes nothing else."""
    found = behaviour.of_pod(pod("shop:1", **annotations))
    assert problem in found.problems[0]
    assert found == Behaviour(problems=found.problems)


@given(memory=st.integers(1, 512), leak=st.integers(1, 64), limit=st.integers(1, 1024))
def test_a_leak_reaches_its_limit_when_it_says(memory: int, leak: int, limit: int) -> None:
    """Not before, and never beyond."""
    acts = Behaviour(memory=memory * MI, leak=leak * MI)
    at = acts.killed_after(limit * MI)
    assert at is not None
    assert acts.memory_at(at, limit * MI) == pytest.approx(limit * MI)
    if at > 1:
        assert acts.memory_at(at - 1, limit * MI) < limit * MI
    assert Behaviour().killed_after(limit * MI) is None


@pytest.mark.parametrize(("image", "tag"), [("a", "latest"), ("a:1", "1"), ("r:5000/a", "latest"), ("r:5000/a:1@sha256:ff", "1")])
def test_tags(image: str, tag: str) -> None:
    """A registry's port is no tag."""
    assert behaviour.tag_of(image) == tag
