"""A node's life: it comes up, runs pods, is hurt, heals, and is gone without a trace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from lightkube.resources.core_v1 import Pod

from embedded.node import cgroups, machine, processes, traces
from embedded.node.add_ons import catalog
from embedded.node.api import Api
from embedded.node.errors import NodeError
from embedded.node.node import NAMES
from tests.node.ground import client, deploy, is_ready, within

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.node.node import Node
    from tests.node.ground import Ground

pytestmark = [pytest.mark.node, pytest.mark.timeout(300, func_only=True), pytest.mark.usefixtures("_down_afterwards")]


def test_a_node_runs_pods_and_leaves_nothing_behind(ground: Ground) -> None:
    """Pods are ready, reach each other through services and are reached from here; after `down` the machine is as it was before."""
    before = traces.snapshot()
    node = ground.node()
    node.up()
    assert "tidegate.dev/shop/mcp-manager:v1" in node.load(ground.shop)
    called = deploy(node, "called", replicas=2)
    caller = deploy(node, "caller", env={"SHOP_UPSTREAMS": f"http://{called}"})
    assert within(60, lambda: is_ready(node, "called", 2) and is_ready(node, "caller"))
    assert within(30, lambda: _answers(caller, "/api/chain"))
    assert traces.snapshot().beyond(before)["tables"] == ["ip kube-proxy", "ip6 kube-proxy"]
    assert node.status().pods == {"Running": 3}
    assert node.down()
    assert traces.snapshot().beyond(before) == {}
    assert before.beyond(traces.snapshot()) == {}
    assert not node.folder.path.exists()
    assert not node.down()


def test_up_leaves_what_runs_alone(ground: Ground) -> None:
    """A second `up` starts nothing again."""
    node = ground.node()
    node.up()
    before = node.status().parts
    node.up()
    assert node.status().parts == before


def test_up_works_after_everything_was_killed(ground: Ground) -> None:
    """All processes of the node and of its pods get SIGKILL; the next `up` brings node and pods back, and `down` finds all that is left."""
    before = traces.snapshot()
    node = ground.node()
    node.up()
    node.load(ground.shop)
    address = deploy(node, "web", replicas=2)
    assert within(60, lambda: is_ready(node, "web", 2))
    first = {name: part.pid for name, part in node.status().parts.items()}
    _kill_everything(ground)
    assert node.status().left_behind
    node.up()
    assert all(part.pid not in {None, first[name]} for name, part in node.status().parts.items())
    assert within(60, lambda: _answers(address) and is_ready(node, "web", 2))
    node.down()
    assert traces.snapshot().beyond(before) == {}


def test_down_works_after_everything_was_killed(ground: Ground) -> None:
    """Nothing of the node runs any more, and what it had changed is taken back all the same."""
    before = traces.snapshot()
    node = ground.node()
    node.up()
    node.load(ground.shop)
    deploy(node, "web")
    assert within(60, lambda: is_ready(node, "web"))
    _kill_everything(ground)
    assert node.down()
    assert traces.snapshot().beyond(before) == {}


def test_up_heals_each_part(ground: Ground) -> None:
    """Whichever part is killed, pods go on, and `up` starts that part and no other."""
    node = ground.node()
    node.up()
    node.load(ground.shop)
    address = deploy(node, "web")
    assert within(60, lambda: is_ready(node, "web"))
    pod = _only_pod(node)
    for name in NAMES:
        before = node.status().parts
        node.kill(name)
        assert node.status().parts[name].pid is None
        assert _answers(address)
        node.up()
        after = node.status().parts
        assert {other for other in NAMES if after[other].pid != before[other].pid} == {name}
    now = _only_pod(node)
    assert now["metadata"]["uid"] == pod["metadata"]["uid"]
    assert now["status"]["containerStatuses"][0]["restartCount"] == 0


def test_parts_can_be_paused(ground: Ground) -> None:
    """While etcd is paused the API isn't ready; when it goes on, so does the API."""
    node = ground.node()
    node.up()
    with Api(node.kubeconfig) as api:
        node.pause("etcd")
        assert within(30, lambda: not api.is_ready())
        node.resume("etcd")
        assert within(30, api.is_ready)
    assert within(30, lambda: node.status().ready)


def test_a_machine_has_room_for_one_node(ground: Ground) -> None:
    """A second node is refused, and the text says what to do."""
    ground.node().up()
    with pytest.raises(NodeError, match=f"room for one: tidegate node down --name {ground.name}"):
        ground.node("other").up()


def test_the_command(ground: Ground, tmp_path: Path) -> None:
    """`tidegate node` from `up` to `down`, as a script uses it."""
    up = json.loads(_tidegate(ground, "up", "--json").stdout)
    assert up["kind"] == "own"
    assert _tidegate(ground, "kubeconfig").stdout.strip() == up["kubeconfig"]
    status = json.loads(_tidegate(ground, "status", "--json").stdout)
    assert status["ready"]
    assert status["add_ons"] == list(catalog.DEFAULT)
    assert set(status["parts"]) == {*NAMES, *catalog.read(ground.node().folder).parts}
    assert status["urls"] == up["urls"] == {"envoy": ground.node().gateway}
    assert "tidegate.dev/shop/dashboard:v2-slow" in json.loads(_tidegate(ground, "load-image", str(ground.shop), "--json").stdout)["images"]
    assert "leader" in _tidegate(ground, "logs", "etcd").stdout
    assert "Serving securely" in _tidegate(ground, "logs", "metrics-server").stdout
    assert "there is no add-on 'mesh'" in _tidegate(ground, "up", "--add-ons", "mesh", code=1).stderr
    assert "there is no part 'nobody'" in _tidegate(ground, "logs", "nobody", code=2).stderr
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no archive")
    assert "images import" in _tidegate(ground, "load-image", str(broken), code=1).stderr
    assert json.loads(_tidegate(ground, "down", "--json").stdout) == {"ended": True}
    assert "isn't up" in _tidegate(ground, "status", code=1).stderr


def _kill_everything(ground: Ground) -> None:
    """Kill all processes of the node and of its pods at once."""
    folder = ground.node().folder
    taken = machine.read(folder)
    assert taken is not None
    everything = [*processes.marked(folder), *cgroups.inside(taken.cgroup)]
    for process in everything:
        process.send(signal.SIGKILL)
    assert processes.gone(everything, 10)


def _only_pod(node: Node) -> dict[str, Any]:
    with client(node) as api:
        [pod] = api.list(Pod, namespace="default")
    found: dict[str, Any] = pod.to_dict()
    return found


def _answers(address: str, path: str = "/health") -> bool:
    try:
        return httpx.get(f"http://{address}{path}", trust_env=False, timeout=2).is_success
    except httpx.TransportError:
        return False


def _tidegate(ground: Ground, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tidegate.cli.main", "node", arguments[0], "--name", ground.name, *arguments[1:]]
    done = subprocess.run(command, env=dict(ground.environment), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stderr
    return done
