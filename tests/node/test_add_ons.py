"""Add-ons on a real node: each does what it is there for, is healed as the other parts are, and is gone without a trace."""

from __future__ import annotations

import json
import signal
import socket
import struct
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedded.node import cgroups, machine, needs, processes, traces
from embedded.node.add_ons import catalog
from embedded.node.api import Api
from embedded.node.node import NAMES
from tests.node.ground import deploy, is_ready, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.node.node import Node
    from tests.node.ground import Ground

pytestmark = [pytest.mark.node, pytest.mark.timeout(300, func_only=True)]

_HOST = "shop.example.com"


# The first: a machine has room for one node, and the others share the one that follows.
@pytest.mark.usefixtures("_down_afterwards")
def test_nothing_is_left_when_all_was_killed(ground: Ground) -> None:
    """SIGKILL of everything: the next `up` brings the add-ons and the pods' volumes back, and `down` takes all of it away."""
    before = traces.snapshot()
    node = ground.node()
    node.up(add_ons=catalog.ALL)
    node.load(ground.shop)
    address = deploy(node, "web")
    _apply(node, _claim("data", "ReadWriteOnce"))
    _apply(node, _keeper(node, "web", "data"))
    assert within(60, lambda: is_ready(node, "web") and _is_ready(node, "keeper"))
    volume = _volume(node, "data")
    volume.joinpath("file").write_text("kept")
    _kill_everything(node)
    assert node.status().left_behind
    node.up()
    assert node.status().ready
    assert node.parts == (*NAMES, *(part for one in catalog.ALL.values() for part in one.names))
    assert within(60, lambda: is_ready(node, "web") and _succeeds(f"http://{address}/health") and _is_ready(node, "keeper"))
    assert volume.joinpath("file").read_text() == "kept"
    assert within(30, lambda: _rcode(node.network.dns, "web.default.svc.cluster.local") == 0)
    node.down()
    assert traces.snapshot().beyond(before) == {}
    assert not node.folder.path.exists()


@pytest.fixture(scope="module")
def node(ground: Ground) -> Iterator[Node]:
    """A node with all add-ons, for all tests that don't hurt it, with two versions of a service on it."""
    node = ground.node()
    try:
        node.up(add_ons=catalog.ALL)
        node.load(ground.shop)
        for name, version in (("old", "v1"), ("new", "v2")):
            deploy(node, name, version)
        assert within(60, lambda: is_ready(node, "old") and is_ready(node, "new"))
        yield node
    finally:
        node.down()
    assert machine.read(node.folder) is None


def test_it_is_told_what_runs(node: Node, ground: Ground) -> None:
    """Add-ons' parts are parts as the others are: all of them answer, and each has a log."""
    status = node.status()
    assert status.ready
    assert tuple(status.parts) == (*NAMES, *(part for one in catalog.ALL.values() for part in one.names))
    assert all(node.log(name).exists() for name in node.parts)
    assert ground.node().urls == node.urls
    assert {*node.urls} == {"traefik", "prometheus", "alertmanager"}


def test_the_gateway_heeds_weights_and_headers(node: Node) -> None:
    """Shares are exactly as the weights say, and a header's rule comes before them."""
    _route(node, "public", "gateways", [_rule({"old": 1}, header="candidate"), _rule({"old": 100, "new": 0})])
    assert within(30, lambda: _shares(node.gateway, 10) == {"v1": 10})
    assert within(30, lambda: _version(node.gateway, {"x-try": "candidate"}) == "v1")
    _route(node, "public", "gateways", [_rule({"new": 1}, header="candidate"), _rule({"old": 50, "new": 50})])
    assert within(30, lambda: _version(node.gateway, {"x-try": "candidate"}) == "v2")
    assert within(30, lambda: _shares(node.gateway, 20) == {"v1": 10, "v2": 10})
    _route(node, "public", "gateways", [_rule({"new": 1}, header="candidate"), _rule({"old": 0, "new": 100})])
    assert within(30, lambda: _shares(node.gateway, 10) == {"v2": 10})


