"""Colours, and what each operation is called on screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.model.events import Op

_MARKUP: Final = re.compile(r"\x1b\[[0-9;]*[mK]|<\{%[^%]*%\}>")
_CODES: Final = {
    "bold": "1",
    "headline": "1;35",
    "dim": "90",
    "green": "32",
    "red": "31",
    "yellow": "33",
    "magenta": "95",
    "cyan": "36",
    "blue": "94",
}


@dataclass(frozen=True, slots=True)
class Words:
    """An operation on screen: its mark, and what is said while it runs, when done, when failed, in a preview and in the summary."""

    mark: str
    colour: str
    running: str
    done: str
    failed: str
    preview: str
    past: str


OPS: Final[Mapping[Op, Words]] = {
    "same": Words("  ", "", "", "", "failed", "", "samed"),
    "create": Words("+ ", "green", "creating", "created", "creating failed", "create", "created"),
    "update": Words("~ ", "yellow", "updating", "updated", "updating failed", "update", "updated"),
    "delete": Words("- ", "red", "deleting", "deleted", "deleting failed", "delete", "deleted"),
    "replace": Words("+-", "magenta", "replacing", "replaced", "replacing failed", "replace", "replaced"),
    "create-replacement": Words(
        "++", "green", "creating replacement", "created replacement", "creating failed", "create replacement", "create-replacementd"
    ),
    "delete-replaced": Words("--", "red", "deleting original", "deleted original", "deleting failed", "delete original", "deleted"),
    "read": Words("> ", "cyan", "reading", "read", "reading failed", "read", "read"),
    "read-replacement": Words(
        ">>", "magenta", "reading for replacement", "read for replacement", "reading failed", "read for replacement", "read"
    ),
    "refresh": Words("~ ", "yellow", "refreshing", "refresh", "refreshing failed", "refreshing", "refreshed"),
    "discard": Words("< ", "red", "discarding", "discarded", "discarding failed", "discard", "discarded"),
    "discard-replaced": Words(
        "<<", "red", "discarding original", "discarded original", "discarding failed", "discard original", "discarded"
    ),
    "import": Words("= ", "green", "importing", "imported", "importing failed", "import", "imported"),
    "import-replacement": Words(
        "=>", "magenta", "importing replacement", "imported replacement", "importing failed", "import replacement", "imported"
    ),
    "remove-pending-replace": Words("~ ", "dim", "", "", "", "", "removed"),
}


@dataclass(frozen=True, slots=True)
class Style:
    """Paints, or leaves the text as it is."""

    colour: bool = False

    def paint(self, name: str, text: str) -> str:
        """The text in a colour of the table; as it is if colours are off or the name is ""."""
        if not self.colour or not name or not text:
            return text
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m"

    def headline(self, text: str) -> str:
        """A section's title."""
        return self.paint("headline", text)


PLAIN: Final = Style()


def plain(text: str) -> str:
    """Return a message without terminal escapes and without the colour tags that providers written in Go put into theirs."""
    return _MARKUP.sub("", text)


def type_name(type_: str) -> str:
    """A resource type as people read it: `aws:s3/bucket:Bucket` is `aws:s3:Bucket`."""
    parts = type_.split(":")
    if len(parts) == 3 and parts[2]:
        module, slash, last = parts[1].rpartition("/")
        if slash and last == parts[2][0].lower() + parts[2][1:]:
            return f"{parts[0]}:{module}:{parts[2]}"
    return type_


def plural(count: int, word: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
