"""A stack of two services on a local cluster, with the whole program: for what is typed at a terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.conformance.clusters import path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).parents[3]
STACK: Final = "shop"
FILE: Final = f"Pulumi.{STACK}.yaml"
HOST: Final = "http://www.shop.example/"
_TIMEOUT: Final = 300
REAL: Final = "pulumi"
"""The engine that is there only where somebody has installed it."""
# Its provider misses what happens faster than it can look.
_REAL_RATE: Final = 1.0
_INTENT: Final = """\
# The shop. (How its pages are made is another matter.)
config:
  tidegate:environment:
    name: test
    tier: local
    domain: shop.example
    registry: registry.example
    namespace: shop
    team: shop
    cost_centre: "4711"
    gateway: {{ name: public, class_name: local }}

  tidegate:services:
    web: # what users see
      image: web
      version: v1 # the first one
      depends_on: [api]
      traffic: {{ kind: gateway, host: www }}
      strategy: canary
      steps: {steps}
      {analysis}
      checks: {{ smoke: {{ paths: [/health], timeout: 2m, retries: 0 }} }}
      probes: {{ startup: {{ period: 1s }}, ready: {{ period: 1s }} }}
      drain: 1s
      grace: 1s
    api:
      image: api
      version: v1
      probes: {{ startup: {{ period: 1s }}, ready: {{ period: 1s }} }}
      drain: 1s
      grace: 1s

  tidegate:monitoring: {{ kind: none }}
  tidegate:releases: {{ bake: 1s }}
  tidegate:gates: {gates}
"""
QUICK: Final = "[{ weight: 25, soak: 1s }, { weight: 100, soak: 1s }]"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """What it said to programs."""
        return json.loads(self.out)

    def well(self) -> Ended:
        """It did what it was to do."""
        assert self.code == 0, self.err or self.out
        return self


@dataclass(slots=True)
class Shop:
    """The stack, its folder, and how its commands are run."""

    folder: Path
    environment: dict[str, str]

    def tidegate(self, *arguments: str, **more: str) -> Ended:
        """Run a command to its end."""
        done = subprocess.run(
            _command(arguments),
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def verb(self, *arguments: str, **more: str) -> Ended:
        """A verb of releases, for its JSON."""
        return self.tidegate(*arguments, "--stack", STACK, "--json", **more)

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A verb of releases that somebody sits before; what it tells them is read from stderr."""
        with subprocess.Popen(
            _command((*arguments, "--stack", STACK)),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def by(self, engine: str) -> Shop:
        """The same stack, for commands that another engine carries out."""
        return replace(self, environment=self.environment | _chosen(engine))

    def versions(self) -> dict[str, str]:
        """What is live."""
        found = self.verb("status").well().answer
        return {one["service"]: slot["version"] for one in found["services"] for slot in one["slots"] if slot["live"]}

    def users(self, rate: int = 50) -> None:
        """Let users come."""
        self.tidegate("local", "traffic", "start", HOST, "--rate", str(rate)).well()

    def failed(self) -> int:
        """How many requests have failed that weren't answered by a version whose answers are bad."""
        backends = self.tidegate("local", "traffic", "report", "--json").well().answer["backends"]
        assert sum(one["requests"] for one in backends) > 0
        return sum(one["failed"] for one in backends if not str(one["version"]).endswith("-errors"))


def heard(process: subprocess.Popen[str], text: str) -> str:
    """Wait until a running command says something; all that it has said until then."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if text in line:
            return said
    raise AssertionError(f"it never said {text!r}:\n{said}")


@contextmanager
def shop(
    place: Path, engine: str = "embedded", *, rate: float = 10, steps: str = QUICK, analysis: str = "", gates: str = "{}"
) -> Iterator[Shop]:
    """The stack, installed. `rate`: how fast the cluster's time passes; analysis wants it to be as fast as ours."""
    if engine == REAL:
        rate = min(rate, _REAL_RATE)
    folder = place / "program"
    folder.mkdir(parents=True)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "components").symlink_to(ROOT / "components")
    (folder / FILE).write_text(_INTENT.format(steps=steps, analysis=analysis, gates=gates))
    (place / "state").mkdir()
    environment = _environment(os.environ, place) | _chosen(engine)
    found = Shop(folder, environment)
    cluster = found.tidegate("local", "up", "--rate", str(rate), "--json").well().answer
    environment["KUBECONFIG"] = cluster["kubeconfig"]
    try:
        found.tidegate("pulumi", "stack", "init", STACK).well()
        found.tidegate("pulumi", "up", "--yes", "--skip-preview", "--stack", STACK).well()
        yield found
    finally:
        found.tidegate("local", "down")


def _chosen(engine: str) -> dict[str, str]:
    """What makes it this engine, with its own provider. The real one takes the programs' Python from PATH, too."""
    return {"TIDEGATE_ENGINE": engine, "PATH": path(plugin=engine == REAL)}


def _environment(environment: Mapping[str, str], place: Path) -> dict[str, str]:
    return {
        **environment,
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
        "COLUMNS": "200",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "XDG_STATE_HOME": str(place / "local"),
        "PULUMI_BACKEND_URL": f"file://{place / 'state'}",
        "PULUMI_HOME": str(place / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "only for this test",
        "GITHUB_ACTOR": "bob",
    }


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "tidegate.cli.main", *arguments]
