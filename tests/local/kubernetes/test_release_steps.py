"""What the steps of a release ask of provider and cluster.

Checks that fail with their log and run again, proofs without restarts, sizes that are shared with an autoscaler, and routes with a manager
of their own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pulumi
import pytest

from embedded.cluster.cluster import Cluster
from tests.local.kubernetes.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Program = Callable[[], None]

RATE: Final = 20
SPACE: Final = "shop"
LABELS: Final = {"app": "web"}
PROVEN: Final = "tidegate.dev/proven"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Give a cluster whose pods are ready in a moment."""
    with Cluster(rate=RATE) as cluster:
        yield cluster


@pytest.fixture
def stack(cluster: Cluster, tmp_path: Path) -> Stack:
    """Give a stack on it."""
    return Stack(tmp_path / "stack", cluster.kubeconfig_file(tmp_path / "kubeconfig"))


def _options(*after: pulumi.Resource, patience: str = "20s", **more: Any) -> pulumi.ResourceOptions:
    times = pulumi.CustomTimeouts(create="20s", update=patience)
    return pulumi.ResourceOptions(depends_on=[*after], custom_timeouts=times, **more)


def _web(image: str = "web:1", replicas: int | None = 2, patience: str = "20s", **annotations: str) -> pulumi.Resource:
    from pulumi_kubernetes.apps.v1 import Deployment

    container: Any = {
        "name": "app",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
    }
    sidecar: Any = {"name": "mesh", "image": "mesh:1", "restartPolicy": "Always"}
    pod: Any = {"terminationGracePeriodSeconds": 15, "initContainers": [sidecar], "containers": [container]}
    spec: Any = {"selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": pod}}
    if replicas is not None:
        spec["replicas"] = replicas
    metadata: Any = {"name": "web", "namespace": SPACE, "annotations": annotations}
    return Deployment("web", metadata=metadata, spec=spec, opts=_options(_space(), patience=patience))


def _space() -> pulumi.Resource:
    from pulumi_kubernetes.core.v1 import Namespace

    return Namespace("space", metadata={"name": SPACE})


def _service(web: pulumi.Resource) -> pulumi.Resource:
    from pulumi_kubernetes.core.v1 import Service

    metadata: Any = {"name": "web", "namespace": SPACE, "annotations": {"pulumi.com/skipAwait": "true"}}
    spec: Any = {"selector": LABELS, "ports": [{"port": 80, "targetPort": "http"}]}
    return Service("service", metadata=metadata, spec=spec, opts=_options(web))


