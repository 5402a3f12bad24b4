"""What the state's resources say of routes and slots."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.planner.standing import Seen, Standing


def urn(kind: str, name: str) -> str:
    """Of a child of a component, as the engine has it."""
    return f"urn:pulumi:test::shop::tidegate:index:Part$kubernetes:{kind}::{name}"


def deployment(name: str, slot: str, spec: str, proven: str) -> tuple[str, dict[str, Any]]:
    """A slot's."""
    annotations = {"tidegate.dev/spec": spec, "tidegate.dev/proven": proven, "other": "1"}
    return urn("apps/v1:Deployment", f"{name}-{slot}"), {"metadata": {"name": f"{name}-{slot}", "annotations": annotations}}


def service(name: str, slot: str) -> tuple[str, dict[str, Any]]:
    """A service's, that selects a slot."""
    return urn("core/v1:Service", name), {"metadata": {"name": name}, "spec": {"selector": {"tidegate.dev/slot": slot, "app": "a"}}}


def route(name: str, *rules: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """An HTTPRoute."""
    return urn("gateway.networking.k8s.io/v1:HTTPRoute", name), {"metadata": {"name": name}, "spec": {"rules": list(rules)}}


def rule(**weights: float) -> dict[str, Any]:
    """A rule with weights, by backend; numbers are floats in the engine."""
    return {"backendRefs": [{"name": name.replace("_", "-"), "port": 80.0, "weight": weight} for name, weight in weights.items()]}


SLOTS = [deployment("web", "blue", "one", "r1.0"), deployment("web", "green", "two", "r2.0")]
BOTH: dict[str, Any] = {"specs": {"blue": "one", "green": "two"}, "proven": {"blue": "r1.0", "green": "r2.0"}}


@pytest.mark.parametrize(
    ("resources", "seen"),
    [
        pytest.param(SLOTS, Seen(**BOTH), id="no route yet"),
        pytest.param([*SLOTS, service("web", "green")], Seen(**BOTH, weights={"blue": 0, "green": 100}, selected="green"), id="selector"),
        pytest.param(
            [*SLOTS, service("web", "blue"), route("web", rule(web_green=1.0), rule(web_blue=75.0, web_green=25.0))],
            Seen(**BOTH, weights={"blue": 75, "green": 25}, selected="blue"),
            id="weights, after the testers' rule",
        ),
        pytest.param(
            [*SLOTS, service("web", "blue"), service("web-preview", "green"), route("mail", rule(mail_blue=0.0, mail_green=100.0))],
            Seen(**BOTH, weights={"blue": 100, "green": 0}, selected="blue"),
            id="others' routes",
        ),
    ],
)
def test_routes_and_slots_are_found(resources: list[tuple[str, dict[str, Any]]], seen: Seen) -> None:
    """Whatever else there is."""
    others = [(urn("core/v1:Namespace", "shop"), {"metadata": {"name": "shop"}}), (urn("apps/v1:Deployment", "x"), {}), SLOTS[0]]
    assert Standing.of(dict([*others, *resources])).services == {"web": seen}


def test_deployments_that_are_no_slots_are_left_out() -> None:
    """Grafana has one too."""
    assert Standing.of({urn("apps/v1:Deployment", "grafana"): {"metadata": {"name": "grafana"}}}).services == {}
