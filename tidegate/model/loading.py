"""From what the user wrote to the intent: every problem at once, each with its place and what is allowed there.

What is right takes the short way, through the models alone. Only for what isn't, the longer one is gone: through the schema, that says
what is allowed where, and then through the findings of all that could be made sense of.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from tidegate.model.base import LENIENT, NAMESPACE, Finding, all_findings
from tidegate.model.errors import ConfigurationError
from tidegate.model.events import EVENT
from tidegate.model.intent.intent import Intent
from tidegate.model.phrases import written
from tidegate.model.stackfile import StackFile, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path as File

    from tidegate.model.base import Path
    from tidegate.model.events import Event
    from tidegate.model.reading import Reading
    from tidegate.model.stackfile import Place


ELSEWHERE: Final = "TIDEGATE_TOLD_ELSEWHERE"
"""The variable that tells a program that its configuration is not what its stack's file says: nothing is to be looked up there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what is allowed there."""

    file: str | None
    line: int | None
    path: str
    """As `pulumi config set --path` takes it: tidegate:services.dashboard.replicas."""
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return ": ".join(part for part in (place, self.path, self.message) if part)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the configuration says, or all that is wrong with it."""

    intent: Intent | None
    event: Event | None
    """What a command asks for; a plain update has none."""
    problems: tuple[Problem, ...]

    def required(self) -> Intent:
        """The intent; ConfigurationError that tells all problems if there are any."""
        if self.intent is None:
            raise ConfigurationError("\n  ".join(["the configuration is wrong:", *map(str, self.problems)]))
        return self.intent


def load(file: File, project: str = NAMESPACE) -> Loaded:
    """The intent that a stack file says, as it is written: what is encrypted counts as some text."""
    found = read(file, project)
    slips = [(slip.line, Problem(str(file), slip.line, written(slip.path), slip.message)) for slip in found.slips]
    if found.slips and not found.config:
        return Loaded(None, None, tuple(problem for _, problem in slips))
    ours = {name: _parsed(value) if isinstance(value, str) else value for name, value in _ours(found.config).items()}
    if not slips and not any(place.encrypted for place in found.places.values()):
        loaded = _shortly(lambda: _made(ours))
        if loaded is not None:
            return loaded
    return _loaded(ours, _Written(found), str(file), slips)


def from_config(config: Mapping[str, str], file: File | None = None, project: str = NAMESPACE) -> Loaded:
    """The intent in a stack's configuration as the engine gives it: full keys, objects as JSON text. Lines are looked up in `file`."""
    texts = _ours(config)
    loaded = _shortly(lambda: _known(tuple(sorted(texts.items()))))
    if loaded is not None:
        return loaded
    ours = {name: _parsed(text) for name, text in texts.items()}
    found = read(file, project) if file is not None else StackFile()
    return _loaded(ours, _Written(found), str(file) if found.places else None, [])


class _Written:
    """Where values are in a file, by paths without our namespace."""

    def __init__(self, file: StackFile) -> None:
        self._file = file

    def place(self, path: Path) -> Place | None:
        """How a value is written."""
        return self._file.places.get(_full(path))

    def encrypted(self, path: Path) -> bool:
        """Whether it is encrypted there."""
        place = self.place(path)
        return place is not None and place.encrypted

    def line(self, path: Path) -> int | None:
        """The line of a value, or of what it would be in."""
        return self._file.line(_full(path))


def _loaded(ours: dict[str, Any], source: _Written, file: str | None, slips: list[tuple[int | None, Problem]]) -> Loaded:
    # Only the longer way pays for the schema.
    from tidegate.model.reading import Reading
    from tidegate.model.schema import keys

    reading = Reading(keys(), source)
    right = reading.read(ours)
    findings = [
        *reading.findings,
        *_unfit(right, reading),
        *_in_the_clear(ours, source),
    ]
    lines = [(source.line(finding.path), finding) for finding in findings]
    problems = [*slips, *((line, Problem(file, line, written(_full(finding.path)), finding.message)) for line, finding in lines)]
    if problems:
        return Loaded(None, None, tuple(problem for _, problem in sorted(problems, key=lambda pair: (pair[0] is None, pair[0] or 0))))
    return _made(right)


def _shortly(make: Callable[[], Loaded]) -> Loaded | None:
    """The short way; None where there is more to say."""
    try:
        loaded = make()
    except (TypeError, ValueError):
        return None
    return loaded if loaded.intent is None or not _keeps_secrets(loaded.intent) else None


@lru_cache(maxsize=8)
def _known(texts: tuple[tuple[str, str], ...]) -> Loaded:
    """What texts come to: a driver reads the same ones again and again, in the file and in each update of the history."""
    return _made({name: _parsed(text) for name, text in texts})


def _made(ours: dict[str, Any]) -> Loaded:
    event = ours.get("event")
    intent = Intent.model_validate_json(json.dumps({name: value for name, value in ours.items() if name != "event"}))
    return Loaded(intent, None if event is None else EVENT.validate_json(json.dumps(event)), ())


def _unfit(right: Any, reading: Reading) -> Iterator[Finding]:
    """What doesn't fit together of what has been made right, unless it was concluded from what was wrong."""
    from tidegate.model.schema import Keys

    wrong = reading.wrong
    try:
        made = Keys.model_validate_json(json.dumps(right), context={LENIENT: True})
    except ValidationError as error:
        if not wrong:
            # The schema says less than the models: what is wrong has to be said all the same.
            yield from (Finding(tuple(found["loc"]), found["msg"]) for found in error.errors(include_input=False, include_url=False))
        return
    for finding in all_findings(made):
        at, needs = reading.as_written(finding.path), [reading.as_written(need) for need in finding.needs]
        spoiled = any(_within(at, path) for path in wrong)
        if not spoiled and not any(_within(need, path) or _within(path, need) for need in needs for path in wrong):
            yield replace(finding, path=at)


def _in_the_clear(ours: dict[str, Any], source: _Written) -> Iterator[Finding]:
    """Secrets that anybody can read who has the file. On one's own machine that is nobody else."""
    environment, sets = ours.get("environment"), ours.get("secrets")
    if not isinstance(sets, dict) or not isinstance(environment, dict) or environment.get("tier") not in ("staging", "production"):
        return
    for name, found in sets.items():
        values = found.get("values") if isinstance(found, dict) else None
        for key, value in values.items() if isinstance(values, dict) else ():
            path = ("secrets", name, "values", key)
            if value is not None and source.place(path) is not None and not any(map(source.encrypted, (path, path[:-1]))):
                command = f"`pulumi config set --secret --path '{written(_full(path))}'`"
                yield Finding(path, f"is not encrypted: anybody who reads this file has it. Take another value, and set it with {command}")


def _keeps_secrets(intent: Intent) -> bool:
    """Whether values of secrets are in a file that others may read."""
    return intent.environment.tier != "local" and any(found.values for found in intent.secrets.values())


def _within(path: Path, other: Path) -> bool:
    """Whether a path is the other one, or leads on from it."""
    return path[: len(other)] == other


def _ours(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(f"{NAMESPACE}:"): value for key, value in config.items() if key.startswith(f"{NAMESPACE}:")}


def _full(path: Path) -> Path:
    return (f"{NAMESPACE}:{path[0]}", *path[1:]) if path else ()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
