"""What a stack was told, now and in each of its updates, as the engine knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.model.comparing import Values
from tidegate.stack import command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Update:
    """One entry of a stack's history."""

    number: int
    kind: str
    """update, destroy, refresh and so on."""
    result: str
    """succeeded, failed or in-progress."""
    begun: str
    ended: str | None
    message: str
    author: str | None
    """Of the commit that it was started from."""
    config: Values
    """With secrets in the clear."""


def history(folder: Path, stack: str) -> list[Update]:
    """A stack's updates, the newest first."""
    # A page of no size has all of them.
    entries = json.loads(command.run(folder, "stack", "history", "--page-size", "0", "--json", "--show-secrets", "--stack", stack))
    # A backend of files numbers nothing; the updates are counted then.
    return [_update(entry, entry.get("version") or len(entries) - i) for i, entry in enumerate(entries)]


def configuration(folder: Path, stack: str) -> Values:
    """A stack's configuration as its next update will get it, with secrets in the clear."""
    return _values(json.loads(command.run(folder, "config", "--json", "--show-secrets", "--stack", stack)))


def _update(entry: Mapping[str, Any], number: int) -> Update:
    environment = entry.get("environment") or {}
    return Update(
        number=number,
        kind=entry["kind"],
        result=entry["result"],
        begun=entry["startTime"],
        ended=entry.get("endTime"),
        message=entry["message"],
        author=environment.get("git.author") or environment.get("git.committer") or None,
        config=_values(entry["config"]),
    )


def _values(config: Mapping[str, Mapping[str, Any]]) -> Values:
    return Values({key: found.get("value", "") for key, found in config.items()}, frozenset(key for key in config if config[key]["secret"]))
