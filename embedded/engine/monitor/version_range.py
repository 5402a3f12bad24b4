"""Version ranges as `pulumi.require_pulumi_version` takes them: `>=3.5.0 !3.7.7 || 4.x`."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, Final

import semver

if TYPE_CHECKING:
    from collections.abc import Callable

_TERM: Final = re.compile(r"(>=|<=|==|!=|=|>|<|!)?\s*v?([0-9][0-9A-Za-z.+*-]*)")
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "": operator.eq,
    "=": operator.eq,
    "==": operator.eq,
    "!": operator.ne,
    "!=": operator.ne,
}


def contains(text: str, version: str) -> bool:
    """Whether the version is in the range. ValueError: the text is no range."""
    found = semver.Version.parse(version)
    return any(_all(part, found) for part in text.split("||"))


def _all(part: str, version: semver.Version) -> bool:
    rest = _TERM.sub("", part).strip()
    terms = _TERM.findall(part)
    if rest or not terms:
        msg = f"{part.strip()!r} is not a version range"
        raise ValueError(msg)
    return all(_holds(sign, wanted, version) for sign, wanted in terms)


def _holds(sign: str, wanted: str, version: semver.Version) -> bool:
    parts = wanted.split(".")
    if any(p in ("x", "X", "*") for p in parts):
        fixed = [p for p in parts if p not in ("x", "X", "*")]
        inside = [str(version.major), str(version.minor)][: len(fixed)] == fixed
        return inside != (sign in ("!", "!="))
    return bool(_COMPARE[sign](version, semver.Version.parse(wanted, optional_minor_and_patch=True)))
