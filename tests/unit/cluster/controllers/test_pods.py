"""Pods: placed, pulled, started, probed, ended and started again, as a kubelet would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.controllers.nodes import NodeSpec
from tests.unit.cluster.controllers.yard import Yard, template, words

if TYPE_CHECKING:
    from tests.unit.cluster.controllers.yard import Obj


def lone(yard: Yard, name: str = "one", image: str = "local/app:1", **more: Any) -> Obj:
    """A pod without a controller."""
    made = template(name, image, **more)
    return yard.make("Pod", name, made["spec"], metadata=made["metadata"])


def container(yard: Yard, name: str = "one", kind: str = "containerStatuses") -> Obj:
    """The status of the pod's first container."""
    found: Obj = yard.status("Pod", name)[kind][0]
    return found


def test_a_pod_on_its_way_up() -> None:
    """First it waits for its container, then it runs and is ready, with the conditions and events of a real one."""
    yard = Yard()
    lone(yard)
    yard.clock.settle()
    assert yard.status("Pod", "one")["phase"] == "Pending"
    assert container(yard)["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert words(yard.get("Pod", "one"), "Ready") == ("False", "ContainersNotReady", "containers with unready status: [app]")
    yard.wait(3)
    status = yard.status("Pod", "one")
    assert status["phase"] == "Running"
    assert {c["type"] for c in status["conditions"] if c["status"] == "True"} == {
        "PodScheduled",
        "PodReadyToStartContainers",
        "Initialized",
        "ContainersReady",
        "Ready",
    }
    assert (container(yard)["ready"], container(yard)["started"], container(yard)["restartCount"]) == (True, True, 0)
    assert yard.reasons("one") == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]


@pytest.mark.parametrize(
    ("probe", "behaviour", "ready_from"),
    [
        ({"periodSeconds": 1}, {}, 0),
        ({"initialDelaySeconds": 5, "periodSeconds": 1}, {}, 5),
        ({"periodSeconds": 10}, {"ready-after": "12s"}, 20),
        ({"periodSeconds": 3, "successThreshold": 2}, {"ready-after": "4s"}, 9),
    ],
)
def test_readiness_comes_with_the_first_probe_that_succeeds(probe: Obj, behaviour: dict[str, str], ready_from: float) -> None:
    """Initial delay, period and threshold count from the container's start."""
    yard = Yard()
    full = {"httpGet": {"path": "/", "port": 8080}, **probe}
    lone(yard, annotations={"pull-time": "0s", **behaviour}, container={"readinessProbe": full})
    yard.wait(ready_from)
    assert words(yard.get("Pod", "one"), "Ready")[0] == "False"
    yard.wait(0.5)
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"


def test_an_image_that_is_missing() -> None:
    """ErrImagePull, then ImagePullBackOff, with the events of a real node."""
    yard = Yard()
    lone(yard, image="local/app:2-missing")
    yard.wait(0.8)
    assert container(yard)["state"]["waiting"]["reason"] == "ErrImagePull"
    yard.wait(3)
    waiting = container(yard)["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"].startswith('Back-off pulling image "local/app:2-missing"')
    assert yard.messages("BackOff") == ['Back-off pulling image "local/app:2-missing"']
    assert "Error: ErrImagePull" in yard.messages("Failed")


def test_a_crash_loop() -> None:
    """The first end is followed by a start at once, the next by longer and longer waits."""
    yard = Yard()
    lone(yard, annotations={"crash-after": "2s", "pull-time": "0s"})
    yard.wait(3)
    assert container(yard)["restartCount"] == 1
    assert container(yard)["lastState"]["terminated"]["exitCode"] == 1
    yard.wait(3)
    waiting = container(yard)["state"]["waiting"]
    assert waiting["reason"] == "CrashLoopBackOff"
    assert waiting["message"].startswith("back-off 10s restarting failed container=app pod=one_default(")
    assert yard.status("Pod", "one")["phase"] == "Running"
    yard.wait(12)
    assert container(yard)["restartCount"] == 2
    yard.wait(6)
    assert container(yard)["state"]["waiting"]["message"].startswith("back-off 20s")


