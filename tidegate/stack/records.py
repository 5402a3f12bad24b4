"""What is asked of an engine about a stack: its state, its configuration, its updates. Here by commands, of whichever engine.

`inside.py` asks the embedded engine without starting it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from tidegate.model.base import NAMESPACE
from tidegate.model.comparing import Values
from tidegate.model.errors import TidegateError
from tidegate.model.loading import ELSEWHERE
from tidegate.stack import failures, installation, process
from tidegate.stack.private import folder as private_folder
from tidegate.stack.private import write
from tidegate.stack.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from embedded.engine.settings.stack import StackSettings
    from tidegate.stack.engine import Engine

EVENT: Final = f"{NAMESPACE}:event"


@dataclass(frozen=True, slots=True)
class Written:
    """A configuration as files have it: what is secret in it is encrypted, with what `provider` says."""

    config: Mapping[str, Any]
    """By full key."""
    provider: Mapping[str, Any] = field(default_factory=dict)
    """The file's other entries: `encryptionsalt`, `secretsprovider`, `encryptedkey`, `environment`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One update of the stack's history."""

    number: int
    kind: str
    result: str
    begun: str
    ended: str | None
    message: str
    author: str | None
    event: str | None
    """The text of `tidegate:event`."""
    values: Callable[[], Values]
    """Its configuration, decrypted when it is asked for."""
    written: Written | None = None
    """The same, encrypted, where the engine lets it out."""


class Records(Protocol):
    """What a stack has kept. Errors are those of `model.errors`."""

    def deployment(self) -> Mapping[str, Any]:
        """The state; empty for a stack that has none yet."""

    def clear(self, text: str, settings: StackSettings) -> Values:
        """The configuration that a stack's file says, with this text and so these settings, decrypted, as the next update would get it."""

    def entries(self) -> Sequence[Entry]:
        """The updates, the newest first."""


class Asked:
    """By the engine's commands."""

    def __init__(self, engine: Engine, folder: Path, stack: str, environment: Mapping[str, str]) -> None:
        self._engine, self._folder, self._stack, self._environment = engine, folder, stack, environment

    @cached_property
    def command(self) -> str:
        """The engine's executable."""
        root = installation.root(self._engine, self._environment)
        if self._engine.kind == "pulumi":
            self._check(str(root))
        return str(root / "bin" / "pulumi")

    @property
    def environment(self) -> dict[str, str]:
        """What commands are given: what this was given, and that a program calls, as Pulumi's own Automation API does."""
        path = f"{self.command.rpartition('/')[0]}:{self._environment.get('PATH', '')}"
        # The event log is a command's for debugging.
        wanted = ("PULUMI_AUTOMATION_API", "PULUMI_DEBUG_COMMANDS", "PULUMI_SKIP_UPDATE_CHECK")
        return {**self._environment, "PATH": path, **dict.fromkeys(wanted, "true")}

    def run(self, *arguments: str, given: str = "") -> process.Ended:
        """Run a command about the stack."""
        return process.run(self._line(arguments), self._folder, self.environment, given=given)

    def operate(self, *arguments: str, salt: str, look: Callable[[], None]) -> process.Ended:
        """Run an operation on the stack, whose secrets have that salt; the embedded engine is kept warm for the next one."""
        environment, embedded = {**self.environment, ELSEWHERE: "true"}, self._engine.kind == "embedded"
        warm = Warm.kept(self.command, environment) if embedded else None
        ended = process.run(self._line(arguments), self._folder, environment, limit=process.LONG, look=look, warm=warm)
        if embedded and not ended.code:
            Warm.keep(self.command, environment, salt)
        return ended

    def _line(self, arguments: Sequence[str]) -> list[str]:
        return [self.command, *arguments, "--stack", self._stack, "--non-interactive", "--color", "never"]

    def deployment(self) -> Mapping[str, Any]:
        """`stack export`."""
        return dict(self._asked("stack", "export")["deployment"] or {})

    def clear(self, text: str, _: StackSettings) -> Values:
        """`config`, of a file with this text."""
        with private_folder() as place:
            file = place / f"Pulumi.{self._stack.rpartition('/')[2]}.yaml"
            write(file, text.encode())
            return _values(self._asked("config", "--json", "--show-secrets", "--config-file", str(file)))

    def entries(self) -> Sequence[Entry]:
        """`stack history`; what is secret is asked for when it is needed."""
        history = ("stack", "history", "--json", "--page-size", "0")
        found = self._asked(*history)

        @cache
        def clear() -> list[dict[str, Any]]:
            return list(self._asked(*history, "--show-secrets"))

        # Counted from the first one: there may be more by the time that it is asked again.
        return [_entry(entry, len(found) - i, clear) for i, entry in enumerate(found)]

    def _asked(self, *arguments: str) -> Any:
        ended = self.run(*arguments)
        if ended.interrupted:
            raise KeyboardInterrupt
        if ended.code:
            raise failures.failure(ended, str)
        return json.loads(ended.out)

    @staticmethod
    def _check(root: str) -> None:
        """Whether the CLI is of a release that Pulumi's SDK can work with."""
        # The Automation API costs more than half a second to import.
        from pulumi import automation

        try:
            automation.PulumiCommand(root=root)
        except (automation.InvalidVersionError, OSError) as error:
            raise TidegateError(f"the engine in {root} is not of use: {error}") from error


def _entry(entry: Mapping[str, Any], count: int, clear: Callable[[], list[dict[str, Any]]]) -> Entry:
    environment = entry.get("environment") or {}
    return Entry(
        # A backend of files numbers nothing; the updates are counted then.
        number=entry.get("version") or count,
        kind=entry["kind"],
        result=entry["result"],
        begun=entry["startTime"],
        ended=entry.get("endTime"),
        message=entry["message"],
        author=environment.get("git.author") or environment.get("git.committer") or None,
        event=(entry["config"].get(EVENT) or {}).get("value"),
        values=lambda: _values(clear()[-count]["config"]),
    )


def _values(config: Mapping[str, Mapping[str, Any]]) -> Values:
    return Values({key: found.get("value", "") for key, found in config.items()}, frozenset(key for key in config if config[key]["secret"]))
