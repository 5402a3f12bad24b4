"""Arithmetic and number texts as Prometheus has them: IEEE 754 throughout, where Python would raise, and digits as Go writes them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Outside of these magnitudes the HTTP API writes numbers with an exponent.
_SMALL: Final = 1e-6
_LARGE: Final = 1e21


def text_of(value: float, *, exponents: bool = True) -> str:
    """The shortest decimal text that reads back as the value."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if exponents and value != 0 and not _SMALL <= abs(value) < _LARGE:
        return repr(value)
    digits = format(Decimal(repr(value)), "f")
    return digits.removesuffix(".0") if "." in digits else digits


def divide(left: float, right: float) -> float:
    """Division, by zero too."""
    if right:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def modulo(left: float, right: float) -> float:
    """The remainder with the sign of the left operand."""
    if math.isinf(left) or right == 0:
        return math.nan
    return math.fmod(left, right)


def power(left: float, right: float) -> float:
    """Exponentiation."""
    try:
        return math.pow(left, right)
    except OverflowError:
        return -math.inf if left < 0 and right % 2 == 1 else math.inf
    except ValueError:
        if left == 0:
            return math.copysign(math.inf, left) if right % 2 == 1 else math.inf
        return math.nan


def total(function: Callable[[float], float], poles: dict[float, float] | None = None) -> Callable[[float], float]:
    """The function for every float: infinite at its poles and where it overflows, not a number outside of its domain."""
    known = poles or {}

    def everywhere(value: float) -> float:
        if value in known:
            return known[value]
        try:
            return function(value)
        except OverflowError:
            return math.copysign(math.inf, value)
        except ValueError:
            return math.nan

    return everywhere


def exact_sum(values: Iterable[float]) -> float:
    """The sum with Neumaier's compensation, which Prometheus uses as well."""
    compensation = result = 0.0
    for value in values:
        partial = result + value
        if math.isinf(partial):
            compensation = 0.0
        elif abs(result) >= abs(value):
            compensation += (result - partial) + value
        else:
            compensation += (value - partial) + result
        result = partial
    return result + compensation


def average(values: Sequence[float]) -> float:
    """The mean; of huge values too."""
    result = exact_sum(values) / len(values)
    return exact_sum(value / len(values) for value in values) if math.isinf(result) else result


def variance(values: Sequence[float]) -> float:
    """The population's variance."""
    if not all(map(math.isfinite, values)):
        return math.nan
    mean = average(values)
    return exact_sum((value - mean) ** 2 for value in values) / len(values)


def largest(values: Iterable[float]) -> float:
    """The maximum; what is no number counts only where there is nothing else."""
    return max((v for v in values if not math.isnan(v)), default=math.nan)


def smallest(values: Iterable[float]) -> float:
    """The minimum; what is no number counts only where there is nothing else."""
    return min((v for v in values if not math.isnan(v)), default=math.nan)


def quantile(q: float, values: Iterable[float]) -> float:
    """The q-quantile, between two values in proportion."""
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    if not ordered:
        return math.nan
    rank = q * (len(ordered) - 1)
    lower = math.floor(rank)
    upper = min(len(ordered) - 1, lower + 1)
    weight = rank - lower
    return ordered[lower] * (1 - weight) + ordered[upper] * weight
