"""Autoscalers learn what pods use and how many requests they get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.traffic.flows import Flow
from embedded.cluster.traffic.usage import Measures
from tests.unit.cluster.traffic.world import World

if TYPE_CHECKING:
    from embedded.cluster.controllers.metrics import Usage


@pytest.fixture(scope="module")
def measures() -> Usage:
    """Two Services, one pod each, with 40 and 10 requests a second for two minutes."""
    world = World()
    for name, rate in (("web", 40), ("cart", 10)):
        world.service(name, 1, labels={"slot": "blue"})
        world.traffic.set_flow(Flow(name, f"http://{name}.shop.svc", rate))
    world.clock.advance(120)
    return Measures(world.traffic, world.clock)


@pytest.mark.parametrize(("name", "value"), [("cpu", 0.082), ("memory", 64 << 20), ("disk", None)])
def test_resources(measures: Usage, name: str, value: float | None) -> None:
    """A pod's cpu in cores and memory in bytes; nothing else is measured."""
    assert measures.resource("shop", "web-0", name) == (value if value is None else pytest.approx(value))
    assert measures.resource("shop", "none", name) is None


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("http_requests", 40),
        ("http_requests_per_second", 40),
        ("container_memory_working_set_bytes", 64 << 20),
        ("none", None),
        ("no metric{", None),
    ],
)
def test_of_pods(measures: Usage, metric: str, value: float | None) -> None:
    """Counters are measured by their growth, gauges as they are."""
    assert measures.custom("shop", "web-0", metric) == (value if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("selector", "described", "value"),
    [
        (None, None, 50),
        ({"matchLabels": {"service": "cart"}}, None, 10),
        ({"matchExpressions": [{"key": "service", "operator": "In", "values": ["cart", "x"]}]}, None, 10),
        ({"matchExpressions": [{"key": "service", "operator": "NotIn", "values": ["cart"]}]}, None, 40),
        ({"matchExpressions": [{"key": "slot", "operator": "Exists"}]}, None, 50),
        ({"matchExpressions": [{"key": "slot", "operator": "DoesNotExist"}]}, None, None),
        ({"matchLabels": {"example.com/label": "x"}}, None, None),
        (None, {"kind": "Service", "name": "web"}, 40),
        (None, {"kind": "Ingress", "name": "web"}, None),
    ],
)
def test_of_others(measures: Usage, selector: dict[str, Any] | None, described: dict[str, Any] | None, value: float | None) -> None:
    """A measure may be an object's, or of what has some labels."""
    found = measures.external("shop", "http_requests", selector, described)
    assert found == (value if value is None else pytest.approx(value))
