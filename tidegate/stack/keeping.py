"""Writes versions and images into a stack's file: nothing else of it changes, comments, order and quoting included.

Each change is one of a scalar, in its place, or one more entry beside it. What the file says afterwards is looked at before it is written.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from embedded.engine.settings.yamltext import Loader, load
from tidegate.model.errors import ConfigurationError
from tidegate.stack.overriding import SERVICES, merged

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.stack.overriding import Overrides

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][-./:@A-Za-z0-9_]*")


def keep(file: Path, project: str, given: Overrides) -> None:
    """Write them into the file, all at once; ConfigurationError if it can't be done without touching anything else."""
    try:
        text = file.read_bytes().decode()
        after = edited(text, project, given, file.name)
        if after != text:
            _replace(file, after)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name} is not in UTF-8; save it in that encoding") from error
    except OSError as error:
        raise ConfigurationError(f"{file} can't be written: {error.strerror or error}; the versions are not in it yet") from error


def edited(text: str, project: str, given: Overrides, file: str) -> str:
    """The file's text with them in it."""
    before = load(text, file)
    root = yaml.compose(text, Loader=Loader)  # type: ignore[no-untyped-call,unused-ignore]
    key, services = _services(root, project, file)
    changes: list[tuple[int, int, str]] = []
    for name, fields in given.items():
        entry = next((pair for pair in services.value if pair[0].value == name), None)
        if entry is None:
            raise ConfigurationError(f"{file} has no service {name} any more: its version can't be written there")
        _set(text, entry, fields, f"{file}:{entry[0].start_mark.line + 1}: {name}", changes)
    after = text
    for start, end, replacement in sorted(changes, reverse=True):
        after = after[:start] + replacement + after[end:]
    wanted = {**before, "config": {**before["config"], key: merged(before["config"][key], given)}}
    try:
        right = _alike(load(after, file), wanted)
    except Exception as error:  # noqa: BLE001 - whatever an edit has made of it, it is not written
        _by_hand(file, str(error))
    if not right:
        _by_hand(file, "the change would reach further than it should")
    return after


def _services(root: yaml.Node | None, project: str, file: str) -> tuple[str, yaml.MappingNode]:
    """The services' key, as the file has it, and their node."""
    config = _entry(root, ("config",))
    names = (SERVICES, SERVICES.replace(":", ":config:"), *([SERVICES.partition(":")[2]] if SERVICES.startswith(f"{project}:") else []))
    found = _entry(config[1], names) if config else None
    if found is None or not isinstance(found[1], yaml.MappingNode):
        _by_hand(file, f"there is no mapping {SERVICES}")
    return str(found[0].value), found[1]


def _entry(node: yaml.Node | None, names: tuple[str, ...]) -> tuple[yaml.Node, yaml.Node] | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((pair for pair in pairs if pair[0].value in names), None)


def _set(text: str, entry: tuple[yaml.Node, yaml.Node], fields: dict[str, str], where: str, changes: list[tuple[int, int, str]]) -> None:
    key, service = entry
    if not isinstance(service, yaml.MappingNode) or service.start_mark.index < key.end_mark.index:
        _by_hand(where, "it is no mapping of its own")
    own = {str(name.value): (name, value) for name, value in service.value}
    added = []
    for field, value in fields.items():
        if field not in own:
            added.append((field, value))
            continue
        name, node = own[field]
        if not isinstance(node, yaml.ScalarNode) or node.start_mark.index < name.end_mark.index:
            _by_hand(where, f"{field} is written somewhere else, and used here")
        start, end = node.start_mark.index, node.end_mark.index
        # A block scalar has its last line's end.
        changes.append(
            (start, end, _spelled(value, node.style, flow=service.flow_style) + ("\n" if text[start:end].endswith("\n") else ""))
        )
    if added:
        changes.append(_added(text, service, own, added))


def _added(
    text: str, service: yaml.MappingNode, own: dict[str, tuple[yaml.Node, yaml.Node]], added: list[tuple[str, str]]
) -> tuple[int, int, str]:
    """One more entry, or several: behind the version or the image if they are in a line, else before all others."""
    beside = next((own[name] for name in ("version", "image") if name in own and _in_a_line(own[name])), None)
    if service.flow_style:
        quote = '"' if text[service.value[0][0].start_mark.index] == '"' else ""
        said = [f"{quote}{name}{quote}: {_spelled(value, None, flow=True)}" for name, value in added]
        if beside is None:
            start = service.value[0][0].start_mark.index
            return start, start, "".join(f"{one}, " for one in said)
        end = beside[1].end_mark.index
        return end, end, "".join(f", {one}" for one in said)
    column = " " * service.value[0][0].start_mark.column
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = "".join(f"{column}{name}: {_spelled(value, None)}{newline}" for name, value in added)
    if beside is None:
        start = text.rfind("\n", 0, service.value[0][0].start_mark.index) + 1
        return start, start, lines
    end = text.find("\n", beside[1].end_mark.index)
    return (len(text), len(text), newline + lines.removesuffix(newline)) if end < 0 else (end + 1, end + 1, lines)


def _in_a_line(entry: tuple[yaml.Node, yaml.Node]) -> bool:
    name, value = entry
    plain = isinstance(value, yaml.ScalarNode) and value.style not in ("|", ">")
    return plain and name.start_mark.line == value.end_mark.line and value.start_mark.index >= name.end_mark.index


def _spelled(value: str, style: str | None, *, flow: bool | None = False) -> str:
    """A value as it was quoted before, or in the simplest way that is read as this very text."""
    if style == "'" and "'" not in value and value.isprintable():
        return f"'{value}'"
    if style != '"' and not flow and _PLAIN.fullmatch(value) and _is_text(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_text(value: str) -> bool:
    """Whether it is read as text, by readers of YAML's older and newer rules."""
    return all(type(yaml.load(value, Loader=loader)) is str for loader in (Loader, yaml.SafeLoader))  # noqa: S506 - both are safe


def _alike(a: Any, b: Any) -> bool:
    """Equal, and of equal types all the way down."""
    match a:
        case dict():
            return isinstance(b, dict) and a.keys() == b.keys() and all(_alike(part, b[key]) for key, part in a.items())
        case list():
            return isinstance(b, list) and len(a) == len(b) and all(map(_alike, a, b))
        case _:
            return type(a) is type(b) and bool(a == b or a != a)  # noqa: PLR0124 - no number is itself


def _replace(file: Path, text: str) -> None:
    """Put a new text in the file's place: whoever reads meanwhile has the old one or the new one. A link stays one."""
    target = file.resolve()
    fresh = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
            made.write(text.encode())
            made.flush()
            os.fsync(made.fileno())
        fresh.chmod(target.stat().st_mode & 0o7777)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _by_hand(where: str, why: str) -> NoReturn:
    raise ConfigurationError(f"{where}: the version can't be written here without touching anything else: {why}. Write it by hand")
