"""Functions of one value, and of one value with scalars beside it."""

from __future__ import annotations

import calendar
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.numbers import divide, total

if TYPE_CHECKING:
    from collections.abc import Callable

_INF: Final = math.inf
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _floor(value: float) -> float:
    return math.copysign(math.floor(value), value) if math.isfinite(value) else value


def _ceil(value: float) -> float:
    return math.copysign(math.ceil(value), value) if math.isfinite(value) else value


def _sgn(value: float) -> float:
    return value if value == 0 or math.isnan(value) else math.copysign(1.0, value)


def round_to(value: float, step: float = 1.0) -> float:
    """The nearest multiple of the step; ties go up."""
    inverse = divide(1.0, step)
    scaled = value * inverse + 0.5
    return divide(math.floor(scaled) if math.isfinite(scaled) else scaled, inverse)


def clamp(value: float, low: float, high: float) -> float:
    """The value, or the bound that it passes."""
    return math.nan if math.isnan(value) or math.isnan(low) or math.isnan(high) else max(low, min(high, value))


MATHS: Final[dict[str, Callable[[float], float]]] = {
    "abs": abs,
    "acos": total(math.acos),
    "acosh": total(math.acosh),
    "asin": total(math.asin),
    "asinh": total(math.asinh),
    "atan": total(math.atan),
    "atanh": total(math.atanh, {1.0: _INF, -1.0: -_INF}),
    "ceil": _ceil,
    "cos": total(math.cos),
    "cosh": total(lambda value: math.cosh(abs(value))),
    "deg": math.degrees,
    "exp": total(math.exp),
    "floor": _floor,
    "ln": total(math.log, {0.0: -_INF}),
    "log10": total(math.log10, {0.0: -_INF}),
    "log2": total(math.log2, {0.0: -_INF}),
    "rad": math.radians,
    "sgn": _sgn,
    "sin": total(math.sin),
    "sinh": total(math.sinh),
    "sqrt": total(math.sqrt),
    "tan": total(math.tan),
    "tanh": total(math.tanh),
}


def _calendar(part: Callable[[datetime], int]) -> Callable[[float], float]:
    """A part of the UTC date that unix seconds are at."""

    def of(value: float) -> float:
        try:
            return float(part(_EPOCH + timedelta(seconds=math.floor(value))))
        except (OverflowError, ValueError):
            return math.nan

    return of


CALENDAR: Final[dict[str, Callable[[float], float]]] = {
    "day_of_month": _calendar(lambda d: d.day),
    "day_of_week": _calendar(lambda d: d.isoweekday() % 7),
    "day_of_year": _calendar(lambda d: d.timetuple().tm_yday),
    "days_in_month": _calendar(lambda d: calendar.monthrange(d.year, d.month)[1]),
    "hour": _calendar(lambda d: d.hour),
    "minute": _calendar(lambda d: d.minute),
    "month": _calendar(lambda d: d.month),
    "year": _calendar(lambda d: d.year),
}
