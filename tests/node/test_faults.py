"""What goes wrong with a release and around it, on real pods. Users never notice.

Kubelet, API server or etcd are away, the node is emptied, an image isn't there, memory or a quota doesn't suffice. Whatever an update comes
to meanwhile, it says so; what it didn't get done, the next one does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from lightkube import ApiError
from lightkube.models.core_v1 import ResourceQuotaSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node as NodeObject
from lightkube.resources.core_v1 import PodEviction, ResourceQuota

from tests.local.program.stack import STEPS, event
from tests.node.ground import client, within
from tests.node.program import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from embedded.node.node import Node
    from tests.local.kubernetes.stack import Run
    from tests.node.program import Place, Users

# What is built before the first test may take long; the tests themselves may not.
pytestmark = [pytest.mark.node, pytest.mark.timeout(400, func_only=True)]

_PORT: Final = 3002
# How long etcd is paused: longer than most clients' patience, shorter than a lease.
_PAUSE: Final = 20.0
# Long enough for pods to show what is wrong with them, and short enough for a node without its kubelet to count as there.
_SHORT: Final = "12s"


def web(there: Place, version: str, /, **settings: Any) -> dict[str, Any]:
    """One service, which users reach by the gateway."""
    service = there.service("mcp-manager", version, _PORT) | {"traffic": {"kind": "gateway", "host": "www"}}
    return there.intent({"web": service | settings})


@contextmanager
def served(there: Place) -> Iterator[Users]:
    """v1 is there, and has users until the end of the test."""
    there.up(web(there, "v1")).well()
    with there.users(path="/api/version") as people:
        people.come_to("v1")
        yield people


@contextmanager
def under_way(there: Place, config: dict[str, Any]) -> Iterator[Future[Run]]:
    """An update that goes on meanwhile, and is over afterwards."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(there.up, config)


@contextmanager
def without(node: Node, part: str) -> Iterator[None]:
    """A part is killed, and started again afterwards."""
    node.kill(part)
    try:
        yield
    finally:
        node.start(part)


@contextmanager
def paused(node: Node, part: str) -> Iterator[None]:
    """A part does nothing meanwhile."""
    node.pause(part)
    try:
        yield
    finally:
        node.resume(part)


def come_up(there: Place, slot: str) -> None:
    """The update has come to a slot's pods."""
    assert within(PATIENCE, lambda: len(there.pods(slot)) == 2)


def nobody_moved(there: Place, people: Users) -> None:
    """Users, routes and ledger are where they were before."""
    assert there.weights("web") == {"blue": 100, "green": 0}
    assert there.live("web") == "v1"
    assert set(people.served()) == {"v1"}


def ended_clearly(run: Run) -> None:
    """The update has succeeded, or says in words what it waited for, or who didn't answer."""
    if run.outcome.error is not None:
        assert run.errors.strip() != "update failed"
    assert "Traceback" not in run.errors


def arrives(there: Place, people: Users, version: str) -> None:
    """The next update gets there: each object is there once, and nothing is left to do."""
    assert within(PATIENCE, there.api.is_ready)
    config = web(there, version)
    there.up(config).well()
    people.come_to(version)
    assert there.live("web") == version
    there.settled(config)
    assert within(PATIENCE, lambda: len(there.pods("web-blue")) == len(there.pods("web-green")) == 2)


def test_without_a_kubelet(there: Place) -> None:
    """Pods that serve go on; a release that meets no kubelet fails and names it, and one that meets it again in time succeeds."""
    node = there.node
    with served(there) as people:
        before = there.pods("web-blue")
        with without(node, "kubelet"):
            there.up(web(there, "v2", ready_within=_SHORT)).failed(
                "'web-green' timed out waiting to be Ready",
                f"the kubelet of node {node.name} has not taken notice of it yet",
            )
            nobody_moved(there, people)
        there.up(web(there, "v1")).well()
        assert within(PATIENCE, lambda: not there.pods("web-green"))
        with without(node, "kubelet"), under_way(there, web(there, "v2")) as update:
            come_up(there, "web-green")
            node.start("kubelet")
            update.result().well()
        arrives(there, people, "v2")
        assert there.pods("web-blue") == before
        assert there.restarts() == 0


def test_an_api_server_that_restarts(there: Place) -> None:
    """It goes and comes back in the middle of a release, and again as the release is taken back."""
    node = there.node
    with served(there) as people:
        with under_way(there, web(there, "v2")) as update:
            come_up(there, "web-green")
            with without(node, "kube-apiserver"):
                pass
            ended_clearly(update.result())
        arrives(there, people, "v2")
        with without(node, "kube-apiserver"), under_way(there, web(there, "v1")) as update:
            assert set(people.served()) == {"v2"}
            node.start("kube-apiserver")
            ended_clearly(update.result())
        arrives(there, people, "v1")
        assert there.restarts() == 0


def test_an_etcd_that_pauses(there: Place) -> None:
    """For 20 seconds in the middle of a release nothing can be stored, and again as the release is taken back."""
    node = there.node
    with served(there) as people:
        for version, other in (("v2", "v1"), ("v1", "v2")):
            with under_way(there, web(there, version)) as update:
                come_up(there, "web-green")
                with paused(node, "etcd"):
                    # Nobody fails for all of that time.
                    assert not within(_PAUSE, lambda: bool(people.failures()))
                    assert set(people.served()) <= {version, other}
                ended_clearly(update.result())
            arrives(there, people, version)
        assert there.restarts() == 0


