"""Kubernetes manifests, read from files, folders or standard input: each object with the lines that it and its fields are at."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from policies.judging.subjects import Source, of_manifest
from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policies.judging.subjects import Subject

STDIN: Final = "-"
_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})
_MOST_BYTES: Final = 64 * 2**20
_MOST_NODES: Final = 1_000_000
"""What a document may stand for with its aliases: a few lines of them could stand for more than any machine holds."""


# Without libyaml it is the same, and slower.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # the compiled one or the other
    """As Kubernetes reads YAML: what looks like a day is a text, and so is a plain `=`."""


_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in found if tag not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}]
    for key, found in _Base.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Manifests:
    """All that was read."""

    subjects: tuple[Subject, ...] = ()
    skipped: tuple[str, ...] = ()
    """Files of a folder in which there is no object."""
    nodes: Mapping[int, Any] = field(default_factory=dict, repr=False)
    """The YAML of each subject, by its identity."""

    def line(self, subject: Subject, steps: Sequence[str | int]) -> int:
        """The line at which a field of a subject is, or the nearest above it that is there."""
        return _line(self.nodes.get(id(subject)), steps, subject.source.line if subject.source else 1)


def read(paths: Iterable[str]) -> Manifests:
    """The objects in files, in all files of folders, and in standard input; `ConfigurationError` for what can't be read."""
    subjects: list[Subject] = []
    skipped: list[str] = []
    nodes: dict[int, Any] = {}
    for path in paths:
        for name, text, named in _texts(path):
            found, strays = _objects(name, text)
            if not found and named:
                raise ConfigurationError(f"{name} has no Kubernetes object: none has `apiVersion` and `kind`")
            if not found:
                skipped.append(name)
            elif strays:
                raise ConfigurationError(f"{name}:{strays[0]}: this has no `apiVersion` and `kind`, so it can't be judged as the rest can")
            for subject, node in found:
                subjects.append(subject)
                nodes[id(subject)] = node
    return Manifests(tuple(subjects), tuple(skipped), nodes)


def _texts(path: str) -> Iterator[tuple[str, str, bool]]:
    """Each file's name and text, and whether it was named itself."""
    if path == STDIN:
        yield "<stdin>", sys.stdin.read(), True
        return
    place = Path(path)
    if not place.is_dir():
        yield path, _text(place), True
        return
    files = [file for file in sorted(place.rglob("*")) if file.suffix in _ENDINGS and not file.is_dir()]
    if not files:
        raise ConfigurationError(f"the folder {path} has no .yaml, .yml or .json file")
    for file in files:
        if not any(part.startswith(".") for part in file.relative_to(place).parts):
            yield str(file), _text(file), False


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(f"{file} is bigger than {_MOST_BYTES >> 20} MiB: that is no manifest")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not in UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{file} can't be read: {error.strerror or error}") from error


def _objects(name: str, text: str) -> tuple[list[tuple[Subject, Any]], list[int]]:
    """The objects in a file, each with its node, and the lines of what is no object."""
    found: list[tuple[Subject, Any]] = []
    strays: list[int] = []
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if "&" in text:
                _check_size(node)
            for value, part in _flat(loader.construct_document(node), node):
                line = part.start_mark.line + 1 if part is not None else 1
                if _is_object(value):
                    found.append((of_manifest(value, Source(name, line)), part))
                elif value:
                    strays.append(line)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        hint = " Is it a template? Render it first: `helm template . | tidegate policies check -`." if "{{" in text else ""
        raise ConfigurationError(f"{name} can't be read as YAML: {' '.join(str(error).split())}.{hint}") from None
    finally:
        loader.dispose()
    return found, strays


def _check_size(node: Any) -> None:
    if _size(node, {}) > _MOST_NODES:
        raise ValueError("its aliases stand for too much")


def _size(node: Any, known: dict[int, int]) -> int:
    """How many nodes a node stands for, with those that its aliases stand for."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) in known:
        if not known[id(node)]:
            raise ValueError("an alias leads back to where it is")
        return known[id(node)]
    known[id(node)] = 0
    parts = (part for pair in node.value for part in pair) if isinstance(node, yaml.MappingNode) else node.value
    known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) and value[key] for key in ("kind", "apiVersion"))


def _flat(value: Any, node: Any) -> Iterator[tuple[Any, Any]]:
    """A document; of a List, those in it."""
    if _is_object(value) and value["kind"].endswith("List") and isinstance(value.get("items", []) or [], list):
        below = _child(node, "items")
        for place, one in enumerate(value.get("items") or ()):
            yield from _flat(_named(one, value), _child(below, place))
    else:
        yield value, node


def _named(item: Any, of: Mapping[str, Any]) -> Any:
    """An object of a list of one kind, that may leave out which."""
    if not isinstance(item, dict) or of["kind"] == "List":
        return item
    return {"apiVersion": of["apiVersion"], "kind": of["kind"].removesuffix("List"), **item}


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _line(node: Any, steps: Sequence[str | int], default: int) -> int:
    line = default
    for step in steps:
        key = _key(node, step)
        node = _child(node, step)
        if node is None:
            break
        line = (key if key is not None else node).start_mark.line + 1
    return line


def _key(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((key for key, _ in node.value if key.value == step), None)
    return None
