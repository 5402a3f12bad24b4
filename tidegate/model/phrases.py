"""How things are said: in errors of the configuration, and of what others have written."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.model.base import Path

_LONGEST: Final = 80
"""Letters of a claim that are shown."""


def listed(words: Iterable[Any], last: str = "or") -> str:
    """A, b or c."""
    said = [str(word) for word in words]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {last} {said[-1]}"


def quoted(text: str) -> str:
    """A text as YAML takes it in quotes."""
    return json.dumps(text, ensure_ascii=False)


def claimed(text: str) -> str:
    """What somebody claims, such that nothing in it passes for something else: letters that only look like others are spelled out."""
    return json.dumps(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def plain(text: str) -> str:
    """A text of somebody's, in one line, without what moves a cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))


def close(word: str, known: Sequence[str]) -> str | None:
    """The known word that was probably meant: spelled in another case or with other dashes, or nearly the same."""
    same = {_letters(name): name for name in known}.get(_letters(word))
    alike = get_close_matches(word.lower(), known, n=1, cutoff=0.65)
    return same or (alike[0] if alike else None)


def kind_of(value: Any) -> str:
    """What people call such a value."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case dict():
            return "mapping"
        case _:
            return "list"


def numbers(node: dict[str, Any]) -> str:
    """Which numbers a schema takes: a whole number from 1 to 100."""
    least, most, above, below = (node.get(bound) for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
    kind = f"a {'whole ' if node['type'] == 'integer' else ''}number"
    if least is not None and most is not None:
        return f"{kind} from {least} to {most}"
    bounds = (("from", least), ("up to", most), ("above", above), ("below", below))
    return " ".join([kind, " and ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)]).rstrip()


def missing(node: dict[str, Any]) -> str:
    """That a setting is missing, what it is, and what it may be."""
    # The first sentence is about the setting; what follows explains.
    about = node.get("description", "").removesuffix(".").split(". ")[0]
    said = f": {about[0].lower()}{about[1:]}" if about else ""
    allowed, examples = node.get("enum"), node.get("examples")
    if allowed:
        return f"is missing{said} ({listed(allowed)})"
    return f"is missing{said}{f'; for example {examples[0]}' if examples else ''}"


def written(path: Path) -> str:
    """A path as people write it, and `pulumi config set --path` takes it."""
    said = str(path[0]) if path else ""
    for part in path[1:]:
        if isinstance(part, int):
            said += f"[{part}]"
        else:
            said += f".{part}" if re.fullmatch(r"[^.\[\]\"'\s]+", part) else f"[{quoted(part)}]"
    return said


def _letters(word: str) -> str:
    return re.sub(r"[-_\s]", "", word).lower()
