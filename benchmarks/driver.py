"""How fast the driver is: where there are hundreds of services in one stack, and when it moves traffic.

`python -m benchmarks.driver [--services N] [--runs N]` prints a table; figures are medians of wall-clock times. The command is started
anew for each; the clusters are processes of their own. A step's own work is all that a driver does for it once it is time: to look, to
decide, the update, and to see users arrive. Going back is timed from the verdict until no user gets to the candidate any more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import yaml

from benchmarks.switch.switchers.driver import Driver
from benchmarks.switch.switchers.switcher import Operation
from benchmarks.switch.switchers.up import Stack
from benchmarks.table import ROOT, show
from tidegate.cluster.port import KubernetesCluster
from tidegate.stack.port import PulumiStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.table import Row

_NAME: Final = "bench"
_QUICK: Final = {"startup": {"period": "1s"}, "ready": {"period": "1s"}}
_STEPS: Final = [{"weight": 25, "soak": "0s"}, {"weight": 100, "soak": "0s"}]
_A_NODE: Final = 20
"""Services on a node, with room for their second slots."""
_LONGEST: Final = 1800


@dataclass(frozen=True, slots=True)
class Place:
    """A stack on a cluster, and its commands."""

    folder: Path
    environment: dict[str, str]

    def tidegate(self, *words: str) -> tuple[str, float]:
        """Run a command: its output, and how long it took."""
        command = [sys.executable, "-m", "tidegate.cli.main", *words]
        start = time.monotonic()
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=_LONGEST, check=False)
        took = time.monotonic() - start
        if done.returncode:
            raise SystemExit(f"`tidegate {' '.join(words)}` ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout, took

    def verb(self, *words: str) -> float:
        """A verb of releases: how long it took."""
        return self.tidegate(*words, "--stack", _NAME, "--json")[1]

    def release(self, names: list[str], version: str) -> float:
        """Release this version of them: how long it took."""
        return self.verb("release", *(f"{name}={version}" for name in names), "--yes")


@contextmanager
def place(services: dict[str, dict[str, Any]], nodes: int) -> Iterator[Place]:
    """A stack of these services, installed, on a cluster of its own."""
    folder = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    program = folder / "program"
    program.mkdir()
    (folder / "state").mkdir()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, program / name)
    (program / f"Pulumi.{_NAME}.yaml").write_text(yaml.safe_dump({"config": _config(services)}, sort_keys=False))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | {
        "PYTHONPATH": str(ROOT),
        "TIDEGATE_ENGINE": "embedded",
        "XDG_STATE_HOME": str(folder / "local"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "bench",
    }
    # Modules are compiled once, as they are wherever something is installed.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    found = Place(program, environment)
    try:
        environment["KUBECONFIG"] = json.loads(found.tidegate("local", "up", "--rate", "20", "--nodes", str(nodes), "--json")[0])[
            "kubeconfig"
        ]
        found.tidegate("pulumi", "stack", "init", _NAME)
        found.tidegate("pulumi", "up", "--yes", "--skip-preview", "--stack", _NAME)
        yield found
    finally:
        found.tidegate("local", "down")
        shutil.rmtree(folder, ignore_errors=True)


def _config(services: dict[str, dict[str, Any]]) -> dict[str, Any]:
    usual = {"version": "v1", "replicas": 1, "probes": _QUICK, "drain": "1s", "grace": "1s"}
    return {
        "tidegate:environment": {
            "name": "bench",
            "tier": "local",
            "domain": "shop.example",
            "registry": "registry.example",
            "namespace": "shop",
            "team": "shop",
            "cost_centre": "4711",
            "gateway": {"name": "public", "class_name": "local"},
        },
        "tidegate:services": {name: {"image": name, **usual, **settings} for name, settings in services.items()},
        "tidegate:monitoring": {"kind": "none"},
        "tidegate:releases": {"bake": "0s"},
    }


def many(number: int, runs: int) -> list[Row]:
    """A stack of so many services, all of them canaries behind a gateway."""
    services = {
        f"s{i:03}": {"strategy": "canary", "steps": _STEPS, "traffic": {"kind": "gateway", "host": f"s{i:03}"}} for i in range(number)
    }
    names = list(services)
    with place(services, number // _A_NODE + 3) as there:
        there.verb("status")
        status = statistics.median(there.verb("status") for _ in range(max(runs, 5)))
        ones, tens = [], []
        for i in range(runs):
            ones.append(there.release(names[:1], f"v{i + 2}"))
            tens.append(there.release(names[1:11], f"v{i + 2}"))
    one, ten = statistics.median(ones), statistics.median(tens)
    return [
        (f"{number} services: `status`, seconds", status, "1"),
        (f"{number} services: a release of one, seconds", one, ""),
        (f"{number} services: a release of ten, seconds", ten, ""),
        ("  as many times as long", ten / one, "3"),
    ]


def moving(runs: int) -> list[Row]:
    """A step of a canary, and going back from it."""
    steps_ = [{"weight": 25, "soak": "10m"}, {"weight": 100, "soak": "10m"}]
    analysed = {"strategy": "canary", "steps": steps_, "traffic": {"kind": "gateway", "host": "www"}, "analysis": {"interval": "1s"}}
    steps, backs = [], []
    with place({"web": analysed, "api": {}}, 3) as there, _environment(there.environment):
        driver = Driver(Stack(str(there.folder), _NAME, there.environment["KUBECONFIG"]), "web", ("v1", "v2"))
        try:
            for _ in range(runs):
                driver.prepare(Operation.SHIFT)
                start = time.monotonic()
                driver.shift(25)
                steps.append(time.monotonic() - start)
                with _Users(there.folder, "web") as users:
                    start = time.monotonic()
                    driver.abort()
                backs.append(users.gone - start)
        finally:
            driver.close()
    return [
        ("a weight step's own work, seconds", statistics.median(steps), "1"),
        ("from the verdict to no user on the candidate, seconds", statistics.median(backs), "0.5"),
        ("  the longest", max(backs), "0.5"),
    ]


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    """What a driver in this process goes by."""
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Users:
    """Looks where a service's users go, until none of them goes to the candidate."""

    def __init__(self, folder: Path, service: str) -> None:
        stack = PulumiStack(folder, _NAME)
        self._cluster, self._reading = KubernetesCluster(stack.told({}, {}).values, folder), stack.read()
        self._service, self.gone = service, 0.0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._there()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(_LONGEST)
        self._cluster.close()

    def _look(self) -> None:
        while self._there():
            time.sleep(0.005)
        self.gone = time.monotonic()

    def _there(self) -> int:
        assert self._reading.ledger is not None  # noqa: S101 - it was installed
        seen = self._cluster.traffic(self._reading)[self._service]
        return seen.weights[self._reading.ledger.services[self._service].candidate]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    show([*moving(10 * options.runs), *many(options.services, options.runs)])


if __name__ == "__main__":
    main()
