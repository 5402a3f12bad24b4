"""Property values and their changes as indented text, a line at a time, each with the operation whose colour it has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from embedded.engine.display.changes import compare, is_internal
from embedded.engine.display.style import OPS
from embedded.engine.model.values import Archive, Asset, ByteString, Output, ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.engine.display.changes import Change
    from embedded.engine.display.style import Style
    from embedded.engine.model.events import Op
    from embedded.engine.model.values import Value, Values

Line = tuple["Op", str]
_LONGEST: Final = 150
_MOST_LINES: Final = 10
_HASH: Final = 7


@dataclass(frozen=True, slots=True)
class ValueText:
    """Draws values. `summary`: leave out what stays the same."""

    show_secrets: bool = False
    truncate: bool = True
    summary: bool = False

    def pad(self, indent: int, op: Op, *, marked: bool) -> str:
        """The start of a line; marked ones have the operation's mark in the last two columns."""
        blank = "    " * indent
        return blank[:-2] + OPS[op].mark if marked and blank else blank

    def object(self, values: Values, indent: int, op: Op, *, marked: bool = False) -> Iterator[Line]:
        """An object's properties, one a line."""
        width = max(map(len, values), default=0)
        for key in sorted(values):
            if not is_internal(key):
                yield from self.value(f"{self.pad(indent, op, marked=marked)}{key:<{width}}: ", values[key], indent, op, marked=marked)

    def value(self, head: str, value: Value, indent: int, op: Op, *, marked: bool = False) -> Iterator[Line]:
        """A value whose first line begins with `head`; lists and objects go on below it."""
        if isinstance(value, Secret) and self.show_secrets:
            value = value.value
        if isinstance(value, list) and value:
            yield op, head + "["
            for i, item in enumerate(value):
                yield from self.value(f"{self.pad(indent, op, marked=marked)}    [{i}]: ", item, indent + 1, op, marked=marked)
            yield op, self.pad(indent, op, marked=False) + "]"
        elif isinstance(value, dict) and value:
            yield op, head + "{"
            yield from self.object(value, indent + 1, op, marked=marked)
            yield op, self.pad(indent, op, marked=False) + "}"
        elif isinstance(value, Archive) and value.assets:
            yield op, f"{head}archive(assets:{value.hash[:_HASH]}) {{"
            for name, item in sorted(value.assets.items()):
                yield from self.value(f'{self.pad(indent, op, marked=marked)}    "{name}": ', item, indent + 1, op, marked=marked)
            yield op, self.pad(indent, op, marked=False) + "}"
        else:
            yield op, head + self.primitive(value)

    def primitive(self, value: Value) -> str:
        """A value that fits a line."""
        if isinstance(value, Secret):
            return self.primitive(value.value) if self.show_secrets else "[secret]"
        if isinstance(value, Unknown) or (isinstance(value, Output) and not value.known):
            return "[unknown]"
        if isinstance(value, Output):
            return self.primitive(Secret(value.value) if value.secret else value.value)
        if value is None:
            return "<null>"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return json.dumps(self._cut(value), ensure_ascii=False)
        if isinstance(value, int | float):
            return f"{value:.0f}" if float(value).is_integer() else f"{value:g}"
        if isinstance(value, Asset | Archive):
            return _file(value)
        if isinstance(value, ResourceRef):
            return json.dumps(value.urn)
        return f"({len(value.data)} bytes)" if isinstance(value, ByteString) else json.dumps(value)

    def _cut(self, text: str) -> str:
        if not self.truncate:
            return text
        lines = [line if len(line) <= _LONGEST else line[:_LONGEST] + "..." for line in text.split("\n")]
        return "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "..."])

    def changes(self, change: Change, indent: int, include: tuple[str, ...] = ()) -> Iterator[Line]:
        """An object's changes, one property a line; of the named properties only, if any are named."""
        children = {k: c for k, c in (change.children or {}).items() if not include or k in include}
        width = max((len(str(k)) for k in children), default=0)
        for key, child in sorted(children.items(), key=lambda item: str(item[0])):
            yield from self.change(f"{key:<{width}}: ", child, indent, indent)

    def change(self, title: str, change: Change, indent: int, title_indent: int) -> Iterator[Line]:
        """One property's (or element's) change."""
        if change.kind == "same":
            if not self.summary and printable(change.new):
                yield from self.value(self.pad(title_indent, "same", marked=False) + title, change.new, indent, "same")
        elif change.kind == "add" or (change.kind == "update" and not printable(change.old)):
            if change.kind == "add" or printable(change.new):
                yield from self.value(self.pad(title_indent, "create", marked=True) + title, change.new, indent, "create", marked=True)
        elif change.kind == "delete" or not printable(change.new):
            yield from self.value(self.pad(title_indent, "delete", marked=True) + title, change.old, indent, "delete", marked=True)
        elif change.children is not None:
            yield from self._nested(title, change, indent, title_indent)
        elif _is_primitive(change.old) and _is_primitive(change.new):
            head = self.pad(title_indent, "update", marked=True) + title
            yield "update", f"{head}{self.primitive(change.old)} => {self.primitive(change.new)}"
        else:
            yield from self.value(self.pad(title_indent, "delete", marked=True) + title, change.old, indent, "delete", marked=True)
            yield from self.value(self.pad(title_indent, "create", marked=True) + title, change.new, indent, "create", marked=True)

    def _nested(self, title: str, change: Change, indent: int, title_indent: int) -> Iterator[Line]:
        head = self.pad(title_indent, "update", marked=True) + title
        yield "update", head + ("[" if change.listed else "{")
        if change.listed:
            for i, child in sorted((change.children or {}).items()):
                yield from self.change(f"[{i}]: ", child, indent + 2, indent + 1)
        else:
            yield from self.changes(change, indent + 1)
        yield "update", self.pad(indent, "update", marked=False) + ("]" if change.listed else "}")

    def old_and_new(self, old: Values, new: Values, include: tuple[str, ...], indent: int) -> Iterator[Line]:
        """How an object changed; if it did not, the object."""
        change = compare(old, new)
        if change is None:
            yield from self.object(new, indent, "same", marked=True)
        else:
            yield from self.changes(change, indent, include)


def printable(value: Value) -> bool:
    """Whether a value tells anything: nulls and empty things only clutter."""
    return value is not None and value not in ("", [], {})


def _is_primitive(value: Value) -> bool:
    return not isinstance(value, list | dict | Asset | Archive | ResourceRef)


def _file(value: Asset | Archive) -> str:
    what = "asset" if isinstance(value, Asset) else "archive"
    short = value.hash[:_HASH]
    if value.path is not None:
        return f"{what}(file:{short}) {{ {value.path} }}"
    if value.uri is not None:
        return f"{what}(uri:{short}) {{ {value.uri} }}"
    if isinstance(value, Asset) and value.text is not None:
        return f"asset(text:{short}) {{ {json.dumps(value.text, ensure_ascii=False)} }}"
    return f"{what}({short}) {{ }}"


def text(lines: Iterator[Line], style: Style) -> str:
    """The lines, painted, each ended."""
    return "".join(style.paint(OPS[op].colour, line) + "\n" for op, line in lines)
