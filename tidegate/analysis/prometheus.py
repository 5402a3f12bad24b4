"""Queries to a Prometheus, or whatever speaks its HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.analysis.metrics import QueryError, Series
from tidegate.model.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tidegate.analysis.doors import Answer, Door

_PATH: Final = "api/v1/query"
# Of a long answer that isn't Prometheus's.
_SHOWN: Final = 120


class Prometheus:
    """The port `Metrics` over a Prometheus."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def query(self, query: str, at: datetime) -> tuple[Series, ...]:
        """What a query gives at a moment."""
        # Half an answer would hide the other half; those that know this parameter give a whole one, or none.
        answer = self._door.get(_PATH, {"query": query, "time": f"{at.timestamp():.3f}", "partial_response": "false"})
        match answer.code, answer.body:
            case 200, {"status": "success", "data": {"resultType": str() as kind, "result": list() as result}}:
                return _series(kind, result)
            case ((400 | 422), body):
                raise QueryError(f"{self._door.where} refuses the query `{query}`: {_said(body)}")
        raise UnreachableError(f"{self._door.where} can't answer the query `{query}`: {_other(answer)}")


def _series(kind: str, result: list[Any]) -> tuple[Series, ...]:
    match kind:
        case "scalar":
            return (Series(points=(_point(result),)),)
        case "vector":
            # Native histograms have no value.
            return tuple(Series(_labels(one), (_point(one["value"]),) if "value" in one else ()) for one in result)
        case "matrix":
            return tuple(Series(_labels(one), tuple(map(_point, one.get("values", ())))) for one in result)
        case _:
            raise QueryError(f"a query gives {kind}, and not numbers")


def _labels(one: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in one["metric"].items()}


def _point(pair: Any) -> tuple[float, float]:
    at, value = pair
    return float(at), float(value)


def _said(body: Any) -> str:
    return str(body.get("error", body) if isinstance(body, dict) else body)[: 4 * _SHOWN]


def _other(answer: Answer) -> str:
    if answer.code == 200:
        return "what answers there is no Prometheus"
    if answer.code in {401, 403}:
        # Credentials may expire in the middle of a release: whoever drives it has to bear it as any other silence, not to end over it.
        return f"HTTP {answer.code}: it doesn't let Tidegate ask; docs/analysis.md says where credentials come from"
    if answer.code == 404:
        return "HTTP 404: is it there, and is the address the one below which `/api/v1/query` is?"
    if 300 <= answer.code < 400:
        return f"HTTP {answer.code}: it sends its visitors elsewhere, perhaps to log in"
    return f"HTTP {answer.code}: {_said(answer.body)[:_SHOWN]}"
