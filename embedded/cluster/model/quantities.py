"""Kubernetes' quantities: `100m`, `1.5Gi`, `2k`, as exact fractions."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

_FORM: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([A-Za-z]*))")
_UNITS: Final = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
    "Pi": Fraction(2**50),
    "Ei": Fraction(2**60),
}


@lru_cache(maxsize=4096)
def quantity(text: str | float) -> Fraction:
    """The number that a quantity stands for; ValueError if it is none."""
    found = _FORM.fullmatch(str(text))
    if found is None or (found[3] or "") not in _UNITS:
        raise ValueError(f"{text!r} is no quantity: write it like 100m, 2, 1.5Gi or 64M")
    number, exponent, unit = found.groups()
    return Fraction(number) * (Fraction(10) ** int(exponent[1:]) if exponent else _UNITS[unit or ""])


def written(number: Fraction, *, binary: bool = False) -> str:
    """A quantity's usual spelling: whole, in thousandths, or (`binary`) in the largest power of 1024 that divides it."""
    if number.denominator != 1:
        return f"{-(-number * 1000 // 1)}m"
    if binary and number:
        for unit in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
            if number % _UNITS[unit] == 0:
                return f"{number // _UNITS[unit]}{unit}"
    return str(number.numerator)
