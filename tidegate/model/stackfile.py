"""A stack file as it is written: what it says, and in which line.

It is read by the engine's own reader, so that a value is here what it will be in the program: `1.10` is a number, `yes` a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from embedded.engine.settings.yamltext import parse
from tidegate.model.phrases import kind_of, quoted

if TYPE_CHECKING:
    from pathlib import Path as File

    from tidegate.model.base import Path

_TEXT: Final = "tag:yaml.org,2002:str"
_TABS: Final = "found character '\\t' that cannot start any token"
_ADVICE: Final = {
    _TABS: "there is a tab; YAML is indented by spaces",
    "mapping values are not allowed here": "there is a colon where none can be: is the line indented rightly, or must a text be quoted?",
    "could not find expected ':'": "there is a key without a colon behind it",
    "expected <block end>, but found '-'": "there is a list item where none can be: is it indented rightly?",
    "expected <block end>, but found '<block mapping start>'": "the line is indented further than those around it",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is, and how it is written."""

    line: int
    spelled: str | None = None
    """The characters of a value that is no text, and isn't quoted."""
    kind: str = ""
    """What it was read as: a number, a date and so on."""
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong with the file itself."""

    line: int | None
    path: Path
    message: str


@dataclass(slots=True)
class StackFile:
    """What a file's section `config` says."""

    config: dict[str, Any] = field(default_factory=dict)
    """By full key."""
    places: dict[Path, Place] = field(default_factory=dict)
    """By path; its first part is the full key."""
    slips: list[Slip] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of what is at a path, or of what it would be in."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]].line
        return None


def read(file: File, project: str) -> StackFile:
    """Read a file. Keys without a namespace are the project's, as the engine has it."""
    found = StackFile()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        found.slips.append(Slip(None, (), "there is no such file"))
        return found
    except UnicodeDecodeError:
        found.slips.append(Slip(None, (), "is not in UTF-8; save it in that encoding"))
        return found
    except OSError as error:
        found.slips.append(Slip(None, (), f"can't be read: {error.strerror or error}"))
        return found
    try:
        _Reading(found, project).document(text)
    except yaml.YAMLError as error:
        found.slips.append(_syntax(error, text))
    return found


def _syntax(error: yaml.YAMLError, text: str) -> Slip:
    """What is wrong with the YAML, and in which line."""
    if isinstance(error, yaml.reader.ReaderError):
        return Slip(text.count("\n", 0, error.position) + 1, (), "there is a character that YAML doesn't take")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error)
    return Slip(mark.line + 1 if mark else None, (), _ADVICE.get(problem, f"is no YAML: {problem}"))


class _Reading:
    """One file's reading."""

    def __init__(self, found: StackFile, project: str) -> None:
        self._found = found
        self._project = project
        self._open: list[yaml.Node] = []

    def document(self, text: str) -> None:
        """Take in a file's text."""
        self._loader, root = parse(text)
        if root is None:
            self._slip(None, (), "is empty; write what is to run below `config:`")
        elif not isinstance(root, yaml.MappingNode):
            self._slip(root, (), "must be a mapping, with `config:` at its top")
        else:
            self._top(root)

    def _top(self, root: yaml.MappingNode) -> None:
        config: tuple[yaml.Node, yaml.Node] | None = None
        for key, value in root.value:
            name = str(key.value)
            if name == "config":
                config = (key, value)
            elif ":" in name:
                self._slip(key, (name,), "must be below `config:`, indented by two spaces")
        if config is None:
            self._slip(root, (), "there is no `config:`; write what is to run below it")
            return
        key, value = config
        self._found.places[()] = Place(key.start_mark.line + 1)
        if isinstance(value, yaml.MappingNode):
            for name, entry, part in self._entries(value, (), self._full):
                self._found.config[name] = self._value(part, (name,), entry)
        elif not (isinstance(value, yaml.ScalarNode) and not value.value):
            self._slip(value, (), "`config:` must be a mapping of keys to values")

    def _full(self, name: str) -> str:
        namespace, colon, rest = name.partition(":")
        return f"{namespace}:{rest.removeprefix('config:')}" if colon else f"{self._project}:{name}"

    def _value(self, node: yaml.Node, path: Path, entry: yaml.Node) -> Any:
        """What a node says; where it is, is noted by the entry that it is of."""
        line = entry.start_mark.line + 1
        self._found.places[path] = Place(line)
        if any(node is outer for outer in self._open):
            self._slip(node, path, "refers to itself")
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                value = {name: self._value(part, (*path, name), key) for name, key, part in self._entries(node, path, str)}
                if value.keys() == {"secure"}:
                    self._found.places[path] = Place(line, encrypted=True)
                return value
            if isinstance(node, yaml.SequenceNode):
                return [self._value(part, (*path, i), part) for i, part in enumerate(node.value)]
        finally:
            self._open.pop()
        try:
            value = self._loader.construct_object(node, deep=True)  # type: ignore[no-untyped-call,unused-ignore]
        except (yaml.YAMLError, ValueError):
            self._slip(node, path, f"can't be read as its tag {node.tag.rpartition(':')[2]} says")
            return None
        if node.tag != _TEXT:
            kind = "date" if node.tag.endswith(":timestamp") else kind_of(value)
            self._found.places[path] = Place(line, str(node.value), kind)
        return value

    def _entries(self, node: yaml.MappingNode, path: Path, named: Any) -> list[tuple[str, yaml.Node, yaml.Node]]:
        """A mapping's entries, each with its key's node. Of a key that is there twice, the first counts."""
        written = {str(key.value) for key, _ in node.value}
        entries: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._slip(key, path, "a key must be a text")
                continue
            name = named(str(key.value))
            if name in entries:
                first = entries[name][1].start_mark.line + 1
                self._slip(key, (*path, name), f"is there twice; the first one is in line {first}")
                continue
            if key.tag != _TEXT:
                self._slip(key, (*path, name), f"keys are texts: quote it: {quoted(name)}")
            entries[name] = (name, key, value)
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            self._loader.flatten_mapping(node)  # type: ignore[no-untyped-call,unused-ignore]
            for key, value in node.value:
                name = str(key.value)
                if name not in written:
                    entries.setdefault(name, (name, key, value))
        return list(entries.values())

    def _slip(self, node: yaml.Node | None, path: Path, message: str) -> None:
        self._found.slips.append(Slip(node.start_mark.line + 1 if node is not None else None, path, message))