def test_a_node_that_is_emptied(there: Place) -> None:
    """Evictions go as far as users don't notice. A release meanwhile fails with the scheduler's words; then pods move on, one by one."""
    node = there.node
    with served(there) as people:
        first, second = sorted(there.pods("web-blue"))
        cordon(node)
        try:
            lets_go(there, first)
            # Its place can't be taken on this node, so the other one stays: also when the first has long gone.
            assert "disruption budget" in str(evict(there, second))
            assert within(PATIENCE, lambda: first not in there.all("v1/pods"))
            assert "disruption budget" in str(evict(there, second))
            there.up(web(there, "v2", ready_within=_SHORT)).failed("'web-green' timed out waiting to be Ready", "unschedulable")
            nobody_moved(there, people)
        finally:
            cordon(node, wanted=False)
        lets_go(there, second)
        arrives(there, people, "v2")
        for pod in there.pods("web-green"):
            lets_go(there, pod)
        people.come_to("v2")


def test_an_image_that_is_not_there(there: Place) -> None:
    """The update gives up after `ready_within`, and says which image can't be had, and why. The older version takes its place."""
    # Nobody listens there: nothing is asked beyond this machine.
    image = "127.0.0.1:1/shop"
    with served(there) as people:
        bad = web(there, "v1", version="v9", image=image, digest=None, ready_within=_SHORT)
        there.up(bad).failed(
            "'web-green' timed out waiting to be Ready", f'failed to pull and unpack image "{image}:v9"', "connection refused"
        )
        nobody_moved(there, people)
        there.up(web(there, "v1")).well()
        there.settled(web(there, "v1"))
        assert within(PATIENCE, lambda: not there.pods("web-green"))
        nobody_moved(there, people)
        assert there.restarts() == 0


def test_too_little_memory(there: Place) -> None:
    """A version that never gets ready for want of memory fails, and the error says it; one that dies only as a candidate harms nobody."""
    with served(there) as people:
        greedy = {"env": {"SHOP_LEAK": "64Mi", "SHOP_UNREADY": "true"}, "resources": sizes("12Mi"), "ready_within": _SHORT}
        there.up(web(there, "v2-leak", **greedy)).failed("'web-green' timed out waiting to be Ready", "OOMKilled")
        nobody_moved(there, people)
        canary = {"strategy": "canary", "steps": STEPS, "env": {"SHOP_LEAK": "0", "SHOP_CONTROL": "true"}}
        leaking = web(there, "v2-leak", **canary)
        there.up(leaking).well()
        assert there.phase() == "staged"
        leak(there, "web-green")
        assert within(PATIENCE, lambda: "OOMKilled" in endings(there, "web-green"))
        nobody_moved(there, people)
        assert endings(there, "web-blue") == set()
        there.up(leaking, event("abort", reason="it leaks")).well()
        assert there.phase() == "aborted"
        there.settled(leaking)
        nobody_moved(there, people)


def test_a_quota_that_is_full(there: Place) -> None:
    """Somebody allows the namespace fewer pods than both slots need: the update says which quota; nothing moves until that is gone."""
    with served(there) as people, client(there.node) as api:
        budget = ResourceQuota(metadata=ObjectMeta(name="budget", namespace=there.space), spec=ResourceQuotaSpec(hard={"pods": "3"}))
        api.create(budget)
        assert within(PATIENCE, lambda: there.one("v1/resourcequotas", "budget")["status"].get("used") == {"pods": "2"})
        there.up(web(there, "v2", ready_within=_SHORT)).failed("'web-green' timed out waiting to be Ready", "exceeded quota: budget")
        nobody_moved(there, people)
        api.delete(ResourceQuota, "budget", namespace=there.space)
        arrives(there, people, "v2")


def sizes(memory: str) -> dict[str, Any]:
    """What a pod may take."""
    return {"requests": {"cpu": "10m", "memory": "12Mi"}, "limits": {"cpu": "1", "memory": memory}}


def leak(there: Place, slot: str) -> None:
    """Have a slot's pods take all the memory that they may have."""
    for name in there.pods(slot):
        address = there.one("v1/pods", name)["status"]["podIP"]
        httpx.post(f"http://{address}:{_PORT}/control", data={"leak": "64Mi"}, trust_env=False, timeout=PATIENCE).raise_for_status()


def endings(there: Place, slot: str) -> set[str]:
    """Why containers of a slot's pods ended."""
    pods = there.all("v1/pods")
    statuses = [status for name in there.pods(slot) & pods.keys() for status in pods[name]["status"].get("containerStatuses", ())]
    ended = [status[state].get("terminated") for status in statuses for state in ("state", "lastState") if state in status]
    return {one["reason"] for one in ended if one}


def cordon(node: Node, *, wanted: bool = True) -> None:
    """Have the node take no new pods, or take them again."""
    with client(node) as api:
        api.patch(NodeObject, node.name, {"spec": {"unschedulable": wanted}})


def lets_go(there: Place, pod: str) -> None:
    """Its place is taken by and by, and then it may go."""
    assert within(PATIENCE, lambda: evict(there, pod) is None)


def evict(there: Place, pod: str) -> str | None:
    """Ask for a pod to go, as whoever empties a node does; why it isn't let go."""
    wanted = PodEviction(metadata=ObjectMeta(name=pod, namespace=there.space))
    with client(there.node) as api:
        try:
            api.create(wanted, pod, namespace=there.space)
        except ApiError as error:
            return str(error)
    return None
