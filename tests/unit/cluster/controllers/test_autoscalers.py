"""HorizontalPodAutoscalers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.cluster.controllers.yard import Yard, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cluster.controllers.yard import Obj


@dataclass
class Load:
    """So much work, shared by all pods."""

    cores: float | None = None
    requests: float | None = None
    queue: float | None = None
    pods: Callable[[], int] = field(default=lambda: 1)

    def resource(self, _namespace: str, _pod: str, name: str) -> float | None:
        return None if self.cores is None or name != "cpu" else self.cores / max(self.pods(), 1)

    def custom(self, _namespace: str, _pod: str, _metric: str) -> float | None:
        return None if self.requests is None else self.requests / max(self.pods(), 1)

    def external(self, _namespace: str, _metric: str, _selector: Obj | None, _described: Obj | None) -> float | None:
        return self.queue


CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
REQUESTS = {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "10"}}}
QUEUE = {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "30"}}}
ROUTES = {
    "type": "Object",
    "object": {
        "metric": {"name": "rps"},
        "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "web"},
        "target": {"type": "Value", "value": "100"},
    },
}


def scaled(load: Load, *metrics: Obj, replicas: int = 2, **spec: Any) -> Yard:
    """A Deployment whose pods ask for 200m each, with an autoscaler."""
    yard = Yard(usage=load)
    load.pods = lambda: yard.ready(app="web")
    yard.deploy(replicas=replicas, container={"resources": {"requests": {"cpu": "200m"}}})
    yard.wait(5)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    full = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 10, "metrics": [*metrics], **spec}
    yard.make("HorizontalPodAutoscaler", "web", full)
    return yard


def replicas(yard: Yard) -> int:
    """What the Deployment should have."""
    found = yard.get("Deployment", "web")
    assert found is not None
    return int(found["spec"]["replicas"])


@pytest.mark.parametrize(
    ("load", "metric", "wanted"),
    [
        (Load(cores=0.8), CPU, 8),
        (Load(cores=0.21), CPU, 2),
        (Load(cores=9), CPU, 10),
        (Load(requests=45), REQUESTS, 5),
        (Load(queue=100), QUEUE, 4),
        (Load(queue=250), ROUTES, 5),
    ],
)
def test_more_load_makes_more_pods(load: Load, metric: Obj, wanted: int) -> None:
    """As many as the metric's target asks for, within a tolerance, at most maxReplicas, in steps of four pods or twice as many."""
    yard = scaled(load, metric)
    yard.wait(20 if metric is not ROUTES else 1)
    assert replicas(yard) == wanted


def test_the_status_says_what_was_measured_and_done() -> None:
    """The conditions and current metrics are those of a real cluster."""
    yard = scaled(Load(cores=0.8), CPU)
    yard.wait(1)
    status = yard.status("HorizontalPodAutoscaler", "web")
    assert (status["currentReplicas"], status["desiredReplicas"]) == (2, 6)
    assert status["currentMetrics"] == [
        {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 200, "averageValue": "400m"}}}
    ]
    found = yard.get("HorizontalPodAutoscaler", "web")
    able = words(found, "AbleToScale")
    assert able == ("True", "SucceededRescale", "the HPA controller was able to update the target scale to 6")
    assert words(found, "ScalingActive") == (
        "True",
        "ValidMetricFound",
        "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
    )
    assert words(found, "ScalingLimited")[1] == "ScaleUpLimit"
    assert yard.messages("SuccessfulRescale") == [
        "New size: 6; reason: cpu resource utilization (percentage of request) above target",
    ]
    yard.wait(40)
    assert words(yard.get("HorizontalPodAutoscaler", "web"), "AbleToScale")[1] == "ReadyForNewScale"
    assert words(yard.get("HorizontalPodAutoscaler", "web"), "ScalingLimited")[1] == "DesiredWithinRange"


