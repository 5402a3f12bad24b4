"""Faults as JSON: what may be said of each kind, and what is wrong with what was said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.faults import disruptions
from embedded.cluster.faults.book import Ruling
from embedded.cluster.faults.disruptions import Disruption
from embedded.cluster.faults.rules import Rule, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.faults.disruptions import Disrupted

_WHERE: Final = ("verb", "resource", "namespace", "name", "path", "agent")
_RULE: Final[Mapping[str, type]] = {
    **dict.fromkeys(_WHERE, str),
    "nth": int,
    "every": int,
    "probability": float,
    "count": int,
    "lasts": float,
    "delay": float,
    "events": int,
    "retry_after": int,
}
_DISRUPTION: Final[Mapping[str, type]] = {"after": float, "period": float, "probability": float, "count": int, "lasts": float}
_NAMES: Final = {str: "a text", int: "a whole number", float: "a number"}


def fault(data: Any) -> Rule | Disruption:
    """The fault that JSON data describes; a ValueError says what is wrong with it."""
    if not isinstance(data, dict) or not isinstance(data.get("kind"), str):
        raise ValueError('a fault is an object with a kind, as in {"kind": "503", "verb": "create", "nth": 3}')  # noqa: TRY004 - what a client said, not a caller
    kind = data["kind"]
    given = {key: value for key, value in data.items() if key != "kind" and value is not None}
    if kind not in disruptions.KINDS:
        rule = Rule(kind)  # an unknown kind is to be heard of before anything else
        values = _checked(kind, given, _RULE)
        where = Where(**{key: values.pop(key) for key in _WHERE if key in values})
        return Rule(rule.kind, where, **values)
    target = "node" if kind in disruptions.ON_NODES else "pod"
    values = _checked(kind, given, {target: str, **_DISRUPTION})
    return Disruption(kind, values.pop(target, "*"), **values)


def data(entry: Ruling | Disrupted, now: float) -> dict[str, Any]:
    """A fault in force as JSON: what was asked for, and what has come of it."""
    if isinstance(entry, Ruling):
        rule = entry.rule
        said = {key: getattr(rule.where, key) for key in _WHERE if getattr(rule.where, key) != "*"}
        said |= _said(rule, Rule(rule.kind), [key for key in _RULE if key not in _WHERE])
        return {"id": entry.ident, "kind": rule.kind, **said, "spent": entry.spent(now), "counted": entry.counted, **_struck(entry)}
    disruption = entry.disruption
    said = {"node" if disruption.kind in disruptions.ON_NODES else "pod": disruption.target}
    said |= _said(disruption, Disruption(disruption.kind), list(_DISRUPTION))
    return {"id": entry.ident, "kind": disruption.kind, **said, "spent": entry.spent, **_struck(entry)}


def _struck(entry: Ruling | Disrupted) -> dict[str, Any]:
    return {"struck": entry.struck, "hits": list(entry.hits)}


def _said(entry: Rule | Disruption, usual: Rule | Disruption, keys: list[str]) -> dict[str, Any]:
    """What differs from what holds when nothing is said."""
    return {key: getattr(entry, key) for key in keys if getattr(entry, key) != getattr(usual, key)}


def _checked(kind: str, given: Mapping[str, Any], known: Mapping[str, type]) -> dict[str, Any]:
    if unknown := sorted(given.keys() - known.keys()):
        raise ValueError(f"a fault {kind} has no {', '.join(unknown)}; it takes {', '.join(known)}")
    for key, value in given.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        fits = isinstance(value, str) if known[key] is str else number and (known[key] is float or isinstance(value, int))
        if not fits:
            raise ValueError(f"{key} is {value!r}; it must be {_NAMES[known[key]]}")
    return dict(given)
