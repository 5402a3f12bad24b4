"""`tidegate local`, as a person or a script runs it: real processes, a real cluster."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import httpx
import lightkube
import pytest
import yaml
from lightkube.resources.core_v1 import Namespace

from embedded.cluster import launch
from embedded.cluster.place import Place
from tidegate.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
DEPLOYMENT = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "shop:1.0"}]}},
    },
}


class Local:
    """The command, with a state folder of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.place = Place(state / "tidegate" / "local" / "local")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it: in a process of its own what starts or ends one, all else in this one, which is much faster."""
        own = {"XDG_STATE_HOME": str(self.state), "NO_COLOR": "1", "COLUMNS": "200", **environment}
        if arguments[0] not in {"up", "down"}:
            said, told = io.StringIO(), io.StringIO()
            with mock.patch.dict(os.environ, own), redirect_stdout(said), redirect_stderr(told):
                code = run(["local", *arguments])
            return subprocess.CompletedProcess(arguments, code, said.getvalue(), told.getvalue())
        return subprocess.run(
            [sys.executable, "-m", "tidegate.cli.main", "local", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), **own},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def answer(self, *arguments: str) -> dict[str, Any]:
        """Run it, well, for its JSON."""
        done = self.run(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def say(self, *arguments: str) -> str:
        """Run it, well, for what it tells people."""
        done = self.run(*arguments)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        return done.stderr

    def refused(self, code: int, *arguments: str, **environment: str) -> str:
        """Run it, for an error of this code; returns its text."""
        done = self.run(*arguments, **environment)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        return done.stderr

    def client(self) -> httpx.Client:
        """A client that has got in by the kubeconfig."""
        config = yaml.safe_load(self.place.kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        return httpx.Client(base_url=cluster["server"], verify=trust, headers={"Authorization": f"Bearer {user['token']}"}, timeout=30)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder; no cluster is left in it."""
    folder = tmp_path_factory.mktemp("state")
    yield folder
    for name in (folder / "tidegate" / "local").glob("*"):
        if (running := Place(name).running()) is not None:
            os.kill(running.pid, signal.SIGKILL)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    """The command, with no cluster yet, and none left."""
    found = Local(tmp_path)
    yield found
    for folder in (tmp_path / "tidegate" / "local").glob("*"):
        if (running := Place(folder).running()) is not None:
            os.kill(running.pid, signal.SIGKILL)
            assert Place(folder).gone(10)


@pytest.fixture(scope="module")
def shared(state: Path) -> Local:
    """The command, with a cluster by hand that several tests use."""
    found = Local(state)
    found.answer("up", "--rate", "0", "--seed", "7")
    return found


def test_up_says_where_it_is(local: Local) -> None:
    """Five facts for scripts; the kubeconfig leads to a cluster that answers, and so does the Prometheus URL."""
    facts = local.answer("up")
    assert list(facts) == ["kubeconfig", "url", "prometheus", "pid"]
    assert facts["kubeconfig"] == str(local.place.kubeconfig)
    with local.client() as client:
        assert client.base_url == facts["url"]
        assert "default" in [n["metadata"]["name"] for n in client.get("/api/v1/namespaces").json()["items"]]
        assert len(client.get("/api/v1/nodes").json()["items"]) == 3
    assert httpx.get(f"{facts['prometheus']}/-/ready", timeout=10).status_code == 200
    assert stat.S_IMODE(local.place.kubeconfig.stat().st_mode) == 0o600


def test_clients_get_in_by_the_kubeconfig(shared: Local) -> None:
    """HTTPS and a token are no obstacle for kubectl and lightkube, and nothing but the kubeconfig is needed."""
    kubectl = shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.defpath}")
    environment = {"KUBECONFIG": str(shared.place.kubeconfig), "HOME": str(shared.state)}
    if kubectl is not None:
        command = [kubectl, "get", "nodes", "--output=name"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout.split(), done.stderr) == (["node/node-1", "node/node-2", "node/node-3"], "")
    with lightkube.Client(lightkube.KubeConfig.from_file(shared.place.kubeconfig)) as client:
        assert client.get(Namespace, "default").metadata is not None


