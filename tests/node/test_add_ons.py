"""Add-ons on a real node: each does what it is there for, is healed as the other parts are, and is gone without a trace."""

from __future__ import annotations

import json
import math
import signal
import socket
import ssl
import struct
import subprocess
import sys
from collections import Counter
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from components.gateway import listeners
from embedded.node import certificates, cgroups, machine, needs, processes, traces
from embedded.node.add_ons import catalog, control_plane
from embedded.node.api import Api
from embedded.node.errors import NodeError
from embedded.node.node import NAMES
from tests.node.ground import deploy, is_ready, within
from tests.node.program import users

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
    assert {*node.urls} == {"envoy", "prometheus", "alertmanager"}


def test_the_gateway_heeds_weights_and_headers(node: Node) -> None:
    """Shares are as the weights say, and none of the requests where it is 0; a header's rule comes before them, whatever it is called."""
    _route(node, "public", "gateways", [_rule({"old": 1}, header="candidate"), _rule({"old": 100, "new": 0})])
    assert within(30, lambda: _shares(node.gateway, 10) == {"v1": 10})
    assert within(30, lambda: _version(node.gateway, {"x-try": "candidate"}) == "v1")
    _route(node, "public", "gateways", [_rule({"new": 1}, header="candidate"), _rule({"old": 50, "new": 50})])
    assert within(30, lambda: _version(node.gateway, {"x-try": "candidate"}) == "v2")
    assert within(30, lambda: {*_shares(node.gateway, 20)} == {"v1", "v2"})
    assert _about(_shares(node.gateway, 400)["v2"], 0.5, 400)
    _route(node, "public", "gateways", [_rule({"new": 1}, header="candidate"), _rule({"old": 0, "new": 100})])
    assert within(30, lambda: _shares(node.gateway, 100) == {"v2": 100})
    assert _version(node.gateway, {"x_try": "candidate"}) == "v2"


@pytest.mark.parametrize("percent", [None, 100, 25])
def test_the_gateway_mirrors(node: Node, percent: int | None) -> None:
    """What is mirrored reaches the other version as well: all requests, or about so many of a hundred. Nobody sees its answers."""
    live = _rule({"old": 100, "new": 0})
    _route(node, "public", "gateways", [live])
    assert within(30, lambda: _mirrored(node, 10) == 0)
    mirror = {"backendRef": {"name": "new", "port": 80}} | ({} if percent is None else {"percent": percent})
    _route(node, "public", "gateways", [live | {"filters": [{"type": "RequestMirror", "requestMirror": mirror}]}])
    assert within(30, lambda: _mirrored(node, 20) > 0)
    before = _taken(node, "new")
    assert _shares(node.gateway, 400) == {"v1": 400}
    assert within(30, lambda: _about(_taken(node, "new") - before, (percent or 100) / 100, 400))
    assert _conditions(node) == {"Accepted": "True", "ResolvedRefs": "True"}
    _route(node, "public", "gateways", [live])
    assert within(30, lambda: _mirrored(node, 10) == 0)


def test_the_gateway_goes_on_without_its_control_plane(node: Node) -> None:
    """While nobody tells it of routes, requests are answered as before; once somebody does again, it heeds what has changed meanwhile."""
    _route(node, "public", "gateways", [_rule({"old": 100, "new": 0})])
    with users(node.gateway, _HOST, "/api/version") as people:
        people.come_to("v1")
        node.kill("envoy-gateway")
        assert {*people.served()} == {"v1"}
        _route(node, "public", "gateways", [_rule({"old": 0, "new": 100})])
        assert {*people.served()} == {"v1"}
        node.start("envoy-gateway")
        people.come_to("v2")
        node.kill("envoy-gateway")
        node.start("envoy-gateway")
        assert {*people.served(100)} == {"v2"}
    people.unharmed()


