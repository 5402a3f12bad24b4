"""Services and Ingresses: endpoints, addresses, and the quiet that they are waited for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.providers.kubernetes.awaiting.fakes import FakeCluster, wait
from tests.unit.providers.kubernetes.awaiting.objects import obj

if TYPE_CHECKING:
    from tests.unit.providers.kubernetes.awaiting.fakes import Script
    from tests.unit.providers.kubernetes.awaiting.objects import Obj

FINDING = "info: [1/3] Finding Pods to direct traffic to"
ALLOCATING = "info: [2/3] Attempting to allocate IP address to Service"
COMPLETE = "info: Service initialization complete"
NO_PODS = "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods"
NO_ADDRESS = "Service was not allocated an IP address; does your cloud provider support this?"
ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def service(status: Obj | None = None, **spec: Any) -> Obj:
    """A Service with a selector."""
    return obj("v1", "Service", spec={"selector": {"app": "web"}, "clusterIP": "10.0.0.1"} | spec, status=status or {})


def endpoints(*ready: bool | None, name: str = "web-1", **more: Any) -> Obj:
    """An EndpointSlice of pods that are ready, or not, or say nothing."""
    all_ = [{"conditions": {} if one is None else {"ready": one} | more} for one in ready]
    return obj("discovery.k8s.io/v1", "EndpointSlice", name, endpoints=all_)


@pytest.mark.parametrize(
    "made",
    [
        service(clusterIP="None"),
        service(type="ExternalName"),
        service(selector={}),
        service(ADDRESS, type="LoadBalancer", selector={}),
    ],
    ids=["headless", "external name", "no selector", "load balancer without selector"],
)
def test_a_service_without_pods_of_its_own_is_ready_at_once(made: Obj) -> None:
    """No endpoints to wait for."""
    cluster = FakeCluster(made)
    outcome = wait(cluster, made)
    assert (outcome.error, outcome.seconds, outcome.said) == (None, 0, [FINDING])
    assert cluster.asked("LIST", "endpointslices") == 0


@pytest.mark.parametrize("first", [(True, None), (), (True, True)], ids=["silence is ready", "none", "all ready"])
def test_a_service_is_ready_when_its_endpoints_have_been_quiet(first: tuple[bool, ...]) -> None:
    """Ten seconds after the last change."""
    made = service()
    cluster = FakeCluster(made, endpoints(*first))
    outcome = wait(cluster, made, [(4, lambda: cluster.put(endpoints(True, True, True))), (8, cluster.expire)])
    assert (outcome.error, outcome.seconds, outcome.said) == (None, 14, [FINDING, COMPLETE])


def test_a_service_waits_for_pods_that_are_not_ready() -> None:
    """But not for those on their way out."""
    made = service()
    cluster = FakeCluster(made, endpoints(True, False), endpoints(False, name="web-2", terminating=True))
    outcome = wait(cluster, made, [(30, lambda: cluster.put(endpoints(True, True)))])
    assert (outcome.error, outcome.seconds) == (None, 40)


def test_a_service_without_endpoints_is_ready_too() -> None:
    """Pods may come later: a Service made before them must not wait for them."""
    made = service()
    outcome = wait(FakeCluster(made), made)
    assert (outcome.error, outcome.seconds) == (None, 10)


def test_endpoints_that_never_rest_are_good_enough_at_the_end() -> None:
    """What is ready when the time is over, is ready."""
    made = service()
    cluster = FakeCluster(made, endpoints(True))
    changes: Script = [(second, partial(cluster.put, endpoints(*[True] * (1 + second % 2)))) for second in range(1, 30, 3)]
    assert wait(cluster, made, changes, timeout=20).error is None
    bad = wait(FakeCluster(made, endpoints(False)), made, timeout=20)
    assert bad.reasons == ["'web' timed out waiting to be Ready", NO_PODS]


def test_a_load_balancer_needs_an_address() -> None:
    """And says so if it never gets one."""
    made = service(type="LoadBalancer")
    cluster = FakeCluster(made, endpoints(True))
    outcome = wait(cluster, made, [(20, lambda: cluster.change(made, status=ADDRESS))])
    assert (outcome.seconds, outcome.said) == (20, [FINDING, ALLOCATING, COMPLETE])
    assert wait(FakeCluster(made, endpoints(True)), made, timeout=30).reasons[1:] == [NO_ADDRESS]
    assert wait(FakeCluster(made), made, timeout=30).reasons[1:] == [NO_PODS, NO_ADDRESS]
    alone = service(type="LoadBalancer", selector={})
    assert wait(FakeCluster(alone), alone, timeout=30).reasons[1:] == [NO_ADDRESS]


def ingress(*rules: tuple[str, str, str], status: Obj | None = None) -> Obj:
    """An Ingress: host, path and Service of each rule."""
    made = [{"host": host, "http": {"paths": [{"path": path, "backend": {"service": {"name": name}}}]}} for host, path, name in rules]
    resource = {"http": {"paths": [{"path": "/static", "backend": {"resource": {"kind": "Bucket"}}}]}}
    return obj("networking.k8s.io/v1", "Ingress", spec={"rules": [*made, resource]}, status=status or {})


STEPS = [
    "info: [1/3] Finding a matching service for each Ingress path",
    "info: [2/3] Waiting for update of .status.loadBalancer with hostname/IP",
    "info: Ingress initialization complete",
]
UNADDRESSED = "Ingress .status.loadBalancer field was not updated with a hostname/IP address."


def test_an_ingress_waits_for_its_services_and_its_address() -> None:
    """In this order."""
    made = ingress(("a.example", "/", "web"))
    cluster = FakeCluster(made)
    outcome = wait(cluster, made, [(1, lambda: cluster.put(service())), (3, lambda: cluster.change(made, status=ADDRESS))])
    assert (outcome.said, outcome.seconds) == (STEPS, 3)


def test_services_that_do_not_come_are_named_and_not_waited_for() -> None:
    """Paths without host or path have a name too."""
    made = ingress(("a.example", "/x", "one"), ("", "", "two"), ("", "/", "web"), status=ADDRESS)
    cluster = FakeCluster(made, service())
    outcome = wait(cluster, made)
    missing = ['"a.example/x" -> "one"', '"" (default path) -> "two"']
    assert outcome.said == [STEPS[0], *(f"warning: No matching service found for ingress rule: {rule}" for rule in missing), STEPS[2]]
    assert (outcome.error, outcome.seconds) == (None, 10)


def test_an_ingress_without_an_address_says_so() -> None:
    """Nobody serves it."""
    made = ingress(("", "/", "web"))
    assert wait(FakeCluster(made, service()), made, timeout=20).reasons[1:] == [UNADDRESSED]
    early = wait(FakeCluster(made), made, cancel_after=5).reasons[1:]
    assert early == ["Ingress has at least one rule with an unavailable target endpoint.", UNADDRESSED]
