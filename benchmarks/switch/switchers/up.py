"""Traffic by plain updates of a Tidegate stack, as its users make them: the whole command, from its start.

A blue-green service flips by a promotion, and flips back with the old version's intent. A canary shifts and aborts by the events that a
driver would write, flips by a shift to 100%, and goes back with the old version's intent. The candidate is staged before any of that
begins, and that isn't measured. The stack's own file is left as it is: each update gets a copy that says what is wanted.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parent.parent.parent.parent
_REASON: Final = "benchmark"
_ENDING: Final = 60
"""Seconds in which an update that is interrupted ends."""


class Stack:
    """A stack of the program's: its folder, and updates of it by the command."""

    def __init__(self, project: str, stack: str, kubeconfig: str = "", timeout: float = 300.0) -> None:
        self.folder, self.name, self.timeout = Path(project).expanduser().absolute(), stack, timeout
        self.kubeconfig = kubeconfig
        self.file = self.folder / f"Pulumi.{stack}.yaml"
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"KUBECONFIG": kubeconfig} if kubeconfig else {})

    def settings(self) -> dict[str, Any]:
        """What the stack's file says."""
        try:
            found = yaml.safe_load(self.file.read_text())
        except (OSError, yaml.YAMLError) as error:
            raise SwitchError(f"{self.file} can't be read ({error}); name the project's folder and the stack: project= stack=") from None
        if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
            raise SwitchError(f"{self.file} has no config")
        return found

    def up(self, config: Mapping[str, Any]) -> None:
        """Update it to this configuration."""
        content = yaml.safe_dump({**self.settings(), "config": dict(config)}, sort_keys=False)
        # Beside the stack's own file, whose secrets it has, and like it for its owner alone.
        with tempfile.NamedTemporaryFile("w", dir=self.folder, prefix=".switch-", suffix=".yaml") as file:
            file.write(content)
            file.flush()
            self.run("up", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", file.name)

    def run(self, *words: str) -> str:
        """Run a command of the engine's on it; its output."""
        command = [sys.executable, "-m", "tidegate.cli.main", "pulumi", *words, "--stack", self.name, "--non-interactive"]
        what = f"`pulumi {words[0]}` of the stack {self.name}"
        # In a session of its own: it isn't to be ended in the middle of an update by what ends this process.
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, errors = process.communicate(timeout=self.timeout)
            except subprocess.TimeoutExpired:
                _end(process)
                raise SwitchError(f"{what} took longer than {self.timeout:g} s") from None
            except BaseException:
                _end(process)
                raise
        if process.returncode:
            raise SwitchError(f"{what} ended with {process.returncode}: {_errors(said, errors)}")
        return said


def _end(process: subprocess.Popen[str]) -> None:
    """Have it finish what is under way: a killed update would leave a lock, and nobody would know what it has done."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_ENDING)
    except subprocess.TimeoutExpired:
        process.kill()


class Up:
    """A service of a stack whose file has the old version; `digests` are what the versions' images are pinned by, if they are."""

    def __init__(self, stack: Stack, service: str, versions: tuple[str, str], digests: tuple[str, str] = ("", "")) -> None:
        self._stack, self._service = stack, service
        config = stack.settings()["config"]
        services = config.get("tidegate:services") or {}
        if service not in services:
            raise SwitchError(f"{stack.file} has no service {service}; it has {', '.join(services) or 'none'}")
        self.canary = services[service].get("strategy") == "canary"
        self.operations: frozenset[Operation] = frozenset(CYCLE if self.canary else (Operation.FLIP, Operation.ROLLBACK))
        self._old, self._new = (intent(config, service, version, digest) for version, digest in zip(versions, digests, strict=True))
        self._versions = versions

    def prepare(self, operation: Operation) -> None:
        # Without being asked for, an update doesn't bring again what somebody has taken back.
        if operation in {Operation.SHIFT, Operation.FLIP}:
            self._stack.up(event(self._new, "stage"))

    def shift(self, weight: int) -> None:
        self._stack.up(event(self._new, "shift", weight=weight))

    def abort(self) -> None:
        self._stack.up(event(self._new, "abort", reason=_REASON))

    def flip(self) -> None:
        self._stack.up(event(self._new, "shift", weight=100) if self.canary else event(self._new, "promote"))

    def rollback(self) -> None:
        self._stack.up(self._old)

    def status(self) -> int | None:
        ledger = json.loads(self._stack.run("stack", "output", "ledger", "--json"))
        return percent(ledger, self._service, self._versions[1])

    def close(self) -> None:
        pass


def intent(config: Mapping[str, Any], service: str, version: str, digest: str = "") -> dict[str, Any]:
    """A configuration with another version of a service."""
    made: dict[str, Any] = copy.deepcopy(dict(config))
    made.pop("tidegate:event", None)
    pinned = {"digest": digest} if digest else {}
    made["tidegate:services"][service] |= {"version": version} | pinned
    return made


def event(config: Mapping[str, Any], kind: str, **settings: Any) -> dict[str, Any]:
    """A configuration in which something happens."""
    return {**config, "tidegate:event": {"kind": kind, **settings}}


def percent(ledger: Mapping[str, Any], service: str, version: str) -> int:
    """What a version of a service is to get, as the ledger has it."""
    record = ledger["services"][service]
    if record["slots"][record["live"]]["version"] == version:
        return 100
    return int(record.get("weight", 0))


def _errors(*outputs: str) -> str:
    """What went wrong, out of all that was said."""
    lines = [line.strip() for output in outputs for line in output.splitlines()]
    found = [line for line in lines if line.startswith("error")] or [line for line in lines if line][-1:]
    return "; ".join(dict.fromkeys(found)) or "nothing was said"
