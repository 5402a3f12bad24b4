"""What is measured, by whoever measures it: queries in PromQL, each at a moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: a single value, or those of a time."""

    labels: Mapping[str, str] = field(default_factory=dict)
    points: tuple[tuple[float, float], ...] = ()
    """When, in seconds since 1970, and how much; NaN and infinite ones among them."""


class Metrics(Protocol):
    """Where queries are answered."""

    def query(self, query: str, at: datetime) -> tuple[Series, ...]:
        """What a query gives at a moment: nothing is an answer, too.

        `UnreachableError`: there is no answer to be had. `QueryError`: the query can't be answered as it is, now or later.
        """


class QueryError(ConfigurationError):
    """A query that is refused."""