def test_the_gateway_says_what_it_has_taken(node: Node) -> None:
    """A route's conditions are of the generation that it has, which an update waits for; one that leads nowhere isn't resolved."""
    _route(node, "public", "gateways", [_rule({"old": 1})])
    assert within(30, lambda: _conditions(node) == {"Accepted": "True", "ResolvedRefs": "True"})
    _route(node, "public", "gateways", [_rule({"nobody": 1})])
    assert within(30, lambda: _conditions(node) == {"Accepted": "True", "ResolvedRefs": "False"})


def test_a_stack_may_have_a_gateway_of_its_own(node: Node) -> None:
    """One of the same class, for a host and port 80, is programmed, and takes requests on the node's own address."""
    gateway = _object("gateway.networking.k8s.io/v1", "Gateway", "own")
    routes = {"namespaces": {"from": "Same"}}
    listener = {"name": "http", "protocol": "HTTP", "port": 80, "hostname": "*.example.com", "allowedRoutes": routes}
    gateway["spec"] = {"gatewayClassName": "traefik", "listeners": [listener]}
    _apply(node, gateway)
    _route(node, "own", "default", [_rule({"new": 1})])
    path = "/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/own"
    assert within(30, lambda: _condition(_get(node, path), "Programmed") == "True")
    assert within(30, lambda: _version(f"http://{node.network.address}", {}) == "v2")


def test_pods_find_services_by_name(node: Node) -> None:
    """A pod asks another through a Service's name; names of the world are denied at once, to whoever asks."""
    caller = deploy(node, "caller", env={"SHOP_UPSTREAMS": "http://old http://new.default.svc.cluster.local"})
    assert within(60, lambda: is_ready(node, "caller"))
    assert within(30, lambda: _succeeds(f"http://{caller}/api/chain"))
    assert _rcode(node.network.dns, "old.default.svc.cluster.local") == 0
    assert _rcode(node.network.dns, "example.com") == 3
    assert _rcode(node.network.dns, "nobody.default.svc.cluster.local") == 3


def test_claims_get_volumes(node: Node) -> None:
    """A claim waits for its pod, gets a folder that the pod's group may write to, and takes it along when it goes."""
    _apply(node, _claim("data", "ReadWriteOnce"))
    assert _get(node, "/api/v1/namespaces/default/persistentvolumeclaims/data")["status"]["phase"] == "Pending"
    _apply(node, _keeper(node, "old", "data"))
    assert within(60, lambda: _is_ready(node, "keeper"))
    folder = _volume(node, "data")
    assert folder.is_relative_to(node.folder.path)
    assert folder.stat().st_gid == 999
    assert folder.stat().st_mode & 0o2070 == 0o2070
    for path in ("pods/keeper", "persistentvolumeclaims/data"):
        _delete(node, f"/api/v1/namespaces/default/{path}")
    assert within(60, lambda: not folder.exists() and _get(node, f"/api/v1/persistentvolumes/{folder.name}") is None)


def test_what_cannot_be_is_said(node: Node) -> None:
    """A volume for several nodes' pods can't be had: the claim's events say why."""
    claim = _claim("shared", "ReadWriteMany")
    claim["metadata"]["annotations"] = {"volume.kubernetes.io/selected-node": node.name}
    _apply(node, claim)
    assert within(30, lambda: any("can't be ReadWriteMany" in text for text in _events(node, "shared")))


