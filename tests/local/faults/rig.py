"""A project in a folder of its own, the real command as processes, and what can be done to them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.reference_provider.install import HERE as REFERENCE
from tests.reference_provider.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).resolve().parents[3]
SECONDS: Final = 60.0
POLL: Final = 0.005
URN: Final = "urn:pulumi:dev::shop::"
MARK: Final = "TIDEGATE_TEST_RIG"

# Gated things: each operation makes the file `<operation>-<name>` in $GATES, and goes on when that with `.open`, or `all.open`, is there.
GATED: Final = """
import json, os, pathlib, time
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

class Gated(ResourceProvider):
    def _gate(self, operation, name):
        gates = pathlib.Path(os.environ["GATES"])
        (gates / f"{operation}-{name}").write_text(str(os.getpid()))
        while not ((gates / f"{operation}-{name}.open").exists() or (gates / "all.open").exists()):
            time.sleep(0.005)
    def create(self, props):
        self._gate("create", props["label"])
        return CreateResult(f"id-{props['label']}", props)
    def diff(self, _id, olds, news):
        changed = olds["value"] != news["value"] or olds["kind"] != news["kind"]
        return DiffResult(changes=changed, replaces=["kind"] if olds["kind"] != news["kind"] else [])
    def update(self, _id, olds, news):
        self._gate("update", news["label"])
        return UpdateResult(news)
    def delete(self, _id, props):
        self._gate("delete", props["label"])

class Thing(Resource):
    def __init__(self, name, value=1, kind="k", opts=None):
        super().__init__(Gated(), name, {"label": name, "value": value, "kind": kind}, opts)
"""


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    def checked(self, code: int = 0) -> Result:
        """This result, which must have that exit code and must not show an internal error."""
        assert self.code == code, f"exit code {self.code}\n{self.out}\n{self.err}"
        assert "internal error" not in self.out + self.err, self.out + self.err
        return self

    def refused(self, *parts: str) -> Result:
        """This result, which must be a clear refusal: an exit code of the CLI's, no traceback, and these texts."""
        text = self.out + self.err
        assert 1 <= self.code <= 9, text
        assert "Traceback" not in text, text
        assert "internal error" not in text, text
        assert "error: " in text, text
        for part in parts:
            assert part in text, text
        return self


class Running:
    """A command under way."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process, self._out, self._err = process, out, err

    @property
    def text(self) -> str:
        """What it has said so far, on both streams."""
        return self._out.read_text(errors="replace") + self._err.read_text(errors="replace")

    def send(self, number: int) -> None:
        """Send the engine's process (nobody else) a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End the engine as a crash would."""
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self, seconds: float = SECONDS) -> Result:
        """Wait for its end."""
        code = self.process.wait(seconds)
        return Result(code, self._out.read_text(errors="replace"), self._err.read_text(errors="replace"))