def test_up_is_for_its_owner_alone(local: Local) -> None:
    """Without the token nobody is answered, neither by Kubernetes nor by the control API; and there is no plain HTTP."""
    facts = local.answer("up")
    with local.client() as client:
        client.headers.pop("Authorization")
        for path in ("/api/v1/secrets", "/control/", "/control/journal"):
            assert client.get(path).status_code == 401
        assert client.get("/api/v1/secrets", headers={"Host": "evil.example"}).status_code == 403
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(facts["url"].replace("https:", "http:"), timeout=10)


def test_up_twice_is_one_cluster(local: Local) -> None:
    """The second says where it is; what it should be otherwise is refused, unless it is so anyway."""
    facts = local.answer("up", "--seed", "3")
    assert local.answer("up") == facts == local.answer("up", "--seed", "3", "--nodes", "3")
    text = local.refused(2, "up", "--seed", "4", "--rate", "10")
    assert (
        "error: the cluster local runs already, with --seed 3, not 4; --rate 1, not 10; take it down first, or leave the flags out" in text
    )


def test_two_ups_at_once_are_one_cluster(local: Local) -> None:
    """Whoever comes first starts it, the others wait for it."""
    with ThreadPoolExecutor(3) as pool:
        facts = list(pool.map(lambda _: local.answer("up"), range(3)))
    assert facts[0] == facts[1] == facts[2]


def test_up_for_people(local: Local) -> None:
    """Where it is, and what to try next; all of it on stderr."""
    said = local.say("up", "--name", "mine")
    assert said.startswith("The cluster mine is up.\nkubeconfig  ")
    for line in ("Try next:", "  tidegate local down --name mine"):
        assert line in said.splitlines()
    assert local.say("up", "--name", "mine").startswith("The cluster mine runs already.\n")


def test_down_leaves_nothing(local: Local) -> None:
    """No process, no file; a second one has nothing to do."""
    facts = local.answer("up")
    assert local.answer("down") == {"ended": True, "forced": False}
    assert not local.place.folder.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(facts["prometheus"], timeout=10)
    assert local.answer("down") == {"ended": False, "forced": False}
    assert local.say("down") == "The cluster local wasn't running.\n"
    assert not local.place.folder.exists()


def test_a_killed_cluster_is_recognised(local: Local) -> None:
    """Whoever asks is told so; the next `up` starts a new one."""
    facts = local.answer("up")
    os.kill(facts["pid"], signal.SIGKILL)
    assert local.place.gone(10)
    text = local.refused(1, "status")
    assert "error: the cluster local isn't running: it ended without being told to; start it with `tidegate local up`, or see" in text
    assert json.loads(local.run("status", "--json").stdout) == {"running": False}
    assert "isn't running" in local.refused(1, "faults")
    assert local.answer("up")["pid"] != facts["pid"]
    assert local.answer("status")["running"] is True


def test_a_cluster_whose_state_is_broken_can_be_ended(local: Local) -> None:
    """Its lock says which process it is."""
    facts = local.answer("up")
    (local.place.folder / "state.json").write_text("{")
    with socket.create_connection(("127.0.0.1", int(facts["prometheus"].rpartition(":")[2])), timeout=20) as connection:
        assert local.answer("down") == {"ended": True, "forced": False}
        assert connection.recv(1) == b""


def test_a_cluster_whose_folder_is_gone_ends(local: Local) -> None:
    """Nobody could find it any more, nor end it."""
    facts = local.answer("up")
    with socket.create_connection(("127.0.0.1", int(facts["prometheus"].rpartition(":")[2])), timeout=20) as connection:
        shutil.rmtree(local.place.folder)
        assert connection.recv(1) == b""


def test_a_cluster_that_does_not_end_is_ended(local: Local) -> None:
    """A stopped process hears of no polite signal."""
    facts = local.answer("up")
    os.kill(facts["pid"], signal.SIGSTOP)
    assert local.answer("down") == {"ended": True, "forced": True}
    assert not local.place.folder.exists()


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_cluster_that_is_asked_to_end_tidies_up(local: Local, wish: signal.Signals) -> None:
    """Whoever asks: nothing that it said of itself is left."""
    facts = local.answer("up")
    os.kill(facts["pid"], wish)
    assert local.place.gone(10)
    assert local.place.read() is None
    assert not local.place.kubeconfig.exists()
    assert "error: the cluster local isn't running; start it with `tidegate local up`\n" in local.refused(1, "status")


