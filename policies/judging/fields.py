"""Fields of an object, each of which knows where it is; reading one that isn't known yet says so, instead of passing for something else.

A policy reads by fields only: `container.at("securityContext", "privileged").value`. So each violation has the exact path of what is
wrong, and nothing is judged by a value that will only be known on up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging.subjects import Subject

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_LONGEST: Final = 120
SECRET: Final = "[secret]"  # noqa: S105 - what stands for one


class Unknowable:
    """Stands in an object's values for what isn't known before the update."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknowable()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret value. Policies see what is in it; nobody else does."""

    value: Any

    def __repr__(self) -> str:
        return SECRET


class UnknownError(Exception):
    """A policy has read a field that isn't known yet: what hangs on it can't be judged now."""

    def __init__(self, field: Field) -> None:
        super().__init__(f"{field.path} isn't known yet")
        self.field = field


class Field:
    """A place in an object, whether there is something or not."""

    __slots__ = ("_key", "_raw", "_up", "secret", "subject")

    def __init__(self, subject: Subject, raw: Any, key: str | int = "", up: Field | None = None) -> None:
        hidden = isinstance(raw, Hidden)
        self.subject, self._key, self._up = subject, key, up
        self._raw: Any = raw.value if hidden else raw
        self.secret: bool = hidden or (up is not None and (up.secret or (subject.keeps_secrets and up.is_root and key in _DATA)))

    @property
    def is_root(self) -> bool:
        """Whether it is the whole object."""
        return self._up is None

    @property
    def key(self) -> str | int:
        """Its name in the mapping that it is in, or its place in the list."""
        return self._key

    @property
    def path(self) -> str:
        """Where it is: `spec.template.spec.containers[0].image`, `metadata.annotations[tidegate.dev/spec]`."""
        if self._up is None:
            return ""
        above = self._up.path
        if isinstance(self._key, int) or not _PLAIN.issuperset(self._key):
            return f"{above}[{self._key}]"
        return f"{above}.{self._key}" if above else self._key

    @property
    def steps(self) -> tuple[str | int, ...]:
        """The keys and places that lead to it from the object."""
        return () if self._up is None else (*self._up.steps, self._key)

    def at(self, *keys: str | int) -> Field:
        """What is further down, there or not."""
        found = self
        for key in keys:
            found = found._below(key)
        return found

    def _below(self, key: str | int) -> Field:
        raw = self._raw
        if isinstance(raw, dict):
            raw = raw.get(key)
        elif isinstance(raw, list):
            raw = raw[key] if isinstance(key, int) and -len(raw) <= key < len(raw) else None
        elif raw is not UNKNOWN:
            raw = None
        return Field(self.subject, raw, key, self)

    @property
    def known(self) -> bool:
        """Whether it can be read."""
        return self._raw is not UNKNOWN

    @property
    def given(self) -> bool:
        """Whether there is anything; null is nothing."""
        return self._read() is not None

    @property
    def value(self) -> Any:
        """What is there; None if nothing. Mappings and lists are as they would be in JSON, and not to be changed."""
        raw = self._read()
        return self._bare(raw) if self.subject.marked and isinstance(raw, (dict, list)) else raw

    @property
    def text(self) -> str:
        """What is there as a text; "" if there is nothing, or no text."""
        raw = self._read()
        return raw if isinstance(raw, str) else ""

    @property
    def shown(self) -> str:
        """What is there, for people: short, and never a secret."""
        if self.secret:
            return SECRET
        text = repr(self._raw)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    def items(self) -> Iterator[Field]:
        """The parts of a list; none if it is none."""
        raw = self._read()
        if isinstance(raw, list):
            for place, one in enumerate(raw):
                yield Field(self.subject, one, place, self)

    def entries(self) -> Iterator[tuple[str, Field]]:
        """The parts of a mapping, by their names; none if it is none."""
        raw = self._read()
        if isinstance(raw, dict):
            for key, one in raw.items():
                yield key, Field(self.subject, one, key, self)

    def _read(self) -> Any:
        if self._raw is UNKNOWN:
            raise UnknownError(self)
        return self._raw

    def _bare(self, raw: Any) -> Any:
        if raw is UNKNOWN:
            raise UnknownError(self)
        match raw:
            case Hidden():
                return self._bare(raw.value)
            case dict():
                return {key: self._bare(one) for key, one in raw.items()}
            case list():
                return [self._bare(one) for one in raw]
        return raw

    def __repr__(self) -> str:
        return f"Field({self.path or '.'} = {self.shown})"


_DATA: Final = ("data", "stringData")
