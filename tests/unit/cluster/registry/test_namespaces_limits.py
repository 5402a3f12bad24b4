"""What a namespace allows its objects: quotas, and limits of containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.registry.quotas import usage
from tests.unit.cluster.registry.clients import config_map, pod, refused

if TYPE_CHECKING:
    from tests.unit.cluster.registry.clients import Client


def _quota(scopes: list[str] | None = None, **hard: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"hard": {name.replace("__", "/").replace("_", "."): value for name, value in hard.items()}}
    if scopes:
        spec["scopes"] = scopes
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "shop"}, "spec": spec}


def _asking(name: str, **requests: str) -> dict[str, Any]:
    return pod(name, containers=[{"name": "app", "image": "web:1", "resources": {"requests": requests}}])


@pytest.mark.parametrize(
    ("hard", "first", "second", "text"),
    [
        ({"pods": "1"}, pod("a"), pod("b"), "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"),
        ({"count__configmaps": "2"}, config_map("a"), config_map("b"), "requested: count/configmaps=1, used: count/configmaps=2"),
        (
            {"requests_cpu": "1"},
            _asking("a", cpu="600m"),
            _asking("b", cpu="500m"),
            "requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1",
        ),
        (
            {"memory": "1Gi"},
            _asking("a", memory="1Gi"),
            _asking("b", memory="1Mi"),
            "requested: memory=1Mi, used: memory=1Gi",
        ),
        ({"requests_cpu": "1"}, _asking("a", cpu="1"), pod("b"), "failed quota: q: must specify requests.cpu for: app"),
    ],
)
def test_a_full_namespace_takes_no_more(client: Client, hard: dict[str, Any], first: Any, second: Any, text: str) -> None:
    """The text says what was asked for, what is there, and what the limit is."""
    client.create(_quota(**hard))
    client.create(first)
    error = refused(lambda: client.create(second))
    assert error.code == 403
    assert text in error.message


def test_what_is_gone_or_over_takes_no_room(client: Client) -> None:
    """A deleted pod, and one that has ended."""
    quota = client.create(_quota(pods="1"))
    made = client.create(pod("a"))
    client.patch(made, {"status": {"phase": "Succeeded"}}, subresource="status")
    assert usage(client.registry.store, quota) == {"pods": 0}
    client.create(pod("b"))


@pytest.mark.parametrize(
    ("before", "taken"),
    [
        # Those that come before run one after the other, beside the sidecars that are there by then.
        ([("300m", False), ("200m", False)], 300),
        ([("50m", False)], 100),
        ([("40m", True)], 140),
        ([("40m", True), ("300m", False)], 340),
        ([("300m", False), ("40m", True)], 300),
        ([("40m", True), ("50m", True), ("60m", False)], 190),
    ],
)
def test_what_comes_before_a_pod_s_containers_counts_where_it_is_more(client: Client, before: list[tuple[str, bool]], taken: int) -> None:
    """And sidecars count all along."""
    init: list[dict[str, Any]] = [
        {"name": f"i{n}", "image": "i:1", "resources": {"requests": {"cpu": cpu}}, **({"restartPolicy": "Always"} if stays else {})}
        for n, (cpu, stays) in enumerate(before)
    ]
    quota = client.create(_quota(cpu="9"))
    asking = _asking("a", cpu="100m")
    asking["spec"]["initContainers"] = init
    client.create(asking)
    assert usage(client.registry.store, quota)["cpu"] * 1000 == taken


def test_scopes_choose_pods(client: Client) -> None:
    """A quota for pods that ask for nothing doesn't count others."""
    client.create(_quota(["BestEffort"], pods="0"))
    client.create(_asking("a", cpu="1"))
    assert refused(lambda: client.create(pod("b"))).code == 403


_LIMIT = {"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "1"}, "min": {"cpu": "50m"}}
_RANGE = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "shop"}, "spec": {"limits": [_LIMIT]}}


def test_containers_get_what_they_did_not_ask_for(client: Client) -> None:
    """Defaults of the namespace; what is given stays."""
    client.create(_RANGE)
    [container] = client.create(pod())["spec"]["containers"]
    assert container["resources"] == {"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}}
    [container] = client.create(_asking("b", cpu="200m"))["spec"]["containers"]
    assert container["resources"]["requests"] == {"cpu": "200m"}


@pytest.mark.parametrize(
    ("cpu", "text"),
    [
        ("2", "maximum cpu usage per Container is 1, but request is 2"),
        ("10m", "minimum cpu usage per Container is 50m, but request is 10m"),
    ],
)
def test_containers_keep_within_bounds(client: Client, cpu: str, text: str) -> None:
    """Or they don't get in."""
    client.create(_RANGE)
    both = {"limits": {"cpu": cpu}, "requests": {"cpu": cpu}}
    error = refused(lambda: client.create(pod(containers=[{"name": "app", "image": "web:1", "resources": both}])))
    assert text in error.message


def test_the_default_class_of_priorities_and_of_storage(client: Client) -> None:
    """Is what nobody asked for."""
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "usual"}, "value": 7, "globalDefault": True}
    client.create(kind)
    spec = client.create(pod())["spec"]
    assert (spec["priorityClassName"], spec["priority"]) == ("usual", 7)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": "c", "namespace": "shop"}
    made = client.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": claim})
    assert made["spec"]["storageClassName"] == "standard"