@pytest.mark.parametrize("flag", ["--port", "--prometheus-port"])
def test_a_busy_port(local: Local, flag: str) -> None:
    """Which one, and what to do; nothing runs afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = local.refused(1, "up", flag, str(port))
    assert f"error: can't listen on port {port} of 127.0.0.1: it is in use; name another, or none to have a free one chosen\n" in text
    assert local.place.running() is None


def test_a_port_of_choice(local: Local) -> None:
    """The port that was asked for is the port."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    assert local.answer("up", "--port", str(port))["url"] == f"https://127.0.0.1:{port}"


def test_a_state_folder_that_cannot_be_used(local: Local, tmp_path: Path) -> None:
    """Which one, why, and what to do."""
    (tmp_path / "file").write_text("")
    text = local.refused(2, "up", XDG_STATE_HOME=str(tmp_path / "file"))
    assert f"error: can't make {tmp_path}/file/tidegate/local/local (Not a directory); set XDG_STATE_HOME to a folder that you own" in text


def test_files_that_cannot_be_written(local: Local) -> None:
    """A start that fails for its folder says which one, and why; a full disk has no room for a log."""
    local.place.make()
    local.place.kubeconfig.mkdir()
    assert f"error: can't keep the cluster's files in {local.place.folder}: Is a directory\n" in local.refused(1, "up")


def test_a_failed_start_says_why(local: Local, tmp_path: Path) -> None:
    """A process that dies before it is ready leaves its last words, and no cluster."""
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\necho no room for a cluster >&2\nexit 1\n")
    dying.chmod(0o700)
    with (
        mock.patch.object(sys, "executable", str(dying)),
        pytest.raises(launch.LaunchError, match="ended while it was starting; its last words: no room for a cluster"),
    ):
        launch.up(local.place, "local", launch.Wish())
    assert local.place.running() is None


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["up", "--rate", "-1"], "--rate"),
        (["up", "--nodes", "0"], "--nodes"),
        (["up", "--port", "70000"], "--port"),
        (["up", "--bogus"], "--bogus"),
        (["up", "--name", "../x"], "error: '../x' is no name for a cluster: take small letters, digits and dashes, 40 at most"),
        (["clock", "advance", "soon"], "'soon' is no duration"),
        (["clock", "rate", "inf"], "time can't pass inf times as fast"),
        (["faults", "add"], "kind"),
        (["bogus"], "bogus"),
    ],
)
def test_wrong_flags(local: Local, arguments: list[str], text: str) -> None:
    """What isn't known or makes no sense is a configuration error, and starts nothing."""
    assert text.lower() in local.refused(2, *arguments).lower()
    assert not local.place.folder.exists()


@pytest.mark.parametrize(
    "arguments", [["faults"], ["faults", "add", "503"], ["traffic", "report"], ["clock", "advance", "1s"], ["status"], ["journal"]]
)
def test_without_a_cluster(local: Local, arguments: list[str]) -> None:
    """Each verb says that there is none, and how to start it."""
    assert local.refused(1, *arguments) == "error: the cluster local isn't running; start it with `tidegate local up`\n"
    assert not local.place.folder.exists()


def test_several_clusters(local: Local) -> None:
    """Each name is a cluster of its own."""
    first, second = local.answer("up"), local.answer("up", "--name", "two")
    assert first["url"] != second["url"]
    assert local.answer("down", "--name", "two")["ended"]
    assert local.answer("status")["pid"] == first["pid"]


def test_status(shared: Local) -> None:
    """What the cluster is, and how it is."""
    found = shared.answer("status")
    assert found.items() >= {"running": True, "name": "local", "seed": 7, "faults": 0, "flows": 0}.items()
    labels = [line.split()[0] for line in shared.say("status").splitlines()]
    assert labels == ["kubeconfig", "url", "prometheus", "pid", "version", "seed", "time", "nodes", "pods", "requests", "faults", "flows"]


