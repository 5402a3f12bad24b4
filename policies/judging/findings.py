"""What policies say: what is wrong and where, what would make it right, and what they can't tell yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from policies.judging.fields import UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policies.judging.fields import Field

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class To:
    """What a field has to be to be right. `To()` is nothing at all: the field is to go."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is wrong."""

    at: Field
    """Of a field that should be there and isn't, the place where it should be."""
    reason: str
    """What is wrong, in a sentence: "container 'app' is privileged". Never a secret: `Field.shown` for what is in a field."""
    fix: str = ""
    """What to do about just this; else what the policy says."""
    mended: To | None = None
    """What would make it right, if that can be said without asking anybody: where the policy is set to remediate, it is done."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A field that isn't known yet, and something hangs on it."""

    at: Field


Finding = Violation | Doubt


def each(parts: Iterable[_Part], judge: Callable[[_Part], Iterable[Finding]]) -> Iterator[Finding]:
    """What is found of each of the parts for itself: that one can't be judged yet doesn't keep the others from it."""
    for part in parts:
        try:
            yield from judge(part)
        except UnknownError as unknown:
            yield Doubt(unknown.field)