@dataclass
class Rig:
    """One project, backend, PULUMI_HOME and set of gates."""

    folder: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    env: dict[str, str] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    command: tuple[str, ...] = (sys.executable, "-m", "embedded.engine.command")
    _started: list[Running] = field(default_factory=list)

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.folder / "project"

    @property
    def backend(self) -> Path:
        """The backend's folder."""
        return self.folder / "backend"

    @property
    def gates(self) -> Path:
        """Where gated things say what they do, and wait."""
        return self.folder / "gates"

    @property
    def checkpoint(self) -> Path:
        """The stack's checkpoint."""
        return self.backend / ".pulumi" / "stacks" / "shop" / "dev.json"

    @property
    def locks(self) -> list[Path]:
        """The stack's locks."""
        return list((self.backend / ".pulumi" / "locks" / "organization" / "shop" / "dev").glob("*.json"))

    @property
    def things(self) -> Store:
        """What the reference provider has made."""
        return Store(self.folder / "things")

    def copy(self, folder: Path) -> Rig:
        """The same project and state at another place."""
        shutil.copytree(self.folder, folder)
        return Rig(folder, env=dict(self.env), command=self.command)

    # Programs

    def program(self, text: str) -> None:
        """Make this the program."""
        (self.project / "__main__.py").write_text(text)

    def gated(self, text: str) -> None:
        """Make this, with gated things, the program."""
        self.program(f"{GATED}\n{text}\n")

    def policy_pack(self, policies: str, before: str = "") -> Path:
        """A policy pack with these policies (Python source of a list)."""
        folder = self.folder / "pack"
        folder.mkdir(exist_ok=True)
        (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
        text = f"from pulumi_policy import *\n{before}\nPolicyPack(name='pack', policies={policies})\n"
        (folder / "__main__.py").write_text(text)
        return folder

    def open(self, *names: str) -> None:
        """Open gates."""
        for name in names:
            (self.gates / f"{name}.open").touch()

    def reached(self, name: str) -> Path:
        """The file that says that a gate was reached."""
        return self.gates / name

    # Commands

    def start(self, *words: str, **env: str) -> Running:
        """Start a command."""
        number = len(self._started)
        out, err = self.folder / f"out-{number}", self.folder / f"err-{number}"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [*self.command, "--non-interactive", *words],
                cwd=self.project,
                env=self._environment(env),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        running = Running(process, out, err)
        self._started.append(running)
        return running

    def run(self, *words: str, **env: str) -> Result:
        """Run a command to its end."""
        return self.start(*words, **env).end()

    def up(self, *words: str, **env: str) -> Result:
        """Run `up` without its preview."""
        return self.run("up", "--yes", "--skip-preview", "--stack", "dev", *words, **env)

    def start_up(self, *words: str, **env: str) -> Running:
        """Start `up` without its preview."""
        return self.start("up", "--yes", "--skip-preview", "--stack", "dev", *words, **env)

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        own = {
            MARK: self.mark,
            "GATES": str(self.gates),
            "REFERENCE_DIRECTORY": str(self.folder / "things"),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "cheap_keys"), str(ROOT), str(REFERENCE)]),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": "password",
            "PYTHONDONTWRITEBYTECODE": "",
        }
        return {k: v for k, v in (os.environ | own | self.env | more).items() if k not in self.without}

    # Looking

    def latest(self) -> dict[str, Any]:
        """The state, whose file must be a whole and right checkpoint."""
        latest: dict[str, Any] = json.loads(self.checkpoint.read_bytes())["checkpoint"].get("latest") or {}
        version = latest["manifest"]["version"] if latest else ""
        if version:  # a new stack has none
            assert latest["manifest"]["magic"] == sha256(version.encode()).hexdigest()
        return latest

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources of the state by name; without the stack, providers and what is to be deleted."""
        found = self.latest().get("resources", [])
        return {r["urn"].rpartition("::")[2]: r for r in found if "pulumi:" not in r["type"] and not r.get("delete")}

    def pending(self) -> dict[str, str]:
        """The pending operations by name."""
        return {p["resource"]["urn"].rpartition("::")[2]: p["type"] for p in self.latest().get("pending_operations", [])}

    def processes(self) -> dict[int, str]:
        """Every process of this rig that lives, however it was started, and its command."""
        found = {}
        needle = f"{MARK}={self.mark}".encode()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            with suppress(OSError):
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and needle in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return found

    def none_left(self, seconds: float = 5.0) -> None:
        """Every process of this rig must end soon."""
        until(lambda: not self.processes(), seconds, lambda: f"still there: {self.processes()}")

    def clean(self) -> None:
        """End whatever is left."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for running in self._started:
            running.process.wait(SECONDS)


def until(condition: Callable[[], object], seconds: float = 30.0, message: Callable[[], str] = lambda: "it did not come to be") -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, message()
        time.sleep(POLL)


def there(path: Path, running: Running | None = None) -> None:
    """Wait until a file is there; the command that is to make it must not end before."""
    until(lambda: path.exists() or (running and running.process.poll() is not None), 30.0, lambda: running.text if running else str(path))
    assert path.exists(), running.text if running else path


def new_rig(folder: Path) -> Rig:
    """A project `shop` with an empty stack `dev`."""
    rig = Rig(folder)
    for part in (rig.project, rig.backend, rig.gates, folder / "home"):
        part.mkdir(parents=True)
    (rig.project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    rig.program("")
    rig.run("stack", "init", "dev").checked()
    return rig
