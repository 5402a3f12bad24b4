"""The program itself, `__main__.py`, as a stack on a cluster: its configuration is a stack file, and users count how they fare."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pytest

from embedded.cluster.cluster import Cluster
from embedded.cluster.faults.disruptions import Disruption
from embedded.cluster.faults.rules import Drop
from embedded.cluster.traffic.flows import Flow
from embedded.providers.kubernetes.awaiting import operations
from embedded.providers.kubernetes.awaiting.annotations import timeout_of
from tests.local.kubernetes.stack import Stack, lose_patience
from tidegate.model.base import seconds
from tidegate.model.ledger import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from embedded.cluster.faults.requests import Request
    from embedded.cluster.faults.rules import Action, Rule
    from embedded.cluster.model.objects import Obj
    from tests.local.kubernetes.stack import Run
    from tidegate.model.ledger import Ledger, Record

    Config = dict[str, Any]

ROOT: Final = Path(__file__).parents[3]
SPACE: Final = "shop"
# How fast the cluster's time passes.
RATE: Final = 20
USERS: Final[Mapping[str, str]] = MappingProxyType(
    {"api": f"http://api.{SPACE}.svc/", "web": f"http://web.{SPACE}.svc/", "host": "http://www.shop.example/"}
)
STEPS: Final = [{"weight": 5}, {"weight": 50}, {"weight": 100}]
SERVICES, ROUTES, DEPLOYMENTS = "/services", "gateway.networking.k8s.io/httproutes", "apps/deployments"
_QUICK: Final = {"startup": {"period": "1s"}, "ready": {"period": "1s"}}
_SMOKE: Final = {"smoke": {"paths": ["/health"], "timeout": "2m", "retries": 0}}
WRITES: Final = frozenset({"create", "update", "patch", "apply", "delete", "deletecollection"})
# Late enough for every slot that is kept to be kept no longer.
LATE: Final = "2100-01-01T00:00:00+00:00"
# Seconds that an engine waits for anything in its last update.
_LAST_WAIT: Final = 30.0


def shop(web: str = "v1", api: str = "v1", *, canary: bool = False, more: Mapping[str, Mapping[str, Any]] | None = None) -> Config:
    """Two services: users reach `web` by a host and from inside, and it calls `api`. `more` is more settings, by service."""
    strategy = {"strategy": "canary", "steps": STEPS} if canary else {}
    services: dict[str, dict[str, Any]] = {
        "web": {"version": web, "depends_on": ["api"], "traffic": {"kind": "gateway", "host": "www"}, **strategy},
        "api": {"version": api},
    }
    for name, settings in (more or {}).items():
        services.setdefault(name, {}).update(settings)
    usual = {"version": "v1", "probes": _QUICK, "checks": _SMOKE, "drain": "3s", "grace": "1s", "ready_within": "3m"}
    return {
        "environment": {
            "name": "test",
            "tier": "local",
            "domain": "shop.example",
            "registry": "registry.example",
            "namespace": SPACE,
            "team": "shop",
            "cost_centre": "4711",
            "gateway": {"name": "public", "class_name": "local"},
        },
        "services": {name: {"image": name, **usual, **settings} for name, settings in services.items()},
        "monitoring": {"kind": "none"},
    }


def event(kind: str, at: str = LATE, **settings: Any) -> Config:
    """What a driver asks for."""
    return {"kind": kind, "stamp": {"at": at, "by": "tester"}, **settings}


class Recorded:
    """What a stack's ledger says, whatever cluster the stack is on."""

    __slots__ = ()
    stack: Stack

    @property
    def ledger(self) -> Ledger:
        """The stack's ledger."""
        return migrate(self.stack.outputs()["ledger"])

    def record(self, service: str) -> Record:
        """What the ledger has of a service."""
        return self.ledger.services[service]

    def live(self, service: str) -> str:
        """The version that is live, as the ledger has it."""
        record = self.record(service)
        return record.slots[record.live].version

    def phase(self) -> str:
        """That of the last release."""
        release = self.ledger.release
        assert release is not None
        return release.phase


