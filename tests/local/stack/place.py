"""A project with a stack at a backend of its own; its program is a toy that does what the event's reason says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.events import Stage
from tidegate.model.ledger import Stamp
from tidegate.stack.port import PulumiStack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.events import Event

ROOT: Final = Path(__file__).resolve().parents[3]
SECRET: Final = "topsecret-one"
SECONDS: Final = 60.0
STACK: Final = """\
# What we run.
config:
  tidegate:environment: {name: test, tier: production, domain: team.example, registry: ghcr.io/a, namespace: a, team: a, cost_centre: "1"}
  tidegate:services: # in the order of their importance
    web: {image: web, version: v1, secrets: [keys]} # the page
    api:
      image: api
      version: 'v1' # quoted
  tidegate:secrets:
    keys: {required: [token]}
"""
PROGRAM: Final = """\
import base64, hashlib, pathlib, time
import pulumi
config = pulumi.Config("tidegate")
event = config.get_object("event") or {}
token = config.require_object("secrets")["keys"]["values"]["token"]
match event.get("reason"):
    case "wait":
        pathlib.Path("begun").touch()
        end = time.monotonic() + 60
        while not pathlib.Path("open").exists() and time.monotonic() < end:
            time.sleep(0.01)
    case "read":
        from tidegate.program import configuration
        configuration.read()
    case "leak":
        pulumi.log.warn(f"the token is {token}")
        raise pulumi.RunError(f"{token} and {base64.b64encode(token.encode()).decode()} don't fit")
pulumi.log.info(f"this is {event.get('kind', 'plain')}")
pulumi.export("versions", {name: service["version"] for name, service in config.require_object("services").items()})
pulumi.export("token", hashlib.sha256(token.encode()).hexdigest())
"""


def stage(reason: str = "", by: str = "alice", **more: Any) -> Event:
    """An event with a reason."""
    return Stage(stamp=Stamp(at="2026-01-02T03:04:05+00:00", by=by), reason=reason, **more)


@dataclass(frozen=True, slots=True)
class Place:
    """The project's folder, and what its environment says."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Where everything is, but the folder for the engine's command, which all places share."""
        return {
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "tides-of-march",
            "PULUMI_HOME": str(self.folder / "home"),
            "PYTHONPATH": f"{ROOT / 'tests' / 'cheap_keys'}{os.pathsep}{ROOT}",
            "TIDEGATE_ENGINE": "embedded",
            "TMPDIR": str(self.folder / "tmp"),
        }

    @property
    def backend(self) -> Path:
        """Where the state is kept."""
        return self.folder / "backend"

    @property
    def file(self) -> Path:
        """What the stack is told."""
        return self.folder / "Pulumi.dev.yaml"

    @property
    def temporary(self) -> Path:
        """Where private folders are."""
        return self.folder / "tmp"

    @classmethod
    def make(cls, folder: Path, program: str = PROGRAM, stack: str = STACK) -> Place:
        """A project with an empty stack."""
        place = cls(folder)
        for name in ("backend", "tmp"):
            (folder / name).mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text("name: tidegate\nruntime: python\n")
        (folder / "__main__.py").write_text(program)
        place.file.write_text(stack)
        place.pulumi("stack", "init", "dev")
        place.pulumi("config", "set", "--secret", "--path", "tidegate:secrets.keys.values.token", SECRET, "--stack", "dev")
        return place

    def pulumi(self, *arguments: str) -> str:
        """A command, as people give it."""
        return subprocess.run(
            [sys.executable, "-m", "embedded.engine.command", "--non-interactive", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        ).stdout

    def stack(self, **more: Any) -> PulumiStack:
        """The port."""
        return PulumiStack(self.folder, "dev", **more)

    def driver(self, reason: str) -> subprocess.Popen[bytes]:
        """A process of its own that updates the stack by an event of that reason."""
        code = (
            "import pathlib; from tidegate.stack.port import PulumiStack; from tests.local.stack.place import stage; "
            f"s = PulumiStack(pathlib.Path.cwd(), 'dev'); s.update(s.told({{}}, {{}}), stage({reason!r}), print)"
        )
        return subprocess.Popen([sys.executable, "-c", code], cwd=self.folder, env={**os.environ, **self.environment})

    def begun(self, then: Callable[[], None] = lambda: None) -> None:
        """Wait until a program is under way that waits, and do something."""
        await_((self.folder / "begun").exists)
        then()

    def open(self) -> None:
        """Let programs go on that wait."""
        (self.folder / "open").touch()

    def locks(self) -> list[Path]:
        """Who holds the stack."""
        return list((self.backend / ".pulumi" / "locks").rglob("*.json"))

    def holder(self) -> int:
        """The process that holds the stack."""
        (lock,) = self.locks()
        return int(json.loads(lock.read_text())["pid"])


def await_(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