def test_the_control_plane_is_apart(node: Node) -> None:
    """It has a network of its own and sees nothing but what it is given; who asks it without a certificate hears nothing."""
    process = Path(f"/proc/{node.process('envoy-gateway').pid}")
    assert (process / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    assert {seen.name for seen in (process / "root").iterdir()} == {"certs", "config", "envoy-gateway"}
    trust = ssl.create_default_context(cafile=node.folder.pki / "ca.crt")
    place = (node.network.apart(1), control_plane.DISCOVERY)
    with (
        socket.create_connection(place, timeout=5) as line,
        trust.wrap_socket(line, server_hostname=control_plane.SERVER) as secured,
        pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"),
    ):
        secured.recv(1)


def test_no_gateway_listens_elsewhere(node: Node) -> None:
    """One at another port would be reached from outside of this machine: it is refused, and why is said. Others' aren't looked at."""
    gateway = _object("gateway.networking.k8s.io/v1", "Gateway", "elsewhere")
    gateway["spec"] = {"gatewayClassName": "envoy", "listeners": [{"name": "http", "protocol": "HTTP", "port": 9000}]}
    with Api(node.kubeconfig) as api:
        with pytest.raises(NodeError, match="this node's gateway listens at the ports 80, 443"):
            api.apply(gateway)
        gateway["spec"]["gatewayClassName"] = "other"
        assert api.apply(gateway)
    _delete(node, "/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/elsewhere")


def test_the_gateway_says_what_it_has_taken(node: Node) -> None:
    """A route's conditions are of the generation that it has, which an update waits for; one that leads nowhere isn't resolved."""
    _route(node, "public", "gateways", [_rule({"old": 1})])
    assert within(30, lambda: _conditions(node) == {"Accepted": "True", "ResolvedRefs": "True"})
    _route(node, "public", "gateways", [_rule({"nobody": 1})])
    assert within(30, lambda: _conditions(node) == {"Accepted": "True", "ResolvedRefs": "False"})


def test_a_stack_may_have_a_gateway_of_its_own(node: Node) -> None:
    """One of the same class is programmed, and takes requests on the node's own address, and nowhere else; by HTTPS too."""
    own = certificates.authority("own")
    pair = own.sign(_HOST, names=[_HOST])
    secret = {**_object("v1", "Secret", "own"), "type": "kubernetes.io/tls"}
    _apply(node, secret | {"stringData": {"tls.crt": pair.certificate, "tls.key": pair.key}})
    gateway = _object("gateway.networking.k8s.io/v1", "Gateway", "own")
    gateway["spec"] = {"gatewayClassName": "envoy", "listeners": listeners("example.com", "own")}
    _apply(node, gateway)
    _route(node, "own", "default", [_rule({"new": 1})])
    path = "/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways/own"
    assert within(30, lambda: _condition(_get(node, path), "Programmed") == "True")
    here = node.network.address
    assert within(30, lambda: _version(f"http://{here}", {}) == "v2")
    assert within(30, lambda: _version(f"https://{here}", {"x_try": "a"}, own.pair.certificate) == "v2")
    door = int(node.gateway.rpartition(":")[2])
    assert _listens(node.process("envoy")) == {(here, 80), (here, 443), (here, 8082), ("127.0.0.1", door)}


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
    assert within(60, lambda: _query(node, "envoy_server_live") == 1)
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


def _version(url: str, headers: dict[str, str], authority: str | None = None) -> str | None:
    """Which version takes a request; None where nobody does."""
    trust = ssl.create_default_context(cadata=authority)
    try:
        with httpx.Client(verify=trust, trust_env=False, timeout=5) as client:
            answer = client.get(f"{url}/api/version", headers={"Host": _HOST, **headers}, extensions={"sni_hostname": _HOST})
    except httpx.TransportError:
        return None
    return answer.headers.get("X-Version") if answer.is_success else None


def _shares(url: str, count: int) -> Counter[str | None]:
    """How many of so many requests each version takes."""
    with httpx.Client(base_url=url, headers={"Host": _HOST}, trust_env=False, timeout=5) as client:
        answers = [client.get("/api/version") for _ in range(count)]
    return Counter(answer.headers.get("X-Version") if answer.is_success else None for answer in answers)


def _about(found: int, share: float, count: int) -> bool:
    """Whether it is that share of so many, as far as chance goes: once in a million times it goes further."""
    return abs(found - share * count) <= 5 * math.sqrt(count * share * (1 - share))


def _taken(node: Node, name: str) -> int:
    """How many requests a service has answered; probes aren't counted."""
    address = _get(node, f"/api/v1/namespaces/default/services/{name}")["spec"]["clusterIP"]
    said = httpx.get(f"http://{address}/metrics", trust_env=False, timeout=5).raise_for_status().text
    return sum(int(line.split()[-1]) for line in said.splitlines() if line.startswith("http_requests_total{"))


def _mirrored(node: Node, count: int) -> int:
    """How many of so many requests, which the live version has answered, the other one has got by now as well."""
    before = _taken(node, "new")
    assert _shares(node.gateway, count) == {"v1": count}
    return _taken(node, "new") - before


def _listens(process: processes.Process) -> set[tuple[str, int]]:
    """The addresses that a process listens on by TCP."""
    own = Path(f"/proc/{process.pid}")
    sockets = {str(file.readlink()) for file in (own / "fd").iterdir()}
    rows = [line.split() for name in ("tcp", "tcp6") for line in (own / "net" / name).read_text().splitlines()[1:]]
    where = [row[1].split(":") for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    return {(str(IPv4Address(int(address, 16).to_bytes(4, sys.byteorder))), int(port, 16)) for address, port in where}


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
