"""What can be wrong with a query, by the `errorType` that Prometheus's HTTP API gives it."""

from __future__ import annotations

from typing import ClassVar


class QueryError(Exception):
    """A query that has no answer: `type` and `status` are how the HTTP API says it."""

    type: ClassVar[str]
    status: ClassVar[int]


class BadDataError(QueryError):
    """The query can't be understood, or asks for something that isn't there."""

    type = "bad_data"
    status = 400


class ExecutionError(QueryError):
    """The query was understood, and the series don't let it be answered."""

    type = "execution"
    status = 422


class OverdueError(QueryError):
    """The query takes longer than it may."""

    type = "timeout"
    status = 503


def unsupported(what: str) -> BadDataError:
    """Real PromQL that this evaluator does not have: refused by name, never half done."""
    return BadDataError(f"{what} is not supported here; ask a real Prometheus")