def test_pods_use_is_measured_and_scales(node: Node) -> None:
    """`kubectl top` knows the pods' use, and a HorizontalPodAutoscaler on CPU heeds it."""
    kubectl = needs.tool("kubectl")
    assert kubectl is not None
    command = [kubectl, "--kubeconfig", str(node.kubeconfig), "top", "pods", "--no-headers"]

    def told() -> bool:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode == 0 and "old-" in done.stdout

    template = _get(node, "/apis/apps/v1/namespaces/default/deployments/old")["spec"]["template"]["spec"]
    container = {**template["containers"][0], "resources": {"requests": {"cpu": "10m"}}}
    scaled, scaler = (_object(*kind, "scaled") for kind in (("apps/v1", "Deployment"), ("autoscaling/v2", "HorizontalPodAutoscaler")))
    labels = {"app": "scaled"}
    pods = {"metadata": {"labels": labels}, "spec": {**template, "containers": [container]}}
    scaled["spec"] = {"selector": {"matchLabels": labels}, "template": pods}
    # A ten-thousandth of a core: any process that lives needs more.
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 1}}}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "scaled"}
    scaler["spec"] = {"minReplicas": 1, "maxReplicas": 2, "metrics": [metric], "scaleTargetRef": reference}
    _apply(node, scaled)
    _apply(node, scaler)
    assert within(120, told)
    assert within(120, lambda: is_ready(node, "scaled", 2))


def test_prometheus_asks_pods_by_their_labels(node: Node) -> None:
    """A pod's series say its service, slot, version and name; kubelet's and the gateway's are there; rules reach Alertmanager."""
    pod = _get(node, "/apis/apps/v1/namespaces/default/deployments/new")["spec"]["template"]
    watched = _object("v1", "Pod", "watched")
    labels = {"app.kubernetes.io/name": "shop", "tidegate.dev/slot": "blue", "app.kubernetes.io/version": "v2"}
    watched["metadata"] |= {"labels": labels, "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "3002"}}
    watched["spec"] = pod["spec"]
    _apply(node, watched)
    query = 'up{namespace="default", pod="watched", service="shop", slot="blue", version="v2"} == 1'
    assert within(60, lambda: _query(node, query) == 1)
    assert within(60, lambda: _query(node, 'container_memory_working_set_bytes{namespace="default", pod="watched", container="new"}') == 1)
    assert within(60, lambda: _query(node, "traefik_config_reloads_total") == 1)
    rule = {"alert": "Test", "expr": query, "labels": {"severity": "warning"}}
    node.folder.make("rules").joinpath("test.yaml").write_text(
        json.dumps({"groups": [{"name": "test", "interval": "1s", "rules": [rule]}]})
    )
    assert httpx.post(f"{node.urls['prometheus']}/-/reload", trust_env=False).is_success
    assert within(60, lambda: _alerts(node) == ["Test"])
    _delete(node, "/api/v1/namespaces/default/pods/watched")
    assert within(60, lambda: _query(node, query) == 0)


def test_up_heals_add_ons(node: Node) -> None:
    """Whichever of their parts is killed, `up` starts that one and no other, on the port that it had."""
    urls, added = node.urls, [name for name in node.parts if name not in NAMES]
    before = node.status().parts
    for name in added:
        node.kill(name)
    assert not node.status().ready
    node.up()
    after = node.status().parts
    assert [name for name in node.parts if after[name].pid != before[name].pid] == added
    assert node.urls == urls
    assert node.status().ready


def _kill_everything(node: Node) -> None:
    taken = machine.read(node.folder)
    assert taken is not None
    everything = [*processes.marked(node.folder), *cgroups.inside(taken.cgroup)]
    for process in everything:
        process.send(signal.SIGKILL)
    assert processes.gone(everything, 10)


def _object(version: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "default"}}


def _claim(name: str, mode: str) -> dict[str, Any]:
    claim = _object("v1", "PersistentVolumeClaim", name)
    claim["spec"] = {"accessModes": [mode], "resources": {"requests": {"storage": "1Mi"}}}
    return claim