def test_the_clock(shared: Local) -> None:
    """It stands still by hand, goes on when it is told to, and runs when it is told to."""
    before = shared.answer("clock")
    assert shared.answer("clock")["elapsed"] == before["elapsed"]
    assert shared.answer("clock", "advance", "1m30s")["elapsed"] == pytest.approx(before["elapsed"] + 90)
    assert "time passes by hand." in shared.say("clock")
    assert shared.answer("clock", "rate", "10")["rate"] == 10
    assert shared.answer("clock", "rate", "0")["rate"] == 0


def test_the_journal_of_the_same_run_is_the_same(local: Local) -> None:
    """Two clusters of one seed that are asked the same have journals equal to the byte; another seed has another."""
    journals = []
    for seed in ("7", "7", "8"):
        local.answer("up", "--rate", "0", "--seed", seed)
        with local.client() as client:
            client.post("/apis/apps/v1/namespaces/default/deployments", json=DEPLOYMENT).raise_for_status()
        local.answer("faults", "add", "crash", "--pod", "default/*", "--after", "5s", "--period", "5s", "--probability", "0.5")
        local.answer("clock", "advance", "2m")
        done = local.run("journal")
        assert (done.returncode, done.stderr) == (0, "")
        journals.append(done.stdout)
        local.answer("down")
    assert journals[0] == journals[1] != journals[2]
    assert {json.loads(line)["kind"] for line in journals[0].splitlines()} >= {"object", "strike"}


def test_faults(shared: Local) -> None:
    """They are added in plain flags, strike, are listed with what they struck, and are removed."""
    assert "Try: tidegate local faults add" in shared.say("faults", "list")
    said = shared.say("faults", "add", "503", "--verb", "create", "--resource", "configmaps", "--nth", "2")
    assert said.startswith("Fault ")
    assert ": 503 --verb create --resource configmaps --nth 2." in said
    with shared.client() as client:
        codes = [client.post("/api/v1/namespaces/default/configmaps", json={"metadata": {"name": name}}).status_code for name in "abc"]
    assert codes == [201, 503, 201]
    [fault] = shared.answer("faults")["faults"]
    assert (fault["hits"], fault["spent"]) == (["create configmaps default"], True)
    lines = shared.say("faults").splitlines()
    assert lines[0].split() == ["ID", "KIND", "WHAT", "STRUCK", "STATE", "LAST"]
    assert lines[1].split()[:2] == [fault["id"], "503"]
    assert shared.say("faults", "remove", fault["id"]) == "1 fault ended.\n"
    assert f"error: there is no fault {fault['id']}; there are: none" in shared.refused(2, "faults", "remove", fault["id"])
    assert shared.say("faults", "clear") == "0 faults ended.\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["explode"], "there is no fault 'explode' of requests; there are slow, drop, lost, watch-drop, and each status from 400 to 599"),
        (["503", "--pod", "shop/web"], "a fault 503 has no pod; it takes verb, resource"),
        (["503", "--nth", "0"], "nth is 0; it counts from 1"),
        (["503", "--verb", "create", "--object", "web"], "a create doesn't say in its URL which object it is about"),
        (["crash", "--probability", "2"], "probability is 2.0; it goes from 0 to 1"),
    ],
)
def test_faults_that_make_no_sense(shared: Local, arguments: list[str], text: str) -> None:
    """The cluster says what is wrong; the command says it as a configuration error."""
    assert f"error: {text}" in shared.refused(2, "faults", "add", *arguments)


def test_pods_and_nodes_fail(shared: Local) -> None:
    """A node is lost on demand, and comes back when the fault is removed."""
    node = next(iter(shared.answer("status")["nodes"]))
    fault = shared.answer("faults", "add", "node-lost", "--node", node)
    shared.answer("clock", "advance", "1m")
    assert shared.answer("status")["nodes"][node] == "not ready"
    shared.answer("faults", "remove", fault["id"])
    shared.answer("clock", "advance", "1s")
    assert shared.answer("status")["nodes"][node] == "ready"


