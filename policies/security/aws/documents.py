"""IAM's policy documents, as text or as data: their statements, each element as a list of texts, however it was written."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from policies.judging import Field

ANYBODY = "*"
EVERYTHING = frozenset({"*", "*:*"})
"""Of actions."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement."""

    at: Field
    """The document that it is in."""
    place: int
    sid: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    """Kinds and names: ("AWS", "*")."""
    not_principals: bool
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Operators, keys and values: ("Bool", "aws:securetransport", ("false",))."""

    @property
    def shown(self) -> str:
        """The statement, for people."""
        return f"statement {self.sid!r}" if self.sid else f"statement {self.place}"

    @property
    def public(self) -> bool:
        """Whether it lets anybody in. A condition on who or where one is, narrows it."""
        return self.allows and self.of_anybody and not self.narrowed

    @property
    def of_anybody(self) -> bool:
        """Whether it is about everybody there is."""
        return self.not_principals or any(name == ANYBODY for kind, name in self.principals if kind in {"AWS", ANYBODY, "CanonicalUser"})

    @property
    def narrowed(self) -> bool:
        """Whether a condition leaves only some of them: by account, organisation, network, or the resource that asks."""
        return any(_narrows(operator, key, values) for operator, key, values in self.conditions)

    @property
    def everywhere(self) -> bool:
        """Whether it is about all resources."""
        return bool(self.not_resources) or any(set(name) <= {"*"} or name in {"arn:*", "arn:aws:*"} for name in self.resources)

    def does(self, action: str) -> bool:
        """Whether it is about that action: `iam:PassRole`."""
        wanted = action.lower()
        if self.not_actions:
            return not any(fnmatchcase(wanted, pattern.lower()) for pattern in self.not_actions)
        return any(fnmatchcase(wanted, pattern.lower()) for pattern in self.actions)


def statements(document: Field) -> Iterator[Statement]:
    """The statements of a document; none if it is none. Text that is no document is refused by Amazon itself."""
    for place, one in enumerate(_listed(_loaded(document).get("Statement"))):
        if isinstance(one, dict):
            yield _statement(document, place, one)


def _loaded(document: Field) -> dict[str, Any]:
    value = document.value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _statement(at: Field, place: int, one: dict[str, Any]) -> Statement:
    sid = one.get("Sid")
    return Statement(
        at,
        place,
        sid if isinstance(sid, str) else "",
        one.get("Effect") == "Allow",
        _texts(one.get("Action")),
        _texts(one.get("NotAction")),
        _texts(one.get("Resource")),
        _texts(one.get("NotResource")),
        tuple(_principals(one.get("Principal"))),
        "NotPrincipal" in one,
        tuple(_conditions(one.get("Condition"))),
    )


def _principals(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for kind, names in value.items():
            yield from ((kind, name) for name in _texts(names))
    else:
        yield from ((ANYBODY, name) for name in _texts(value))


def _conditions(value: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for operator, keys in value.items() if isinstance(value, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield str(operator).lower(), str(key).lower(), _texts(values)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in _listed(value))


_WHO = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount", "aws:sourcearn",
        "aws:sourceip", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid",
        "aws:vpcsourceip", "kms:calleraccount", "s3:dataaccesspointaccount", "aws:principalserviceslist", "aws:username",
    }
)  # fmt: skip
_POSITIVE = ("stringequals", "stringlike", "arnequals", "arnlike", "ipaddress", "foranyvalue:stringequals", "foranyvalue:stringlike")
_ALL = frozenset({"*", "0.0.0.0/0", "::/0"})


def _narrows(operator: str, key: str, values: tuple[str, ...]) -> bool:
    # `...IfExists` holds for whoever doesn't say: that narrows nothing.
    return key in _WHO and operator.removesuffix("ignorecase") in _POSITIVE and bool(values) and not _ALL.intersection(values)
