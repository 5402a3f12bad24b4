"""Quantities."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.model.quantities import quantity, written


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("100m", Fraction(1, 10)),
        ("2", 2),
        (3, 3),
        ("1.5Gi", 1536 * 2**20),
        ("64M", 64_000_000),
        ("1e3", 1000),
        ("1E2", 100),
        ("2k", 2000),
        ("-1", -1),
        (".5", Fraction(1, 2)),
    ],
)
def test_what_it_stands_for(text: str | int, number: Fraction) -> None:
    """Decimal and binary units, exponents, fractions."""
    assert quantity(text) == number


@pytest.mark.parametrize("text", ["", "much", "1 Gi", "1KiB", "1..5", "Mi"])
def test_what_is_none(text: str) -> None:
    """The error shows how it is written."""
    with pytest.raises(ValueError, match="is no quantity: write it like"):
        quantity(text)


@given(st.integers(-(10**9), 10**9), st.booleans())
def test_what_is_written_is_read_again(thousandths: int, binary: bool) -> None:
    """To the thousandth."""
    number = Fraction(thousandths, 1000)
    assert quantity(written(number, binary=binary)) == number


@pytest.mark.parametrize(("number", "text"), [(2**30, "1Gi"), (1536 * 2**20, "1536Mi"), (0, "0"), (1000, "1000")])
def test_binary_spelling(number: int, text: str) -> None:
    """The largest unit that divides it."""
    assert written(Fraction(number), binary=True) == text