def test_traffic(shared: Local) -> None:
    """Users come to a service, are counted by slot and version, and go."""
    assert "Try: tidegate local traffic start" in shared.say("traffic")
    with shared.client() as client:
        labels = {"app": "web"}
        template = {"metadata": {"labels": labels | {"slot": "blue"}}, "spec": {"containers": [{"name": "web", "image": "shop:1.0"}]}}
        deployment = {"metadata": {"name": "web"}, "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}}
        assert client.post("/apis/apps/v1/namespaces/default/deployments", json=deployment).status_code == 201
        service = {"metadata": {"name": "web"}, "spec": {"selector": labels, "ports": [{"port": 80}]}}
        assert client.post("/api/v1/namespaces/default/services", json=service).status_code == 201
    shared.answer("clock", "advance", "30s")
    assert shared.answer("status")["pods"] == {"all": 2, "ready": 2}
    assert "200 requests a second go to http://web.default.svc/" in shared.say("traffic", "start", "default/web", "--rate", "200")
    shared.answer("clock", "advance", "60s")
    [flow] = shared.answer("traffic", "list")["flows"]
    assert (flow["name"], flow["requests"], flow["failed"]) == ("default/web", 12000, 0)
    [backend] = shared.answer("traffic", "report")["backends"]
    assert {k: backend[k] for k in ("namespace", "service", "slot", "version")} == {
        "namespace": "default",
        "service": "web",
        "slot": "blue",
        "version": "1.0",
    }
    assert backend["failed"] == 0
    assert 0 < backend["p50"] < backend["p99"] < 1
    rows = shared.say("traffic").splitlines()
    assert [rows[0].split(), rows[1].split()[:3]] == [
        ["SERVICE", "SLOT", "VERSION", "REQUESTS", "ERRORS", "P50", "P99"],
        ["default/web", "blue", "1.0"],
    ]
    assert shared.say("traffic", "stop") == "1 flow stopped.\n"
    assert "error: there is no flow x; there are: none" in shared.refused(2, "traffic", "stop", "x")


def test_names_are_names_and_not_paths(shared: Local) -> None:
    """What is to be removed is never anything else; a flow that is called by its URL is stopped by it."""
    shared.answer("traffic", "start", "http://shop.example/a/../b?c")
    for verbs in (
        ["faults", "remove", "../flows"],
        ["faults", "remove", ".."],
        ["traffic", "stop", "../faults"],
        ["traffic", "stop", "x?y"],
    ):
        shared.refused(2, *verbs)
    assert len(shared.answer("traffic", "list")["flows"]) == 1
    shared.answer("clock", "advance", "1s")
    assert shared.say("traffic").splitlines()[1].split() == ["-", "-", "-", "100", "100.00%", "-", "-"]
    assert shared.say("traffic", "stop", "http://shop.example/a/../b?c") == "1 flow stopped.\n"


def test_what_is_proposed_is_about_the_same_cluster(local: Local) -> None:
    """A command that is told of can be run as it stands."""
    assert "tidegate local down --name two\n" in local.say("up", "--name", "two")
    assert local.say("faults", "add", "503", "--lasts", "5s", "--name", "two").endswith(
        "It ends after that time, or with `tidegate local faults remove 1 --name two`.\n"
    )
    assert local.say("traffic", "start", "a/b", "--name", "two").endswith("tidegate local traffic report --name two\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["start", "web"], "'web' is neither NAMESPACE/SERVICE, such as shop/web, nor a URL"),
        (["start", "shop/web", "--header", "x"], "--header 'x' is not of the form 'NAME: VALUE'"),
        (["start", "ftp://x/"], "must be like http://"),
    ],
)
def test_traffic_that_makes_no_sense(shared: Local, arguments: list[str], text: str) -> None:
    """A target is a service or a URL."""
    assert text in shared.refused(2, "traffic", *arguments)


def test_the_process_can_run_in_the_foreground(tmp_path: Path) -> None:
    """Without the command around it: it says on stdout that it is ready, and ends when it is told to."""
    command = [sys.executable, "-m", "embedded.cluster", f"--folder={tmp_path / 'x'}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert (second.returncode, json.loads(second.stdout)) == (1, {"error": f"a cluster runs in {tmp_path / 'x'} already"})
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert Place(tmp_path / "x").read() is None
