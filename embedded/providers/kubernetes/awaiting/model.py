"""What waiting is made of: what is watched, what has been seen of it, and a kind's verdict on that.

A kind's rules are a pure function from what has been seen to a verdict. They are asked again after each change, and know nothing of
watches, clocks or messages told before: so dropped watches, repeated events and fresh lists can't confuse them, and a refresh judges by
the same rules as an update.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from embedded.engine.model.events import Severity

Obj = dict[str, Any]


class Client(Protocol):
    """What waiting asks of the API client; all of it raises ApiError and UnreachableError. A watch that ends is no error."""

    async def get(self, path: str) -> Obj: ...  # noqa: D102
    async def list(self, path: str, params: Mapping[str, str]) -> Obj: ...  # noqa: D102
    def watch(  # noqa: D102
        self, path: str, params: Mapping[str, str], opened: Callable[[], None]
    ) -> AsyncIterator[tuple[str, Obj]]: ...


class Say(Protocol):
    """Tells the user something about the resource at hand; an ephemeral message is gone when the operation ends."""

    def __call__(self, severity: Severity, message: str, *, ephemeral: bool) -> None: ...  # noqa: D102


class NotReadyError(Exception):
    """The object is there, but not as it should be: the text says how that showed, `reasons` why; `live` is the object as last seen."""

    def __init__(self, message: str, live: Obj, reasons: list[str]) -> None:
        super().__init__(message)
        self.live, self.reasons = live, reasons


class VanishedError(NotReadyError):
    """Somebody deleted the object while it was awaited: `live` is what it was."""


@dataclass(frozen=True, slots=True)
class Source:
    """A collection to follow. An optional one only explains: where it can't be read, waiting goes on without it.

    `single` is the path of the one object that is wanted of it, for users who may get it but not list it.
    """

    name: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    single: str = ""


OBJECT: Final = "the object"
"""The source that is the awaited object itself."""


@dataclass(slots=True)
class View:
    """What has been seen: the awaited object, and by source and name what belongs to it, or did. A `now` of infinity lets it settle."""

    object: Obj
    related: dict[str, dict[str, Obj]] = field(default_factory=dict)
    gone: dict[str, dict[str, Obj]] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    """Sources of which nothing more will be heard, such as what the user has no right to."""
    now: float = math.inf

    def all(self, source: str) -> list[Obj]:
        """A source's objects, by name."""
        return [obj for _, obj in sorted(self.related.get(source, {}).items())]

    def ever(self, source: str) -> list[Obj]:
        """A source's objects, and the last that was seen of those that are gone."""
        return [obj for _, obj in sorted((self.gone.get(source, {}) | self.related.get(source, {})).items())]

    def quiet(self, source: str) -> float:
        """For how many seconds nothing has changed in a source."""
        return self.now - self.changed.get(source, self.now) if self.now < math.inf else math.inf


@dataclass(frozen=True, slots=True)
class Verdict:
    """A kind's opinion: ready, failed for good, or not yet, with what to tell, why not, and after how many seconds to ask again."""

    ready: bool = False
    failed: bool = False
    reasons: tuple[str, ...] = ()
    says: tuple[tuple[Severity, str], ...] = ()
    again: float = math.inf


def _no_sources(_obj: Obj) -> tuple[Source, ...]:
    return ()


def _no_pods(_view: View) -> list[Obj]:
    return []


def _always(_obj: Obj) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """How objects of a kind get ready: what to follow besides the object, the rules, and which pods explain a failure."""

    judge: Callable[[View], Verdict]
    sources: Callable[[Obj], tuple[Source, ...]] = _no_sources
    pods: Callable[[View], list[Obj]] = _no_pods
    applies: Callable[[Obj], bool] = _always
    timeout: float = 600
    overdue: str = "'{name}' timed out waiting to be Ready"
    refreshed: bool = True  # whether a refresh judges it too
    keeps_answer: bool = False  # whether the outputs stay what the server answered to the write
