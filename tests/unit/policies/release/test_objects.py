"""Weights, budgets, autoscalers, and what is named by others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import Given, judge, stack_of
from policies.release.autoscalers import Bounds, autoscalers
from policies.release.disruption_budgets import disruption_budgets
from policies.release.targets_exist import targets_exist
from policies.release.weights_sum import weights_sum
from tests.unit.policies.release.stacks import APP, autoscaler, ingress, made, pods, route, service

if TYPE_CHECKING:
    from policies.judging import Subject


@pytest.mark.parametrize(
    ("weights", "paths"),
    [
        ({"blue": 100, "green": 0}, []),
        ({"blue": 95, "green": 5}, []),
        ({"blue": 95, "green": 10}, ["spec.rules[0].backendRefs"]),
        ({"blue": None, "green": None}, ["spec.rules[0].backendRefs"]),
        ({"blue": 101, "green": -1}, ["spec.rules[0].backendRefs[0].weight", "spec.rules[0].backendRefs[1].weight"]),
        ({"green": None}, []),
        ({"old": 3, "new": 1}, []),
    ],
)
def test_weights_make_a_hundred(weights: dict[str, int | None], paths: list[str]) -> None:
    """Where both slots have one."""
    assert [one.at.path for one in judge(weights_sum, route(**weights))] == paths


def budget(**spec: Any) -> Subject:
    """A budget of web's blue slot."""
    return made("PodDisruptionBudget", "web", {"selector": {"matchLabels": {APP: "web"}}, **spec})


@pytest.mark.parametrize(
    ("subjects", "good"),
    [
        ([budget(minAvailable=2), pods("blue", 3)], True),
        ([budget(minAvailable=3), pods("blue", 3)], False),
        ([budget(minAvailable=0), pods("blue", 0)], True),
        ([budget(minAvailable=1), pods("blue", None)], False),
        ([budget(minAvailable=2), pods("blue", None), autoscaler(3, 9)], True),
        ([budget(minAvailable=3), pods("blue", None), autoscaler(3, 9)], False),
        ([budget(minAvailable="100%"), pods("blue", 3)], False),
        ([budget(minAvailable="50%"), pods("blue", 3)], True),
        ([budget(maxUnavailable=0), pods("blue", 3)], False),
        ([budget(maxUnavailable="0%"), pods("blue", 3)], False),
        ([budget(maxUnavailable=1), pods("blue", 3)], True),
        ([budget(maxUnavailable=1, minAvailable=1), pods("blue", 3)], False),
        # Somebody's data: whoever empties the node is to think of it.
        ([budget(minAvailable=1), pods("blue", 1, "StatefulSet")], True),
        ([budget(minAvailable=2), pods("blue", 2, "StatefulSet")], False),
        # Another's pods.
        ([budget(minAvailable=3), pods("blue", 3, namespace="other")], True),
        ([made("PodDisruptionBudget", "a", {"minAvailable": 3, "selector": {"matchLabels": {APP: "api"}}}), pods("blue", 3)], True),
    ],
)
def test_nodes_can_be_emptied(subjects: list[Subject], good: bool) -> None:
    """One pod may always go, if there is more than one."""
    assert (not judge(disruption_budgets, stack_of(*subjects))) is good


@pytest.mark.parametrize(
    ("one", "paths"),
    [
        (autoscaler(2, 9), []),
        (autoscaler(None, 9), []),
        (autoscaler(3, 3, metrics=[]), []),
        (autoscaler(0, 9), ["spec.minReplicas"]),
        (autoscaler(5, 4), ["spec.maxReplicas"]),
        (autoscaler(2, 500), ["spec.maxReplicas"]),
        (autoscaler(2, 9, metrics=None), ["spec.metrics"]),
    ],
)
def test_bounds_can_hold(one: Subject, paths: list[str]) -> None:
    """At least one pod, no fewer at most, something to go by."""
    assert [found.at.path for found in judge(autoscalers, one)] == paths


def test_the_most_is_a_setting() -> None:
    """Other stacks are bigger."""
    assert judge(autoscalers, autoscaler(2, 500), Given(Bounds(most=500))) == []


@pytest.mark.parametrize(
    ("subjects", "paths"),
    [
        ([autoscaler(2, 9), pods("blue", None)], []),
        ([autoscaler(2, 9), pods("green", None)], ["spec.scaleTargetRef"]),
        ([autoscaler(2, 9), pods("blue", None, namespace="other")], ["spec.scaleTargetRef"]),
        ([budget(minAvailable=1), pods("blue", 2)], []),
        ([budget(minAvailable=1), pods("blue", 2, app="api")], ["spec.selector"]),
        (
            [
                made("PodDisruptionBudget", "w", {"selector": {"matchExpressions": [{"key": APP, "operator": "In", "values": ["web"]}]}}),
                pods("blue", 2),
            ],
            [],
        ),
        ([ingress("web", {"number": 80}), service("web", app="web")], []),
        ([ingress("web", {"name": "http"}), service("web", app="web")], []),
        ([ingress("web", {"number": 81}), service("web", app="web")], ["spec.rules[0].http.paths[0].backend.service.port.number"]),
        ([ingress("elsewhere", {"number": 81}), service("web", app="web")], []),
        ([route(blue=100, green=0), service("web", app="web"), service("web-blue", app="web")], ["spec.rules[0].backendRefs[1].name"]),
        ([route(blue=100, green=0)], []),
    ],
)
def test_what_is_named_is_there(subjects: list[Subject], paths: list[str]) -> None:
    """In the same stack and namespace; a Service of another stack can't be looked for."""
    assert [one.at.path for one in judge(targets_exist, stack_of(*subjects))] == paths