def _keeper(node: Node, like: str, claim: str) -> dict[str, Any]:
    """A pod as a service's are, which has a volume, and is nobody in particular."""
    spec = _get(node, f"/apis/apps/v1/namespaces/default/deployments/{like}")["spec"]["template"]["spec"]
    pod = _object("v1", "Pod", "keeper")
    container = {**spec["containers"][0], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    context = {**spec["securityContext"], "runAsUser": 999, "runAsGroup": 999, "fsGroup": 999}
    pod["spec"] = {"containers": [container], "volumes": volumes, "securityContext": context, "terminationGracePeriodSeconds": 1}
    return pod


def _is_ready(node: Node, pod: str) -> bool:
    return _condition(_get(node, f"/api/v1/namespaces/default/pods/{pod}"), "Ready") == "True"


def _volume(node: Node, claim: str) -> Path:
    """The folder of a claim's volume."""
    [volume] = [one for one in _get(node, "/api/v1/persistentvolumes")["items"] if one["spec"]["claimRef"]["name"] == claim]
    return Path(volume["spec"]["local"]["path"])


def _rule(weights: dict[str, int], header: str | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"backendRefs": [{"name": name, "port": 80, "weight": weight} for name, weight in weights.items()]}
    if header is not None:
        rule["matches"] = [{"headers": [{"name": "x-try", "value": header}]}]
    return rule


def _route(node: Node, gateway: str, namespace: str, rules: list[dict[str, Any]]) -> None:
    route = _object("gateway.networking.k8s.io/v1", "HTTPRoute", "shop")
    route["spec"] = {"parentRefs": [{"name": gateway, "namespace": namespace}], "hostnames": [_HOST], "rules": rules}
    _apply(node, route)


def _apply(node: Node, wanted: dict[str, Any]) -> None:
    with Api(node.kubeconfig) as api:
        assert within(30, lambda: api.apply(wanted))


def _get(node: Node, path: str) -> Any:
    with Api(node.kubeconfig) as api:
        return api.get(path)


def _delete(node: Node, path: str) -> None:
    with Api(node.kubeconfig) as api:
        assert within(30, lambda: api.delete(path))


def _condition(item: Any, kind: str) -> str | None:
    conditions = (item or {}).get("status", {}).get("conditions", ())
    return next((one["status"] for one in conditions if one["type"] == kind), None)


def _conditions(node: Node) -> dict[str, str]:
    """Of the route, as it is now."""
    route = _get(node, "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/shop")
    parents = route.get("status", {}).get("parents", ())
    generation = route["metadata"]["generation"]
    return {one["type"]: one["status"] for one in parents[0]["conditions"] if one["observedGeneration"] == generation} if parents else {}


def _version(url: str, headers: dict[str, str]) -> str | None:
    """Which version takes a request; None where nobody does."""
    try:
        answer = httpx.get(f"{url}/api/version", headers={"Host": _HOST, **headers}, trust_env=False, timeout=5)
    except httpx.TransportError:
        return None
    return answer.headers.get("X-Version") if answer.is_success else None


def _shares(url: str, count: int) -> dict[str | None, int]:
    return dict(Counter(_version(url, {}) for _ in range(count)))


def _succeeds(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def _rcode(server: str, name: str) -> int:
    """What a name server's answer is: 0 that there is such a name, 3 that there is none."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.sendto(question, (server, 53))
        return client.recv(4096)[3] & 15


def _events(node: Node, name: str) -> list[str]:
    items = _get(node, "/api/v1/namespaces/default/events")["items"]
    return [item["message"] for item in items if item["involvedObject"]["name"] == name]


def _query(node: Node, query: str) -> int:
    """How many series there are of it."""
    answer = httpx.get(f"{node.urls['prometheus']}/api/v1/query", params={"query": query}, trust_env=False, timeout=10)
    return len(answer.json()["data"]["result"])


def _alerts(node: Node) -> list[str]:
    answer = httpx.get(f"{node.urls['alertmanager']}/api/v2/alerts", trust_env=False, timeout=10)
    return [alert["labels"]["alertname"] for alert in answer.json()]
