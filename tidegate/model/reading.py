"""Goes through a value and its schema side by side: says all that is wrong with the value, and makes of it one that is right.

What is wrong is left out of that, or its schema's example stands in for it, so that the rest can be looked at as a whole.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from tidegate.model.base import Finding
from tidegate.model.phrases import close, kind_of, listed, missing, numbers, quoted, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.base import Path
    from tidegate.model.stackfile import Place

Schema = dict[str, Any]

_BROKEN: Final = object()
_LONGEST: Final = 60
_WORDS: Final = {"yes": "true", "on": "true", "y": "true", "true": "true", "no": "false", "off": "false", "n": "false", "false": "false"}
_EMPTY: Final = "is empty: give it a value, or remove the line"
_NONE: Final = "is empty: there must be at least one"


class Source(Protocol):
    """Where a value comes from."""

    def place(self, path: Path) -> Place | None:
        """How it is written there."""


@dataclass(slots=True)
class Reading:
    """One reading of a configuration."""

    schema: Schema
    source: Source
    findings: list[Finding] = field(default_factory=list)
    doubtful: list[Path] = field(default_factory=list)
    """Where an example stands in for what was wrong."""
    misspelled: dict[Path, str] = field(default_factory=dict)
    """What a setting is called in the file, by its right path."""

    def read(self, value: Any) -> Any:
        """Read the whole; what it returns fits the schema."""
        return self._mended(self.schema, self._read(self.schema, value, ()), ())

    @property
    def wrong(self) -> list[Path]:
        """Where nothing can be concluded from what has been read. What is only misspelled, is known."""
        misspelled = {self.as_written(path) for path in self.misspelled}
        return [*(finding.path for finding in self.findings if finding.path not in misspelled), *self.doubtful]

    def as_written(self, path: Path) -> Path:
        """The path of a setting, with the names that the user gave it."""
        return tuple(self.misspelled.get(path[: i + 1], part) for i, part in enumerate(path))

    def _read(self, node: Schema, value: Any, path: Path) -> Any:
        node = self._resolved(node)
        if node.get("writeOnly"):
            return "encrypted" if _encrypted(value) else self._text(node["anyOf"][0], value, path)
        place = self.source.place(path)
        if _encrypted(value) or (place is not None and place.encrypted):
            return self._misplaced(path)
        if "discriminator" in node:
            return self._one_of(node, value, path)
        if "anyOf" in node:
            return self._any_of(node, value, path)
        if value is None:
            return self._wrong(path, _EMPTY)
        return self._plain(node, value, path)

    def _plain(self, node: Schema, value: Any, path: Path) -> Any:
        if "enum" in node or "const" in node:
            return self._choice(node.get("enum", [node.get("const")]), value, path)
        match node["type"]:
            case "object":
                return self._object(node, value, path)
            case "array":
                return self._list(node, value, path)
            case "string":
                return self._text(node, value, path)
            case "boolean":
                return self._boolean(value, path)
            case _:
                return self._number(node, value, path)

    def _wrong(self, path: Path, message: str) -> Any:
        self.findings.append(Finding(path, message))
        return _BROKEN

    def _mended(self, node: Schema, read: Any, path: Path) -> Any:
        if read is not _BROKEN:
            return read
        self.doubtful.append(path)
        return self._example(node)

    def _misplaced(self, path: Path) -> Any:
        if path[:1] == ("secrets",):
            command = "pulumi config set --secret --path 'tidegate:secrets.SET.values.KEY'"
            return self._wrong(path, f"is encrypted as a whole; encrypt each value by itself: `{command}`")
        return self._wrong(
            path,
            "is encrypted, which only values of tidegate:secrets can be: put it into a set there, and name the set where it is needed",
        )

    def _resolved(self, node: Schema) -> Schema:
        if "$ref" not in node:
            return node
        target = self.schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return {**target, **{key: value for key, value in node.items() if key != "$ref"}}

    def _any_of(self, node: Schema, value: Any, path: Path) -> Any:
        """A value that may be null too, or one of a few words."""
        others = [self._resolved(other) for other in node["anyOf"]]
        words = [other["const"] for other in others if "const" in other]
        if (value is None and {"type": "null"} in others) or (isinstance(value, str) and value in words):
            return value
        main = next(other for other in others if other.get("type") != "null" and "const" not in other)
        if words and "patternErrorMessage" in main:
            main = {**main, "patternErrorMessage": f"{listed(map(quoted, words))}, or {main['patternErrorMessage']}"}
        return self._read(main, value, path)

    def _one_of(self, node: Schema, value: Any, path: Path) -> Any:
        """One of several kinds of mapping, told apart by one of their keys."""
        key, kinds = node["discriminator"]["propertyName"], node["discriminator"]["mapping"]
        if not isinstance(value, dict):
            return self._wrong(path, self._not("a mapping", value, path))
        if key not in value:
            return self._wrong((*path, key), f"is missing; it must be {listed(kinds)}")
        if self._choice(list(kinds), value[key], (*path, key)) is _BROKEN:
            return _BROKEN
        return self._object(self._resolved({"$ref": kinds[value[key]]}), value, path)

    def _choice(self, allowed: Sequence[str], value: Any, path: Path) -> Any:
        if isinstance(value, str) and value in allowed:
            return value
        hint = close(value, allowed) if isinstance(value, str) else None
        return self._wrong(path, self._not(listed(allowed), value, path) + (f"; did you mean {hint}?" if hint else ""))

    def _object(self, node: Schema, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            return self._wrong(path, self._not("a mapping", value, path))
        if "properties" not in node:
            return self._mapping(node, value, path)
        known: dict[str, Schema] = node["properties"]
        read: dict[str, Any] = {}
        for key, part in value.items():
            meant: str | None = key
            if key not in known:
                meant = self._meant(key, known, value, path)
            if meant is not None:
                read[meant] = self._read(known[meant], part, (*path, key))
        for key in node.get("required", ()):
            if key not in read:
                self._wrong((*path, key), missing(self._resolved(known[key])))
            read[key] = self._mended(known[key], read.get(key, _BROKEN), (*path, key))
        return {key: part for key, part in read.items() if part is not _BROKEN}

    def _meant(self, key: str, known: dict[str, Schema], value: dict[str, Any], path: Path) -> str | None:
        """Say that there is no such setting; the one that was meant, if it isn't there too."""
        if not path and re.search(r"[.\[]", key):
            command = f"pulumi config set --path {quoted(written((f'tidegate:{key}',)))} VALUE"
            self._wrong((key,), f"is a setting with a path for its name; remove it, and set what is meant: `{command}`")
            return None
        hint = close(key, list(known))
        if hint:
            self._wrong((*path, key), f"there is no such setting; did you mean {hint}?")
            if hint in value:
                return None
            self.misspelled[*path, hint] = key
            return hint
        parents = [name for name, node in known.items() if key in self._settings(node)]
        if parents:
            self._wrong((*path, key), f"there is no such setting here; it belongs to {listed(parents)}: indent it below that")
        else:
            self._wrong((*path, key), f"there is no such setting; there are {listed(known, 'and')}")
        return None

    def _settings(self, node: Schema) -> dict[str, Schema]:
        """The settings that a setting consists of."""
        for part in (node, *node.get("anyOf", ())):
            properties: dict[str, Schema] = self._resolved(part).get("properties", {})
            if properties:
                return properties
        return {}

    def _mapping(self, node: Schema, value: dict[str, Any], path: Path) -> Any:
        """A mapping whose keys are the user's."""
        read = {}
        for key, part in value.items():
            wrong = _misfit(node["propertyNames"], key) if "propertyNames" in node else None
            if wrong:
                hint = close(key, node["propertyNames"].get("enum", ()))
                meant = f"; did you mean {hint}?" if hint else ""
                self._wrong((*path, key), f"{quoted(key)} can't be its name, which must be {wrong}{meant}")
            inner = node["additionalProperties"]
            # It stays known whatever is in it: others may name it. What may be anything is for others to judge.
            found = part if inner is True else self._mended(inner, self._read(inner, part, (*path, key)), (*path, key))
            if not wrong:
                read[key] = found
        if len(value) < node.get("minProperties", 0):
            return self._wrong(path, _NONE)
        return read if len(read) >= node.get("minProperties", 0) else _BROKEN

    def _list(self, node: Schema, value: Any, path: Path) -> Any:
        if not isinstance(value, list):
            plain = not isinstance(value, dict) and path[:1] != ("secrets",)
            return self._wrong(path, self._not("a list", value, path) + (f": write [{self._said(value, path)}]" if plain else ""))
        if len(value) < node.get("minItems", 0):
            return self._wrong(path, _NONE)
        return [self._mended(node["items"], self._read(node["items"], part, (*path, i)), (*path, i)) for i, part in enumerate(value)]

    def _text(self, node: Schema, value: Any, path: Path) -> Any:
        if value is None:
            return self._wrong(path, _EMPTY)
        place = self.source.place(path)
        is_date = place is not None and place.kind == "date"
        if isinstance(value, dict | list):
            return self._wrong(path, self._not("a text", value, path))
        if isinstance(value, str) and not is_date:
            wrong = _misfit(node, value)
            return self._wrong(path, self._not(wrong, value, path)) if wrong else value
        kind = place.kind if is_date and place is not None else kind_of(value)
        if path[:1] == ("secrets",):
            return self._wrong(path, f"must be a text, but is read as a {kind}: put it in quotes")
        said = self._said(value, path)
        wrong = _misfit(node, said)
        return self._wrong(
            path, f"must be {wrong}, not {said}" if wrong else f'is read as a {kind}, but must be a text: quote it: "{said}"'
        )

    def _boolean(self, value: Any, path: Path) -> Any:
        if isinstance(value, bool):
            return value
        word = _WORDS.get(str(value).lower())
        return self._wrong(path, self._not("true or false", value, path) + (f": write {word}" if word else ""))

    def _number(self, node: Schema, value: Any, path: Path) -> Any:
        whole, wanted = node["type"] == "integer", numbers(node)
        if isinstance(value, str) and re.fullmatch(r"[-+]?\d+" if whole else r"[-+]?\d+(\.\d+)?", value):
            return self._wrong(path, f"must be {wanted}, but is a text: remove the quotes")
        kinds = int if whole else int | float
        if isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value) and _in_range(node, value):
            return value
        share = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", value) if isinstance(value, str) else None
        hint = "" if share is None else f": write {float(share[1]) / (1 if whole else 100):g}"
        return self._wrong(path, self._not(wanted, value, path) + hint)

    def _not(self, wanted: str, value: Any, path: Path) -> str:
        """That it must be something, and what it is instead. What may be a secret is not shown."""
        if isinstance(value, dict | list):
            return f"must be {wanted}, not a {kind_of(value)}"
        return f"must be {wanted}" if path[:1] == ("secrets",) else f"must be {wanted}, not {self._said(value, path)}"

    def _said(self, value: Any, path: Path) -> str:
        """A value as the user wrote it."""
        place = self.source.place(path)
        if place is not None and place.spelled:
            return place.spelled
        if isinstance(value, str):
            return quoted(value if len(value) <= _LONGEST else value[:_LONGEST] + "...")
        return "nothing" if value is None else json.dumps(value)

    def _example(self, node: Schema) -> Any:
        """A value that is right."""
        node = self._resolved(node)
        for given in ("default", "const"):
            if given in node:
                return node[given]
        for several in ("examples", "enum"):
            if node.get(several):
                return node[several][0]
        for alternatives in ("oneOf", "anyOf"):
            if alternatives in node:
                return self._example(node[alternatives][0])
        return self._composed(node)

    def _composed(self, node: Schema) -> Any:
        match node["type"]:
            case "object" if "properties" in node:
                return {key: self._example(node["properties"][key]) for key in node.get("required", ())}
            case "object":
                return (
                    {self._example(node["propertyNames"]): self._example(node["additionalProperties"])} if "minProperties" in node else {}
                )
            case "array":
                return [self._example(node["items"])] * node.get("minItems", 0)
            case "string":
                return "text"
            case _:
                return node.get("minimum", False)


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str)


def _misfit(node: Schema, text: str) -> str:
    """What a text must be, if it isn't."""
    if "enum" in node:
        return "" if text in node["enum"] else listed(node["enum"])
    pattern = node.get("pattern", "")
    # `$` would let a last newline pass.
    match = re.fullmatch if pattern.startswith("^") and pattern.endswith("$") else re.search
    if (
        match(pattern, text)
        and "\n" not in text[-1:] * bool(pattern)
        and node.get("minLength", 0) <= len(text) <= node.get("maxLength", math.inf)
    ):
        return ""
    return str(node.get("patternErrorMessage", "a text that is not empty"))


def _in_range(node: Schema, value: float) -> bool:
    reached = node.get("minimum", -math.inf) <= value <= node.get("maximum", math.inf)
    return bool(reached and node.get("exclusiveMinimum", -math.inf) < value < node.get("exclusiveMaximum", math.inf))
