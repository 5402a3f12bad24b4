"""Several canaries take the steps of all of them together."""

from __future__ import annotations

import pytest

from tests.unit.tidegate.planner.world import CANARY, intended
from tidegate.driver.steps import Step, current, following, steps


def test_steps_are_merged() -> None:
    """All weights that any of them names, each as long as the longest that names it; what flips has none."""
    api = {**CANARY, "steps": [{"weight": 25, "soak": "1m"}, {"weight": 100, "soak": "2m"}]}
    web = {**CANARY, "steps": [{"weight": 10, "soak": "30s"}, {"weight": 25, "soak": "3m"}, {"weight": 100, "soak": "1m"}]}
    intent = intended({"store": {}, "api": api, "web": web})
    merged = (Step(10, 30), Step(25, 180), Step(100, 120))
    assert steps(intent, intent.services) == merged
    assert steps(intent, ["store"]) == ()
    assert steps(intent, ["api"]) == (Step(25, 60), Step(100, 120))


@pytest.mark.parametrize(("weight", "now", "then"), [(0, 30, 10), (10, 30, 25), (17, 30, 25), (25, 180, 100), (100, 120, None)])
def test_where_a_release_is_among_its_steps(weight: int, now: float, then: int | None) -> None:
    """A weight that a person has given is watched like the one below it."""
    known = (Step(10, 30), Step(25, 180), Step(100, 120))
    found = following(known, weight)
    assert current(known, weight) == Step(weight, now)
    assert (found.weight if found is not None else None) == then
