"""Prometheus's HTTP API over the traffic model's series, as far as dashboards, `promtool query` and analyses ask it.

The present is the cluster's own: a query without a time is asked at the clock's now.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import promql_parser
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from embedded.cluster.traffic.promql.errors import BadDataError, QueryError
from embedded.cluster.traffic.promql.evaluate import at_instant, over_range, parse
from embedded.cluster.traffic.promql.numbers import text_of
from embedded.cluster.traffic.promql.patience import LONGEST_WAIT
from embedded.cluster.traffic.promql.source import LOOKBACK, select

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from embedded.cluster.traffic.promql.evaluate import Answer
    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.promql.source import Series, Source

# Whose semantics the answers have.
VERSION: Final = "3.8.0"
_SECONDS: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_EVER: Final = 1 << 62


class Api:
    """The answers to Prometheus's API, from a source of series and a clock."""

    def __init__(self, source: Source, now: Callable[[], float]) -> None:
        self._source, self._now = source, now

    def app(self) -> Starlette:
        """The API, to be mounted where Prometheus's root would be."""
        both = ["GET", "POST"]
        return Starlette(
            routes=[
                Route("/api/v1/query", self._answering(self._query), methods=both),
                Route("/api/v1/query_range", self._answering(self._query_range), methods=both),
                Route("/api/v1/series", self._answering(self._series), methods=both),
                Route("/api/v1/labels", self._answering(self._labels), methods=both),
                Route("/api/v1/label/{name}/values", self._answering(self._label_values)),
                Route("/api/v1/status/buildinfo", self._answering(lambda _: {"version": VERSION, "revision": "", "branch": ""})),
                Route("/-/ready", _ready),
                Route("/-/healthy", _ready),
            ]
        )

    @staticmethod
    def _answering(answer: Callable[[dict[str, list[str]]], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            parameters = _parameters(request, await request.body())
            try:
                return JSONResponse({"status": "success", "data": answer(parameters)})
            except QueryError as e:
                return JSONResponse({"status": "error", "errorType": e.type, "error": str(e)}, e.status)

        return endpoint

    def _query(self, parameters: dict[str, list[str]]) -> dict[str, Any]:
        at = self._time(parameters, "time", round(self._now() * 1000))
        return _data(at_instant(self._source, _query(parameters), at, _lookback(parameters), _timeout(parameters)), at)

    def _query_range(self, parameters: dict[str, list[str]]) -> dict[str, Any]:
        start, end = self._time(parameters, "start"), self._time(parameters, "end")
        step = _duration("step", _one(parameters, "step"))
        return _data(over_range(self._source, _query(parameters), start, end, step, _lookback(parameters), _timeout(parameters)), end)

    def _series(self, parameters: dict[str, list[str]]) -> list[dict[str, str]]:
        if not parameters.get("match[]"):
            raise BadDataError("no match[] parameter provided")
        return [dict(labels) for labels in sorted(s.labels for s in self._matching(parameters))[: _limit(parameters)]]

    def _labels(self, parameters: dict[str, list[str]]) -> list[str]:
        return sorted({name for series in self._matching(parameters) for name, _ in series.labels})[: _limit(parameters)]

    def _label_values(self, parameters: dict[str, list[str]]) -> list[str]:
        wanted = _one(parameters, "name")
        found = {value for series in self._matching(parameters) for name, value in series.labels if name == wanted}
        return sorted(found)[: _limit(parameters)]

    def _matching(self, parameters: dict[str, list[str]]) -> list[Series]:
        """The series that any of the selectors names and that have samples in the time asked for."""
        start, end = self._time(parameters, "start", 0), self._time(parameters, "end", _EVER)
        found: dict[Labels, Series] = {}
        selectors = [_selector(text) for text in parameters.get("match[]", [])]
        for chosen in [select(self._source, selector) for selector in selectors] if selectors else [self._source.series()]:
            for series in chosen:
                if series.times[0] <= end and series.times[-1] >= start:
                    found[series.labels] = series
        return list(found.values())

    @staticmethod
    def _time(parameters: dict[str, list[str]], name: str, default: int | None = None) -> int:
        """A time parameter in milliseconds: unix seconds or RFC 3339."""
        text = _one(parameters, name, "" if default is not None else None)
        if not text and default is not None:
            return default
        try:
            return round((float(text) if _SECONDS.fullmatch(text) else _unix(text)) * 1000)
        except (ValueError, OverflowError) as e:
            raise BadDataError(f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp') from e


def _unix(text: str) -> float:
    """Unix seconds of an RFC 3339 time."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("it has no time zone")
    return time.timestamp()


async def _ready(_: Request) -> Response:
    return PlainTextResponse("Prometheus Server is Ready.\n")


def _parameters(request: Request, body: bytes) -> dict[str, list[str]]:
    """What the path, the query and a form say."""
    pairs = [*request.path_params.items(), *request.query_params.multi_items(), *parse_qsl(body.decode("utf-8", "replace"))]
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _one(parameters: dict[str, list[str]], name: str, default: str | None = None) -> str:
    values = parameters.get(name)
    if values:
        return values[0]
    if default is None:
        raise BadDataError(f'invalid parameter "{name}": it is missing')
    return default


def _query(parameters: dict[str, list[str]]) -> str:
    return _one(parameters, "query")


def _lookback(parameters: dict[str, list[str]]) -> int:
    text = _one(parameters, "lookback_delta", "")
    return _duration("lookback_delta", text) if text else LOOKBACK


def _timeout(parameters: dict[str, list[str]]) -> float:
    """How many seconds the query may take, if it says so."""
    text = _one(parameters, "timeout", "")
    return _duration("timeout", text) / 1000 if text else LONGEST_WAIT


def _duration(name: str, text: str) -> int:
    """A duration in milliseconds: seconds, or like `1m30s`."""
    try:
        seconds = float(text) if _SECONDS.fullmatch(text) else promql_parser.parse_duration(text).total_seconds()
        return round(seconds * 1000)
    except (ValueError, OverflowError) as e:
        raise BadDataError(f'invalid parameter "{name}": cannot parse "{text}" to a valid duration') from e


def _selector(text: str) -> promql_parser.VectorSelector:
    expression = parse(text)
    if not isinstance(expression, promql_parser.VectorSelector):
        raise BadDataError(f'invalid parameter "match[]": {text} is no series selector')
    return expression


def _limit(parameters: dict[str, list[str]]) -> int | None:
    """How many results at most; None: all."""
    text = _one(parameters, "limit", "0")
    if not text.isdecimal():
        raise BadDataError(f'invalid parameter "limit": cannot parse "{text}" to a non-negative number')
    return int(text) or None


def _data(answer: Answer, at: int) -> dict[str, Any]:
    """The answer as the API writes it."""
    if answer.kind == "string":
        return {"resultType": "string", "result": [_seconds(at), answer.text]}
    points = [[[_seconds(time), text_of(value)] for time, value in track.points] for track in answer.tracks]
    if answer.kind == "scalar":
        return {"resultType": "scalar", "result": points[0][0]}
    metrics = [dict(track.labels) for track in answer.tracks]
    if answer.kind == "vector":
        return {"resultType": "vector", "result": [{"metric": m, "value": p[0]} for m, p in zip(metrics, points, strict=True)]}
    return {"resultType": "matrix", "result": [{"metric": m, "values": p} for m, p in zip(metrics, points, strict=True)]}


def _seconds(milliseconds: int) -> int | float:
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000
