"""Kubernetes quantities (`500m`, `1Gi`), and the one spelling that the API server gives each of them."""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal
from typing import Any, Final

_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_THOUSAND: Final = 1024


def parse(value: Any) -> Decimal | None:
    """The quantity's amount; None if it is none."""
    parts = _parts(value)
    return None if parts is None else parts[0]


def canonical(value: Any) -> Any:
    """The quantity as the API server writes it; what is no quantity stays as it is, for the server to refuse."""
    parts = _parts(value)
    if parts is None:
        return value
    amount, form = parts
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if form == "binary" and size >= _THOUSAND:
        return sign + _binary(size.to_integral_value(ROUND_UP))
    number, exponent = _thousands(size)
    if form == "exponent":
        return sign + (f"{number}e{exponent}" if exponent else str(number))
    return f"{sign}{number}{_SUFFIX[exponent]}"


def _parts(value: Any) -> tuple[Decimal, str] | None:
    """The amount, and the family of its suffix."""
    if isinstance(value, bool):
        return None
    match = _QUANTITY.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    if exponent:
        return Decimal(f"{number}e{exponent}"), "exponent"
    if suffix in _BINARY:
        return Decimal(number) * Decimal(_THOUSAND) ** _BINARY[suffix], "binary"
    return Decimal(number) * Decimal(10) ** _DECIMAL[suffix or ""], "decimal"


def _binary(size: Decimal) -> str:
    for suffix, power in reversed(_BINARY.items()):
        unit = Decimal(_THOUSAND) ** power
        if size % unit == 0:
            return f"{size // unit}{suffix}"
    return str(size)


def _thousands(size: Decimal) -> tuple[int, int]:
    """The amount as a whole number of the largest power of thousand that it is one of; no finer than a billionth."""
    if not size:
        return 0, 0
    number, exponent = int((size * Decimal(10) ** 9).to_integral_value(ROUND_UP)), -9
    while number % 1000 == 0 and exponent < _DECIMAL["E"]:
        number, exponent = number // 1000, exponent + 3
    return number, exponent