def test_less_load_is_believed_after_five_minutes() -> None:
    """Until then the highest recent recommendation holds."""
    load = Load(cores=0.8)
    yard = scaled(load, CPU)
    yard.wait(60)
    assert replicas(yard) == 8
    load.cores = 0.1
    yard.wait(200)
    assert replicas(yard) == 8
    assert words(yard.get("HorizontalPodAutoscaler", "web"), "AbleToScale")[1] == "ScaleDownStabilized"
    yard.wait(200)
    assert replicas(yard) == 1


def test_policies_bound_the_pace() -> None:
    """One pod a minute, if that is the rule."""
    policy = {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}
    yard = scaled(Load(cores=0.8), CPU, behavior=policy)
    yard.wait(59)
    assert replicas(yard) == 3
    yard.wait(30)
    assert replicas(yard) == 4


@pytest.mark.parametrize(
    ("metric", "reason"),
    [(CPU, "FailedGetResourceMetric"), (REQUESTS, "FailedGetPodsMetric"), (QUEUE, "FailedGetExternalMetric")],
)
def test_without_a_measure_nothing_is_scaled(metric: Obj, reason: str) -> None:
    """The condition says what could not be had."""
    yard = scaled(Load(), metric)
    yard.wait(20)
    assert replicas(yard) == 2
    assert words(yard.get("HorizontalPodAutoscaler", "web"), "ScalingActive")[:2] == ("False", reason)


def test_a_target_that_is_missing_or_empty() -> None:
    """It says so, and goes on when the target is there."""
    yard = scaled(Load(cores=0.1), CPU)
    yard.scale("web", 0)
    yard.wait(20)
    assert words(yard.get("HorizontalPodAutoscaler", "web"), "ScalingActive")[1] == "ScalingDisabled"
    yard.delete("Deployment", "web")
    yard.wait(20)
    status, reason, message = words(yard.get("HorizontalPodAutoscaler", "web"), "AbleToScale")
    assert (status, reason) == ("False", "FailedGetScale")
    assert message.endswith('deployments.apps "web" not found')


def test_without_autoscalers_nobody_looks() -> None:
    """The clock has nothing to do once the autoscaler is gone and events are forgotten."""
    yard = scaled(Load(cores=0.2), CPU)
    yard.wait(60)
    yard.delete("HorizontalPodAutoscaler", "web")
    yard.wait(7500)
    assert yard.clock.next_due() is None


@pytest.mark.parametrize(("size", "least", "most", "wanted"), [(2, 4, 10, 4), (8, 1, 5, 5), (3, 1, 5, 3)])
def test_bounds_need_no_measures(size: int, least: int, most: int, wanted: int) -> None:
    """A workload outside of them is brought back at once, though nothing is known of its pods; one within them stays."""
    yard = scaled(Load(), CPU, replicas=size, minReplicas=least, maxReplicas=most)
    yard.wait(5)
    assert replicas(yard) == wanted
    assert yard.status("HorizontalPodAutoscaler", "web")["desiredReplicas"] == wanted


def test_new_bounds_hold_at_once() -> None:
    """Nobody waits for the next look."""
    yard = scaled(Load(), CPU, replicas=2)
    yard.wait(1)
    yard.edit("HorizontalPodAutoscaler", "web", lambda h: h["spec"].__setitem__("minReplicas", 6))
    yard.wait(1)
    assert replicas(yard) == 6


def test_scaling_down_can_be_held() -> None:
    """With selectPolicy Disabled it only grows, until the hold is over."""
    load = Load(cores=0.8)
    hold = {"scaleDown": {"selectPolicy": "Disabled", "stabilizationWindowSeconds": 0}}
    yard = scaled(load, CPU, behavior=hold)
    yard.wait(60)
    assert replicas(yard) == 8
    load.cores = 0.1
    yard.wait(600)
    assert replicas(yard) == 8
    yard.edit("HorizontalPodAutoscaler", "web", lambda h: h["spec"]["behavior"]["scaleDown"].__setitem__("selectPolicy", "Max"))
    yard.wait(600)
    assert replicas(yard) == 1