def test_a_leak_ends_at_the_limit() -> None:
    """The container is killed when it has outgrown its memory."""
    yard = Yard()
    limits = {"resources": {"limits": {"memory": "128Mi"}}}
    lone(yard, annotations={"memory": "64Mi", "leak": "8Mi", "pull-time": "0s"}, container=limits)
    yard.wait(7)
    assert container(yard)["restartCount"] == 0
    yard.wait(3)
    ended = container(yard)["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


@pytest.mark.parametrize(
    ("annotations", "probe", "reason"),
    [
        ({"hangs-after": "10s"}, "livenessProbe", "Container app failed liveness probe, will be restarted"),
        ({"ready-after": "60s"}, "startupProbe", "Container app failed startup probe, will be restarted"),
    ],
)
def test_probes_that_fail_too_often_kill(annotations: dict[str, str], probe: str, reason: str) -> None:
    """After as many failures as the threshold says the container is started again."""
    yard = Yard()
    probes = {probe: {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 2, "failureThreshold": 3}}
    lone(yard, annotations=annotations, container=probes)
    yard.wait(20 if probe == "livenessProbe" else 8)
    assert container(yard)["restartCount"] == 1
    assert reason in yard.messages("Killing")


def test_a_container_that_hangs_is_no_longer_ready() -> None:
    """Without a liveness probe it stays as it is, unready."""
    yard = Yard()
    lone(yard, annotations={"hangs-after": "10s"})
    yard.wait(5)
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"
    yard.wait(15)
    assert words(yard.get("Pod", "one"), "Ready")[0] == "False"
    assert container(yard)["restartCount"] == 0


def test_init_containers_run_first() -> None:
    """One after the other; the others wait; sidecars stay."""
    yard = Yard()
    first = [
        {"name": "migrate", "image": "local/migrate:1"},
        {"name": "proxy", "image": "local/proxy:1", "restartPolicy": "Always"},
        {"name": "warm", "image": "local/warm:1"},
    ]
    lone(yard, pod={"initContainers": first})
    yard.wait(0.2)
    status, reason, message = words(yard.get("Pod", "one"), "Initialized")
    assert (status, reason) == ("False", "ContainersNotInitialized")
    assert message == "containers with incomplete status: [migrate proxy warm]"
    assert container(yard)["state"]["waiting"]["reason"] == "PodInitializing"
    yard.wait(8)
    states = [next(iter(s["state"])) for s in yard.status("Pod", "one")["initContainerStatuses"]]
    assert states == ["terminated", "running", "terminated"]
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"


def test_an_init_container_that_fails_holds_the_pod_back() -> None:
    """The pod stays pending, its init container crashes on."""
    yard = Yard()
    lone(yard, pod={"initContainers": [{"name": "migrate", "image": "local/migrate:1-crash"}]})
    yard.wait(8)
    assert yard.status("Pod", "one")["phase"] == "Pending"
    assert container(yard, kind="initContainerStatuses")["state"]["waiting"]["reason"] == "CrashLoopBackOff"


@pytest.mark.parametrize(
    ("extra", "waiting"),
    [
        ({"container": {"envFrom": [{"configMapRef": {"name": "settings"}}]}}, "CreateContainerConfigError"),
        (
            {"container": {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]}},
            "CreateContainerConfigError",
        ),
        ({"pod": {"volumes": [{"name": "v", "configMap": {"name": "settings"}}]}}, "ContainerCreating"),
    ],
)
def test_a_pod_waits_for_its_configuration(extra: dict[str, Any], waiting: str) -> None:
    """What it refers to may come later; then it starts."""
    yard = Yard()
    lone(yard, **extra)
    yard.wait(5)
    assert container(yard)["state"]["waiting"]["reason"] == waiting
    yard.make("ConfigMap", "settings", data={"a": "1"})
    yard.wait(5)
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"


def test_a_pod_ends_within_its_grace() -> None:
    """It stays, terminating, for as long as its hooks and programs need, at most for its grace."""
    yard = Yard()
    hook = {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}
    lone(yard, annotations={"stop-after": "1s"}, container=hook)
    lone(yard, "stubborn", annotations={"stop-after": "100s"}, pod={"terminationGracePeriodSeconds": 3})
    yard.wait(5)
    yard.delete("Pod", "one")
    yard.delete("Pod", "stubborn")
    yard.wait(2.9)
    assert yard.get("Pod", "stubborn") is not None
    yard.wait(0.2)
    assert yard.get("Pod", "stubborn") is None
    found = yard.get("Pod", "one")
    assert found is not None
    assert found["metadata"]["deletionGracePeriodSeconds"] == 30
    assert words(found, "Ready")[0] == "True"
    yard.wait(3)
    assert yard.get("Pod", "one") is None


