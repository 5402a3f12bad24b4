"""The routes of the control API. Errors are `{"error": "..."}`, with 400 for what makes no sense and 404 for what isn't there."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from embedded.cluster.control import forms
from embedded.cluster.control.report import report
from embedded.cluster.traffic.flows import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from embedded.cluster.faults.book import Faults
    from embedded.cluster.model.clock import Clock
    from embedded.cluster.model.journal import Journal
    from embedded.cluster.traffic.model import Traffic

T = TypeVar("T")

# Seconds that pass between two looks at what else there is to do.
_PIECE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Control:
    """What can be controlled. `about` says what the cluster is: its seed, its version, how many nodes and objects."""

    clock: Clock
    faults: Faults
    traffic: Traffic
    journal: Journal
    about: Callable[[], dict[str, Any]]


def app(control: Control) -> Starlette:
    """The ASGI app for all paths under /control/."""
    calls = _Calls(control)
    routes = [
        Route("/control/", calls.state, methods=["GET"]),
        Route("/control/clock", calls.clock, methods=["GET"]),
        Route("/control/clock", calls.set_clock, methods=["POST"]),
        Route("/control/faults", calls.faults, methods=["GET"]),
        Route("/control/faults", calls.add_fault, methods=["POST"]),
        Route("/control/faults", calls.clear_faults, methods=["DELETE"]),
        Route("/control/faults/{ident}", calls.remove_fault, methods=["DELETE"]),
        Route("/control/requests", calls.requests, methods=["GET"]),
        Route("/control/flows", calls.flows, methods=["GET"]),
        Route("/control/flows", calls.start_flow, methods=["POST"]),
        Route("/control/flows", calls.stop_flows, methods=["DELETE"]),
        Route("/control/flows/{name:path}", calls.stop_flow, methods=["DELETE"]),
        Route("/control/report", calls.report, methods=["GET"]),
        Route("/control/journal", calls.journal, methods=["GET"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: _failed})


class _Calls:
    """One method a route."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def state(self, _: Request) -> Response:
        control = self._control
        counts = {"requests": control.faults.counted, "faults": len(control.faults.all()), "flows": len(control.traffic.report())}
        return JSONResponse({**control.about(), "clock": self._clock(), **counts})

    async def clock(self, _: Request) -> Response:
        return JSONResponse(self._clock())

    async def set_clock(self, request: Request) -> Response:
        wish = await _body(request)
        match wish:
            case {"advance": int() | float() as seconds} if len(wish) == 1 and math.isfinite(seconds):
                await self._advance(float(seconds), request)
            case {"rate": int() | float() as rate} if len(wish) == 1 and math.isfinite(rate):
                _sensibly(lambda: setattr(self._control.clock, "rate", float(rate)))
            case _:
                raise HTTPException(400, 'the clock takes {"advance": SECONDS} or {"rate": SECONDS A SECOND, 0 for by hand}')
        return JSONResponse(self._clock())

    async def _advance(self, seconds: float, request: Request) -> None:
        """Let time pass in small pieces, so that others are answered meanwhile and watches tell of changes as they come.

        It stops when whoever asked for it has gone: a year, by mistake, would take hours.
        """
        _sensibly(lambda: self._control.clock.advance(min(seconds, _PIECE)))
        left = seconds - _PIECE
        while left > 0 and not await request.is_disconnected():
            await asyncio.sleep(0)
            self._control.clock.advance(min(left, _PIECE))
            left -= _PIECE

    async def faults(self, _: Request) -> Response:
        now = self._control.clock.now()
        return JSONResponse({"faults": [forms.data(entry, now) for entry in self._control.faults.all()]})

    async def add_fault(self, request: Request) -> Response:
        wish = await _body(request)
        entry = _sensibly(lambda: self._control.faults.add(forms.fault(wish)))
        return JSONResponse(forms.data(entry, self._control.clock.now()), 201)

    async def clear_faults(self, _: Request) -> Response:
        return JSONResponse({"removed": self._control.faults.clear()})

    async def remove_fault(self, request: Request) -> Response:
        ident = request.path_params["ident"]
        if not self._control.faults.remove(ident):
            known = ", ".join(entry.ident for entry in self._control.faults.all()) or "none"
            raise HTTPException(404, f"there is no fault {ident}; there are: {known}")
        return JSONResponse({"removed": 1})

    async def requests(self, _: Request) -> Response:
        return JSONResponse({"counted": self._control.faults.counted, "requests": [str(r) for r in self._control.faults.seen]})

    async def flows(self, _: Request) -> Response:
        return JSONResponse({"flows": self._control.traffic.report()})

    async def start_flow(self, request: Request) -> Response:
        wish = await _body(request)
        flow = _sensibly(lambda: Flow.of(wish))
        self._control.traffic.set_flow(flow)
        return JSONResponse(flow.data(), 201)

    async def stop_flow(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not self._control.traffic.end_flow(name):
            known = ", ".join(flow["name"] for flow in self._control.traffic.report()) or "none"
            raise HTTPException(404, f"there is no flow {name}; there are: {known}")
        return JSONResponse({"removed": 1})

    async def stop_flows(self, _: Request) -> Response:
        names = [flow["name"] for flow in self._control.traffic.report()]
        for name in names:
            self._control.traffic.end_flow(name)
        return JSONResponse({"removed": len(names)})

    async def report(self, _: Request) -> Response:
        return JSONResponse(report(self._control.traffic, self._control.clock.now()))

    async def journal(self, _: Request) -> Response:
        return PlainTextResponse("".join(f"{line}\n" for line in self._control.journal.lines()), media_type="application/x-ndjson")

    def _clock(self) -> dict[str, Any]:
        clock = self._control.clock
        return {"now": clock.stamp(), "elapsed": round(clock.elapsed(), 3), "rate": clock.rate}


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return body


def _sensibly(what: Callable[[], T]) -> T:
    """Do it; what makes no sense is the client's fault."""
    try:
        return what()
    except ValueError as error:
        raise HTTPException(400, str(error)) from error


async def _refused(_: Request, error: Exception) -> Response:
    code, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, str(error))
    return JSONResponse({"error": detail}, code)


async def _failed(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"the cluster has a bug, and its log the traceback: {error!r}"}, 500)