def _check(after: pulumi.Resource, release: str, *, suspend: bool = False) -> pulumi.Resource:
    from pulumi_kubernetes.batch.v1 import Job

    container: Any = {
        "name": "smoke",
        "image": "curl:8",
        "args": ["/health"],
        "env": [{"name": "TARGET", "value": "http://web"}],
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    template: Any = {"metadata": {"annotations": {"release": release}}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    metadata: Any = {"name": "web-smoke", "namespace": SPACE, "annotations": {"pulumi.com/skipAwait": "true"} if suspend else {}}
    spec: Any = {"backoffLimit": 0, "suspend": suspend, "template": template}
    job: pulumi.Resource = Job(
        "smoke",
        metadata=metadata,
        spec=spec,
        opts=_options(after, replace_on_changes=["#initerror"], delete_before_replace=True),
    )
    return job


def pods(cluster: Cluster) -> dict[str, str]:
    """The uids of the service's pods, by name."""
    found = cluster.call(lambda: list(cluster.store.all("/pods", SPACE)))
    return {p["metadata"]["name"]: p["metadata"]["uid"] for p in found if p["metadata"]["labels"].get("app") == "web"}


def live(cluster: Cluster, storage: str, name: str) -> Any:
    """An object as the API has it."""
    return cluster.call(lambda: cluster.store.get(storage, SPACE, name))


def test_a_failing_check_fails_the_update_with_its_log_and_runs_again(stack: Stack, cluster: Cluster) -> None:
    """Until the service is mended each update makes the Job anew; then it completes, and stays as it is."""

    def program(image: str, release: str = "r1") -> Program:
        return lambda: void(_check(_service(_web(image)), release))

    stack.up(program("web:1-broken")).failed("GET http://web.shop.svc/health: 500")
    first = live(cluster, "batch/jobs", "web-smoke")["metadata"]["uid"]
    stack.up(program("web:1-broken")).failed("GET http://web.shop.svc/health: 500")
    second = live(cluster, "batch/jobs", "web-smoke")["metadata"]["uid"]
    mended = stack.up(program("web:2")).well()
    third = live(cluster, "batch/jobs", "web-smoke")["metadata"]["uid"]
    assert len({first, second, third}) == 3
    assert mended.changes["replace"] == 1
    assert stack.up(program("web:2")).well().changes == {}
    # Another release is looked at again.
    assert stack.up(program("web:2", "r2")).well().changes["replace"] == 1


def test_a_suspended_check_is_not_waited_for(stack: Stack, cluster: Cluster) -> None:
    """It has no pods until it is resumed: then the update waits for it."""

    def program(*, suspend: bool) -> Program:
        return lambda: void(_check(_service(_web()), "r1", suspend=suspend))

    stack.up(program(suspend=True)).well()
    assert live(cluster, "batch/jobs", "web-smoke")["status"].get("active") is None
    assert stack.up(program(suspend=True)).well().changes == {}
    stack.up(program(suspend=False)).well()
    assert live(cluster, "batch/jobs", "web-smoke")["status"]["succeeded"] == 1


def test_a_proof_waits_for_readiness_and_restarts_nothing(stack: Stack, cluster: Cluster) -> None:
    """Another annotation of a Deployment is a patch of that alone; if pods have become unready meanwhile, the update says so."""

    def program(token: str, patience: str = "20s") -> Program:
        return lambda: void(_web("web:1", 2, patience, **{PROVEN: token}))

    stack.up(program("r1.1")).well()
    before = pods(cluster)
    assert stack.up(program("r1.2")).well().changes == {"update": 1}
    assert pods(cluster) == before
    for name in before:
        cluster.call(partial(cluster.manager.unready_pod, SPACE, name))
    stack.up(program("r1.3", "1s")).failed("MinimumReplicasUnavailable")
    for name in before:
        cluster.call(partial(cluster.manager.ready_pod, SPACE, name))
    stack.up(program("r1.3")).well()
    assert pods(cluster) == before
    assert live(cluster, "apps/deployments", "web")["metadata"]["annotations"][PROVEN] == "r1.3"


def test_a_size_is_shared_with_an_autoscaler(stack: Stack, cluster: Cluster) -> None:
    """Who scales by the API manages the field: to set it anew takes `patchForce`, to leave it alone nothing."""

    def program(replicas: int | None, **annotations: str) -> Program:
        return lambda: void(_web(replicas=replicas, **annotations))

    def size() -> int:
        return int(live(cluster, "apps/deployments", "web")["spec"]["replicas"])

    def scale(replicas: int) -> None:
        from embedded.cluster.registry.requests import Write

        registry = cluster.registry
        resource = registry.resource("apps/v1", "Deployment")
        body = registry.scale(resource, SPACE, "web") | {"spec": {"replicas": replicas}}
        registry.update(resource, SPACE, "web", body, Write(manager="kube-controller-manager"), "scale")

    stack.up(program(2)).well()
    cluster.call(lambda: scale(4))
    # Nothing has changed in the program: nobody's business.
    stack.up(program(2)).well()
    assert size() == 4
    stack.up(program(3, note="1")).failed("kube-controller-manager", "patchForce")
    stack.up(program(3, note="2", **{"pulumi.com/patchForce": "true"})).well()
    assert size() == 3


def test_a_route_has_a_manager_of_its_own(stack: Stack, cluster: Cluster) -> None:
    """`patchFieldManager` names who sets weights; `waitFor` awaits that the gateway has taken the route."""
    from pulumi_kubernetes.apiextensions import CustomResource

    def program(weight: int) -> Program:
        def route() -> None:
            service = _service(_web())
            gateway = CustomResource(
                "gateway",
                api_version="gateway.networking.k8s.io/v1",
                kind="Gateway",
                metadata={"name": "edge", "namespace": SPACE},
                spec={"gatewayClassName": "local", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
                opts=_options(service),
            )
            mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "web", "port": 80}, "percent": 10}}
            rule = {
                "sessionPersistence": {"sessionName": "slot", "type": "Cookie"},
                "filters": [mirror],
                "backendRefs": [{"name": "web", "port": 80, "weight": 100 - weight}, {"name": "web", "port": 80, "weight": weight}],
            }
            CustomResource(
                "route",
                api_version="gateway.networking.k8s.io/v1",
                kind="HTTPRoute",
                metadata={
                    "name": "web",
                    "namespace": SPACE,
                    "annotations": {
                        "pulumi.com/patchFieldManager": "tidegate",
                        "pulumi.com/waitFor": "jsonpath={.status.parents[0].parentRef.name}=edge",
                    },
                },
                spec={"parentRefs": [{"name": "edge"}], "hostnames": ["shop.example"], "rules": [rule]},
                opts=_options(gateway),
            )

        return route

    stack.up(program(0)).well()
    assert stack.up(program(20)).well().changes == {"update": 1}
    route = live(cluster, "gateway.networking.k8s.io/httproutes", "web")
    assert [ref["weight"] for ref in route["spec"]["rules"][0]["backendRefs"]] == [80, 20]
    assert route["spec"]["rules"][0]["sessionPersistence"]["sessionName"] == "slot"
    assert "tidegate" in {entry["manager"] for entry in route["metadata"]["managedFields"]}
    assert stack.up(program(20)).well().changes == {}


def void(_resource: pulumi.Resource) -> None:
    """A program returns nothing."""
