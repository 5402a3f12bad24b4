"""What differs between two configurations: in full where both are right, as they are written where one isn't. Secrets are never shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from tidegate.model.base import NAMESPACE, digest_of
from tidegate.model.loading import from_config
from tidegate.model.phrases import written
from tidegate.model.resolving import Setting, resolved
from tidegate.model.stackfile import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as File

    from tidegate.model.base import Path
    from tidegate.model.intent.intent import Intent

_ABSENT: Final = object()
_EVENT: Final = f"{NAMESPACE}:event"

Kind = Literal["added", "removed", "changed", "unknown"]
"""unknown: a secret on both sides, which can't be compared."""


@dataclass(frozen=True, slots=True)
class Values:
    """A stack's configuration, as the engine gives it to programs: full keys, objects as JSON text."""

    texts: Mapping[str, str] = field(repr=False)
    secret: frozenset[str] = frozenset()
    """The keys in whose values something is encrypted."""
    opaque: bool = False
    """Whether what is encrypted could not be decrypted: it is there as it is written."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not the same on both sides."""

    path: str
    kind: Kind
    before: Any
    """None for a secret, and for what wasn't there."""
    after: Any
    secret: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs."""

    differences: tuple[Difference, ...]
    as_written: str | None
    """Why defaults are not filled in, if they aren't."""


def read_values(file: File, project: str) -> Values:
    """The configuration that a file says, without decrypting anything."""
    config = read(file, project).config
    texts = {key: json.dumps(_bare(value)) for key, value in config.items()}
    secret = frozenset(key for key, value in config.items() if _bare(value) != value)
    return Values(texts, secret, opaque=bool(secret))


def compare(before: Values, after: Values) -> Comparison:
    """Compare two configurations."""
    sides = [(values, from_config(values.texts)) for values in (before, after)]
    wrong = [loaded.problems[0] for _, loaded in sides if loaded.intent is None]
    if wrong:
        settings = [_as_written(values) for values in (before, after)]
    else:
        settings = [_in_full(values, loaded.intent) for values, loaded in sides if loaded.intent is not None]
    found = _differences(settings[0], settings[1], opaque=before.opaque or after.opaque)
    return Comparison(tuple(found), f"{wrong[0].path} {wrong[0].message}" if wrong else None)


def fingerprint(config: Mapping[str, str]) -> str:
    """A short hash of a configuration, secrets' values included. What a command asked for once is no part of it."""
    return digest_of({key: _parsed(value) for key, value in config.items() if key.startswith(f"{NAMESPACE}:") and key != _EVENT})


def versions(config: Mapping[str, str]) -> dict[str, str]:
    """Each service's version, as far as it can be told of a configuration that may be older than this program."""
    services = _parsed(config.get(f"{NAMESPACE}:services", "{}"))
    found = services.items() if isinstance(services, dict) else ()
    return {name: str(service.get("version") or service.get("digest") or "?") for name, service in found if isinstance(service, dict)}


def _differences(before: Mapping[Path, Setting], after: Mapping[Path, Setting], *, opaque: bool) -> Iterator[Difference]:
    for path in [*before, *(path for path in after if path not in before)]:
        old, new = (side[path].value if path in side else _ABSENT for side in (before, after))
        if (type(old) is type(new) and old == new) or (_nothing(old) and _nothing(new)):
            continue
        secret = any(side[path].secret for side in (before, after) if path in side)
        kind: Kind = "added" if _nothing(old) else "removed" if _nothing(new) else "unknown" if secret and opaque else "changed"
        first, second = (None if secret or value is _ABSENT else value for value in (old, new))
        yield Difference(written((f"{NAMESPACE}:{path[0]}", *path[1:])), kind, first, second, secret)


def _nothing(value: Any) -> bool:
    """Whether a setting is not there, or says nothing."""
    return value is _ABSENT or value is None or value in ([], {})


def _in_full(values: Values, intent: Intent) -> dict[Path, Setting]:
    hidden = {key.removeprefix(f"{NAMESPACE}:") for key in values.secret} - {"secrets"}
    return {s.path: replace(s, secret=s.secret or s.path[0] in hidden) for s in resolved(intent)}


def _as_written(values: Values) -> dict[Path, Setting]:
    """A configuration as it is written. Where anything is encrypted, all is taken for secret."""
    ours = {key: _parsed(text) for key, text in values.texts.items() if key.startswith(f"{NAMESPACE}:") and key != _EVENT}
    return {
        path: Setting(path, value, None, secret=key in values.secret or path[0] == "secrets")
        for key, part in ours.items()
        for path, value in _leaves(part, (key.removeprefix(f"{NAMESPACE}:"),))
    }


def _bare(value: Any) -> Any:
    """A value with what is encrypted as the text that it is."""
    match value:
        case {"secure": str() as text} if len(value) == 1:
            return text
        case dict():
            return {key: _bare(part) for key, part in value.items()}
        case list():
            return [_bare(part) for part in value]
        case _:
            return value


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for i, part in enumerate(value):
            yield from _leaves(part, (*path, i))
    else:
        yield path, value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