@dataclass(slots=True)
class Place(Recorded):
    """A cluster with the stack on it, and its users."""

    cluster: Cluster
    stack: Stack
    _counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def up(self, config: Config, happens: Config | None = None, **options: Any) -> Run:
        """Update to an intent, or let an event happen."""
        self.configure(config, happens)
        return self.stack.up(program, **options)

    def preview(self, config: Config, happens: Config | None = None) -> Run:
        """What such an update would do."""
        self.configure(config, happens)
        return self.stack.preview(program)

    def configure(self, config: Config, happens: Config | None = None) -> None:
        """Write the stack's file."""
        keys = {**config, **({"event": happens} if happens else {})}
        self.stack.configure({f"tidegate:{key}": deepcopy(value) for key, value in keys.items()})

    def install(self, config: Config, **users: str) -> None:
        """The first update; from then on there are users."""
        self.up(config).well()
        self.pass_time("2s")
        for name, url in (users or USERS).items():
            self.users(name, url)

    def users(self, name: str, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        """Let users send requests, from now on."""
        self.cluster.call(lambda: self.cluster.traffic.set_flow(Flow(name, url, 100, headers=tuple(headers.items()))))

    def told(self) -> dict[str, Obj]:
        """How each kind of users has fared."""
        return {flow["name"]: flow for flow in self.cluster.call(self.cluster.traffic.report)}

    def unharmed(self) -> None:
        """No request has ever failed."""
        for told in self.told().values():
            assert told["failed"] == 0, told
            assert told["requests"] > 0, told

    def answered(self) -> dict[str, Counter[str]]:
        """By which versions each kind of users was answered since the last time that this was asked, always well."""
        self.pass_time("2s")
        self.unharmed()
        found: dict[str, Counter[str]] = {}
        counted = Counter({(n, b["version"]): 0 for n, told in self.told().items() for b in told["backends"]})
        for name, told in self.told().items():
            for backend in told["backends"]:
                counted[name, backend["version"]] += backend["requests"]
        for (name, version), number in (counted - self._counted).items():
            found.setdefault(name, Counter())[version] += number
        self._counted = counted
        return found

    def serving(self) -> dict[str, set[str]]:
        """By which versions each kind of users is answered from now on."""
        self.answered()
        return {name: set(versions) for name, versions in self.answered().items()}

    def pass_time(self, duration: str) -> None:
        """Let time pass."""
        self.cluster.advance(seconds(duration))

    def fault(self, rule: Rule) -> None:
        """Let requests to the cluster fail."""
        self.cluster.call(lambda: self.cluster.faults.add(rule))

    def disturb(self, kind: str, pods: str) -> None:
        """Let something happen to pods."""
        self.cluster.call(lambda: self.cluster.faults.add(Disruption(kind, f"{SPACE}/{pods}")))

    @contextmanager
    def dying(self, where: Callable[[Request], bool], *, handled: bool) -> Iterator[None]:
        """The engine is killed at the first write that is meant: nothing of it gets to the cluster or to the state from then on.

        With `handled` that write itself still happens, and only the state knows nothing of it.
        """
        decide, backend, dead = self.cluster.faults.decide, self.stack.backend, False
        write = backend.write_checkpoint

        def dies(request: Request) -> Action | None:
            nonlocal dead
            if dead:
                return Drop(handled=False)
            dead = request.verb in WRITES and where(request)
            return Drop(handled=handled) if dead else decide(request)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.cluster.faults, "decide", dies)
            patch.setattr(backend, "write_checkpoint", lambda *args: None if dead else write(*args))
            # What it waits for meanwhile it would wait for as long as anybody does whose server is away: ten minutes.
            patch.setattr(operations, "timeout_of", lambda *args: min(timeout_of(*args), _LAST_WAIT))
            lose_patience(patch)
            yield
        assert dead

    def mend(self) -> None:
        """No more faults."""
        self.cluster.call(self.cluster.faults.clear)

    def get(self, kind: str, name: str) -> Obj:
        """An object of the namespace; `kind` is its group and plural, as the store has it."""
        found = self.cluster.call(lambda: self.cluster.store.get(kind, SPACE, name))
        assert found is not None, f"no {kind} {name}"
        return dict(found)

    def all(self, kind: str) -> dict[str, Obj]:
        """All objects of the namespace, by name."""
        return {o["metadata"]["name"]: o for o in self.cluster.call(lambda: list(self.cluster.store.all(kind, SPACE)))}

    def pods(self, slot: str) -> set[str]:
        """The names of a slot's pods that are not about to go: `web-blue`."""
        service, _, colour = slot.rpartition("-")
        return {
            name
            for name, pod in self.all("/pods").items()
            if pod["metadata"]["labels"].get("tidegate.dev/slot") == colour
            and pod["metadata"]["labels"].get("app.kubernetes.io/name") == service
            and "deletionTimestamp" not in pod["metadata"]
        }

    def selected(self, service: str) -> str:
        """The slot that users from inside are led to."""
        return str(self.get(SERVICES, service)["spec"]["selector"]["tidegate.dev/slot"])

    def weights(self, service: str = "web") -> dict[str, int]:
        """How the users of the host are divided."""
        rule = self.get(ROUTES, service)["spec"]["rules"][0]
        return {b["name"].removeprefix(f"{service}-"): b["weight"] for b in rule["backendRefs"]}

    def settled(self, config: Config) -> None:
        """There is nothing left to do for this intent, and nothing is left from before."""
        again = self.up(config).well()
        assert changes(again) == {}
        assert not [text for text in again.messages if "pending operations" in text]
        assert {name for name, r in self.stack.resources().items() if r.init_errors} == set()

    def refused(self, config: Config, *texts: str, happens: Config | None = None) -> Run:
        """An update that is refused, with these texts; neither the cluster nor the state is touched."""
        before = self._state()
        self.cluster.call(self.cluster.faults.seen.clear)
        run = self.up(config, happens).failed(*texts)
        assert "Traceback" not in run.errors
        assert [str(r) for r in self.cluster.call(lambda: list(self.cluster.faults.seen)) if r.verb in WRITES] == []
        assert self._state() == before
        return run

    def _state(self) -> Any:
        """The resources in the state, as they are kept."""
        file = self.stack.folder / "backend" / ".pulumi" / "stacks" / "tidegate" / "dev.json"
        latest = json.loads(file.read_text())["checkpoint"].get("latest") or {}
        resources = latest.get("resources") or []
        # What it read of itself, providers, and components under new names are no matter.
        return {r["urn"]: {**r, "parent": None} for r in resources if r["type"].startswith("kubernetes:")}


def changes(run: Run) -> dict[str, int]:
    """What was done to how many resources; the stack's look at itself aside."""
    return {op: number for op, number in run.changes.items() if op != "read"}


def program() -> None:
    """The program, as the engine would run it."""
    runpy.run_path(str(ROOT / "__main__.py"), run_name="program")


@contextmanager
def place(folder: Path, *, rate: float = RATE) -> Iterator[Place]:
    """A cluster, and an empty stack."""
    with Cluster(rate=rate) as cluster:
        folder.mkdir(exist_ok=True)
        yield Place(cluster, Stack(folder / "stack", cluster.kubeconfig_file(folder / "kubeconfig"), project="tidegate"))
