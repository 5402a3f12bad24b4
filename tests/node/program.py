"""The program itself, `__main__.py`, as a stack on a real node: real pods behind a real gateway, and users who count how they fare.

The stack's file is written, the engine runs in this process (or as the command that people type), and users come through the gateway's
loopback address. They ask for /api/chain, for which the service asks those behind it: so requests from inside are among theirs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import yaml

from benchmarks.switch.load import CONNECTIONS, Load
from benchmarks.switch.recording import Recording
from embedded.node.api import Api
from tests.local.kubernetes.stack import Stack
from tests.local.program.stack import ROOT, STEPS, Recorded, changes, program
from tests.node import commanded
from tests.node.ground import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.switch.answers import Answer
    from embedded.node.node import Node
    from tests.local.kubernetes.stack import Run

    Config = dict[str, Any]
    Obj = dict[str, Any]

DOMAIN: Final = "shop.example"
PATIENCE: Final = 60.0
"""Seconds that a busy machine may take for what is awaited."""

_QUICK: Final = {"startup": {"period": "1s"}, "ready": {"period": "1s"}}
_SMOKE: Final = {"smoke": {"paths": ["/health", "/api/version"], "timeout": "1m", "retries": 0}}
_SIZE: Final = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "1", "memory": "64Mi"}}
# The load generator ends by itself after this: no test takes as long.
_LONGEST: Final = 500.0
_RATE: Final = 40.0
_TIMEOUT: Final = 10.0
_COMMAND: Final = 240


@dataclass(frozen=True, slots=True)
class Users:
    """Users of one host, half of them with kept connections and half with a new one for each request: load, from entering to leaving."""

    recordings: Mapping[str, Recording]

    def answers(self, since: float = 0) -> list[Answer]:
        """What came of the requests that were due since then, of both kinds of users, in the order in which they were due."""
        found = [answer for recording in self.recordings.values() for answer in recording.answers if answer.due >= since]
        return sorted(found, key=lambda answer: answer.due)

    def failures(self, since: float = 0) -> Counter[str]:
        """How many requests have failed, by connections, reason and version."""
        return Counter(
            f"{kind}: {answer.error or answer.status} of {answer.version or 'nobody'}"
            for kind, recording in self.recordings.items()
            for answer in recording.answers
            if answer.due >= since and not _good(answer)
        )

    def unharmed(self) -> None:
        """Both kinds of users have sent requests, and none has ever failed."""
        assert not self.failures()
        assert all(recording.answers for recording in self.recordings.values())

    def versions(self, since: float) -> Counter[str]:
        """How many requests that were due since then were answered well, by version."""
        return Counter(answer.version for answer in self.answers(since) if _good(answer))

    def served(self, number: int = 40) -> Counter[str]:
        """Wait for so many more good answers of each kind of users; by version."""
        now = time.monotonic()

        def enough() -> bool:
            return all(
                sum(answer.due >= now and _good(answer) for answer in reversed(recording.answers)) >= number
                for recording in self.recordings.values()
            )

        assert within(PATIENCE, enough), self.failures()
        return self.versions(now)

    def come_to(self, *versions: str) -> None:
        """Wait until all of both kinds are answered by these versions, and by each of them."""
        assert within(PATIENCE, lambda: set(self.served()) == set(versions)), self.served()


@contextmanager
def users(gateway: str, host: str, path: str = "/api/chain", rate: float = _RATE) -> Iterator[Users]:
    """Users of a host; so many requests a second of each kind."""
    with ExitStack() as stack:
        loads = {kind: Load(f"{gateway}{path}", host, rate, _LONGEST, kind, clients=16, timeout=_TIMEOUT) for kind in CONNECTIONS}
        yield Users({kind: stack.enter_context(Recording(load)) for kind, load in loads.items()})


@dataclass(slots=True)
class Place(Recorded):
    """A node with the stack on it, in a namespace of its own."""

    node: Node
    stack: Stack
    space: str
    digests: Mapping[str, str]
    """The images on the node, and what pins each."""
    api: Api
    executable: str | None = None
    """The command that carries updates out; without one the engine does in this process."""

    def shop(
        self, dashboard: str = "v1", manager: str = "v1", *, canary: bool = False, more: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Config:
        """Two of the example's services: users reach `dashboard` through the gateway, and it asks `mcp-manager`, behind a selector.

        `more` is more settings, by service.
        """
        strategy = {"strategy": "canary", "steps": STEPS} if canary else {}
        services: dict[str, Config] = {
            "dashboard": {
                **self.service("dashboard", dashboard, 3000),
                "depends_on": ["mcp-manager"],
                "env": {"SHOP_UPSTREAMS": "http://mcp-manager"},
                "traffic": {"kind": "gateway", "host": "www"},
                **strategy,
            },
            "mcp-manager": self.service("mcp-manager", manager, 3002),
        }
        for name, settings in (more or {}).items():
            services[name] |= settings
        return self.intent(services)

    def service(self, name: str, version: str, port: int) -> Config:
        """One of the example's services, as small and quick as a test wants it."""
        return {
            "image": name,
            "version": version,
            "digest": self.digests[f"tidegate.dev/shop/{name}:{version}"],
            "ports": {"http": port},
            "replicas": 2,
            "resources": _SIZE,
            "probes": _QUICK,
            "checks": _SMOKE,
            "drain": "2s",
            "grace": "10s",
            "ready_within": "2m",
        }

    def intent(self, services: Mapping[str, Any], **more: Any) -> Config:
        """An intent of these services."""
        return {
            "environment": {
                "name": "test",
                "tier": "local",
                "domain": self.domain,
                "registry": "tidegate.dev/shop",
                "namespace": self.space,
                "team": "shop",
                "cost_centre": "4711",
                "gateway": {"name": "public", "namespace": "gateways"},
            },
            "services": deepcopy(dict(services)),
            "monitoring": {"kind": "none"},
            **more,
        }

    @property
    def domain(self) -> str:
        """No other place's."""
        return f"{self.space}.{DOMAIN}"

    @contextmanager
    def users(self, host: str = "www", path: str = "/api/chain", rate: float = _RATE) -> Iterator[Users]:
        """Users from now on. When they leave, no request of theirs may have failed."""
        with users(self.node.gateway, f"{host}.{self.domain}", path, rate) as found:
            yield found
        found.unharmed()

    def ask(self, path: str = "/api/chain", host: str = "www", **headers: str) -> Any:
        """A single request through the gateway; its JSON."""
        answer = httpx.get(
            f"{self.node.gateway}{path}",
            headers={"Host": f"{host}.{self.domain}", **headers},
            trust_env=False,
            timeout=_TIMEOUT,
        )
        assert answer.is_success, answer.text
        return answer.json()

    def answers(self, service: str) -> str:
        """The version that answers who calls a service from inside, over a new connection: those that are kept stay with their pods."""
        address = self.one("v1/services", service)["spec"]["clusterIP"]
        answer = httpx.get(f"http://{address}/api/version", trust_env=False, timeout=_TIMEOUT)
        assert answer.is_success, answer.text
        return str(answer.json()["version"])

    def up(self, config: Config, happens: Config | None = None) -> Run:
        """Update to an intent, or let an event happen."""
        self.configure(config, happens)
        return self.stack.up(program) if self.executable is None else self._commanded("up", "--yes", "--skip-preview")

    def preview(self, config: Config, happens: Config | None = None) -> Run:
        """What such an update would do."""
        self.configure(config, happens)
        return self.stack.preview(program) if self.executable is None else self._commanded("preview")

    def _commanded(self, *arguments: str) -> Run:
        log = self.stack.folder / "events.jsonl"
        log.unlink(missing_ok=True)
        return commanded.run(self.command(*arguments, "--event-log", str(log), executable=self.executable), log)

    def command(self, *arguments: str, executable: str | None = None) -> subprocess.CompletedProcess[str]:
        """The same by the command that people type, or by another one that takes the same words; in the stack's folder."""
        called = [executable] if executable else [sys.executable, "-m", "tidegate.cli.main", "pulumi"]
        command = [*called, *arguments, "--stack", "dev", "--non-interactive"]
        # By this the real one takes the flag for a file of events.
        environment = {**self.environment, "PULUMI_DEBUG_COMMANDS": "true", "TIDEGATE_ENGINE": "embedded"}
        folder = self.stack.folder
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_COMMAND)

    @property
    def environment(self) -> dict[str, str]:
        """What commands on the stack are given; which engine carries them out follows from `executable`."""
        # The real one takes the programs' Python from PATH.
        beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.stack.folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "password",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # Its provider is on PATH; what isn't there isn't fetched, for which it would try again and again.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "TIDEGATE_ENGINE": "embedded" if self.executable is None else "pulumi",
            "PATH": beside,
            "PYTHONPATH": str(ROOT),
        }

    def configure(self, config: Config, happens: Config | None = None) -> None:
        """Write the stack's file."""
        keys = {**config, **({"event": happens} if happens else {})}
        settings = {f"tidegate:{key}": deepcopy(value) for key, value in keys.items()}
        self.stack.configure({"kubernetes:enableConfigMapMutable": "true", **settings})

    def settled(self, config: Config) -> None:
        """There is nothing left to do for this intent, and nothing is left from before."""
        again = self.up(config).well()
        assert changes(again) == {}
        assert not [text for text in again.messages if "pending operations" in text]

    def destroy(self) -> None:
        """Take the stack away; nothing of it is left on the node."""
        (self.stack.destroy() if self.executable is None else self._commanded("destroy", "--yes", "--skip-preview")).well()
        assert self.stack.resources() == {}
        assert self.get(f"/api/v1/namespaces/{self.space}") is None

    def get(self, path: str) -> Any:
        """What the API has at a path; None if there is nothing."""
        return self.api.get(path)

    def all(self, kind: str) -> dict[str, Obj]:
        """All objects of the namespace, by name; `kind` is its plural with what comes before: `v1/pods`, `apps/v1/deployments`."""
        group, _, plural = kind.rpartition("/")
        found = self.get(f"/{'api' if group == 'v1' else 'apis'}/{group}/namespaces/{self.space}/{plural}")
        assert found is not None, f"the API doesn't say which {kind} there are"
        return {one["metadata"]["name"]: one for one in found["items"]}

    def one(self, kind: str, name: str) -> Obj:
        """An object of the namespace that must be there."""
        return self.all(kind)[name]

    def pods(self, slot: str) -> set[str]:
        """The names of a slot's pods that are not about to go: `dashboard-blue`. The checks' pods are none of it."""
        service, _, colour = slot.rpartition("-")
        wanted = {"app.kubernetes.io/name": service, "tidegate.dev/slot": colour}
        return {
            name
            for name, pod in self.all("v1/pods").items()
            if wanted.items() <= pod["metadata"]["labels"].items() and "deletionTimestamp" not in pod["metadata"]
        }

    def taken(self, slot: str) -> int:
        """How many requests a slot's pods have answered; probes aren't counted."""
        pods, found = self.all("v1/pods"), 0
        for pod in (pods[name] for name in self.pods(slot)):
            port = pod["spec"]["containers"][0]["ports"][0]["containerPort"]
            said = httpx.get(f"http://{pod['status']['podIP']}:{port}/metrics", trust_env=False, timeout=_TIMEOUT).raise_for_status().text
            found += sum(int(line.split()[-1]) for line in said.splitlines() if line.startswith("http_requests_total{"))
        return found

    def restarts(self) -> int:
        """How often containers of the services were started again."""
        statuses = [status for pod in self.all("v1/pods").values() for status in pod["status"].get("containerStatuses", ())]
        return sum(status["restartCount"] for status in statuses)

    def selected(self, service: str) -> str:
        """The slot that callers from inside are led to."""
        return str(self.one("v1/services", service)["spec"]["selector"]["tidegate.dev/slot"])

    def weights(self, service: str = "dashboard") -> dict[str, int]:
        """How the users of the host are divided."""
        rule = self.one("gateway.networking.k8s.io/v1/httproutes", service)["spec"]["rules"][0]
        return {one["name"].removeprefix(f"{service}-"): one["weight"] for one in rule["backendRefs"]}


@contextmanager
def place(folder: Path, node: Node, space: str, digests: Mapping[str, str]) -> Iterator[Place]:
    """An empty stack on a node that is up, for a namespace of that name."""
    folder.mkdir(exist_ok=True)
    stack = Stack(folder / "stack", node.kubeconfig, project="tidegate")
    # For commands: the program is where it is.
    (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "tidegate", "runtime": "python", "main": str(ROOT)}))
    with Api(node.kubeconfig) as api:
        yield Place(node, stack, space, digests, api)


def _good(answer: Answer) -> bool:
    return not answer.error and 200 <= answer.status < 300