def test_a_pod_runs_to_its_end_once() -> None:
    """With restartPolicy Never it succeeds or fails by its exit code."""
    yard = Yard()
    lone(yard, "good", pod={"restartPolicy": "Never"})
    lone(yard, "bad", annotations={"exit-code": "3"}, pod={"restartPolicy": "Never"})
    yard.wait(10)
    assert yard.status("Pod", "good")["phase"] == "Succeeded"
    assert words(yard.get("Pod", "good"), "Ready") == ("False", "PodCompleted", "")
    assert yard.status("Pod", "bad")["phase"] == "Failed"
    assert container(yard, "bad")["state"]["terminated"]["exitCode"] == 3


def test_annotations_that_cannot_be_read_are_reported() -> None:
    """An event says what is wrong and how it should be; the pod runs."""
    yard = Yard()
    lone(yard, annotations={"ready-after": "soon"})
    yard.wait(5)
    (message,) = yard.messages("InvalidBehaviour")
    assert message == "annotation sim.tidegate.dev/ready-after: 'soon' is no duration: write it like 250ms, 2s or 1m30s"
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"


def test_pods_are_spread_over_nodes() -> None:
    """Those of one controller go where fewest of them are."""
    yard = Yard()
    yard.deploy(replicas=6)
    yard.wait(5)
    nodes = sorted(p["spec"]["nodeName"] for p in yard.pods())
    assert nodes == ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"]
    assert len({p["status"]["podIP"] for p in yard.pods()}) == 6


def test_a_pod_that_fits_nowhere_says_why() -> None:
    """It stays pending with the scheduler's words, and is placed as soon as there is room."""
    yard = Yard(nodes=[NodeSpec("small", cpu="1")])
    asks = {"resources": {"requests": {"cpu": "700m"}}}
    lone(yard, container=asks)
    lone(yard, "two", container=asks)
    yard.wait(5)
    status, reason, message = words(yard.get("Pod", "two"), "PodScheduled")
    assert (status, reason) == ("False", "Unschedulable")
    assert message.startswith("0/1 nodes are available: 1 Insufficient cpu.")
    assert yard.reasons("two") == ["FailedScheduling"]
    yard.delete("Pod", "one")
    yard.wait(5)
    assert words(yard.get("Pod", "two"), "Ready")[0] == "True"


@pytest.mark.parametrize(
    ("spec", "nodes"),
    [
        ({"nodeSelector": {"kubernetes.io/hostname": "node-2"}}, {"node-2"}),
        (
            {
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["node-1"]}]}
                            ]
                        }
                    }
                }
            },
            {"node-2", "node-3"},
        ),
        (
            {
                "affinity": {
                    "podAntiAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [
                            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "one"}}}
                        ]
                    }
                }
            },
            {"node-1", "node-2", "node-3"},
        ),
    ],
)
def test_pods_go_where_they_may(spec: Obj, nodes: set[str]) -> None:
    """Selectors, affinity and anti-affinity hold."""
    yard = Yard()
    yard.deploy("one", replicas=4, pod=spec)
    yard.wait(5)
    placed = [p["spec"]["nodeName"] for p in yard.pods() if p["spec"].get("nodeName")]
    assert set(placed) == nodes
    assert len(placed) == (3 if "podAntiAffinity" in str(spec) else 4)


def test_readiness_gates_are_waited_for() -> None:
    """A pod with a gate is ready only once somebody has set its condition."""
    yard = Yard()
    lone(yard, pod={"readinessGates": [{"conditionType": "example.com/attached"}]})
    yard.wait(5)
    assert words(yard.get("Pod", "one"), "Ready")[1] == "ReadinessGatesNotReady"
    resource = yard.registry.resource("v1", "Pod")
    gate = {"type": "example.com/attached", "status": "True"}
    yard.registry.modify(resource, "default", "one", lambda p: p["status"]["conditions"].append(gate), "gatekeeper", "status")
    yard.wait(1)
    assert words(yard.get("Pod", "one"), "Ready")[0] == "True"


def test_a_pod_takes_up_another_image() -> None:
    """Its container is started again, also when the first image could not be pulled."""
    yard = Yard()
    lone(yard)
    lone(yard, "two", image="local/app:missing")
    yard.wait(5)
    for name in ("one", "two"):
        yard.edit("Pod", name, lambda p: p["spec"]["containers"][0].__setitem__("image", "local/app:3"))
    yard.wait(40)
    assert [container(yard, name)["image"] for name in ("one", "two")] == ["local/app:3"] * 2
    assert [container(yard, name)["restartCount"] for name in ("one", "two")] == [1, 0]
    assert yard.ready() == 2
    assert yard.status("Pod", "one")["observedGeneration"] == 3
