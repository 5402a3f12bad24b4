"""Property paths: `root.nested["a key"][0]`; what `config --path`, ignoreChanges, replaceOnChanges and diffs are written in."""

from __future__ import annotations

import re
from typing import Final, NoReturn, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_PLAIN: Final = re.compile(r"[A-Za-z0-9_]*")
_NAME: Final = re.compile(r"[^.\[]*")
_QUOTED: Final = re.compile(r'\["((?:\\"|[^"])*)"')


class BadPathError(ValueError):
    """The text is no property path."""


def parse(text: str) -> Path:
    """The path's parts; `*` stands for any key or index. BadPathError if it is not well formed."""
    parts: list[str | int] = []
    rest = text
    if rest.startswith("."):
        _fail("expected property path to start with a name or index")
    while rest:
        if rest.startswith("["):
            part, rest = _index(rest)
            parts.append(part)
            continue
        if rest.startswith("."):
            rest = rest[1:]
            if not rest:
                _fail("expected property path to end with a name or index")
            if rest.startswith("["):
                _fail("expected property name after '.'")
            if rest.startswith("."):
                continue
        match = _NAME.match(rest)
        name = match.group() if match else ""
        parts.append(name)
        rest = rest[len(name) :]
    return tuple(parts)


def _index(text: str) -> tuple[str | int, str]:
    if text.startswith('["'):
        match = _QUOTED.match(text)
        if match is None:
            _fail("missing closing quote in property name")
        rest = text[match.end() :]
        if not rest.startswith("]"):
            _fail("missing closing bracket in property access")
        return match[1].replace('\\"', '"'), rest[1:]
    inside, bracket, rest = text[1:].partition("]")
    if not bracket:
        _fail("missing closing bracket in array index")
    if inside == "*":
        return inside, rest
    if not re.fullmatch(r"[+-]?[0-9]+", inside):
        _fail(f'invalid array index: strconv.ParseInt: parsing "{inside}": invalid syntax')
    return int(inside), rest


def show(path: Path) -> str:
    """The path as text."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        elif _PLAIN.fullmatch(part):
            shown += f".{part}" if shown else part
        else:
            escaped = part.replace('"', '\\"')
            shown += f'["{escaped}"]'
    return shown


def _fail(message: str) -> NoReturn:
    raise BadPathError(message)
