"""JSON and times as Go writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from embedded.engine.model import gojson


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, None, True], "a": "é"}, '{"b":[1,null,true],"a":"é"}'),
        ("<a> & b", '"<a> & b"'),
        ("a\u2028b\u2029", '"a\\u2028b\\u2029"'),
        ("\b\f\n\x01\x7f", '"\\b\\f\\n\\u0001\x7f"'),
        ("lone \ud800", '"lone \ufffd"'),
    ],
)
def test_compact(value: Any, text: str) -> None:
    """Keys keep their order, text stays text, and what JavaScript can't read is escaped."""
    assert gojson.dumps(value) == text
    assert gojson.dump_bytes(value) == text.encode()


def test_html_is_escaped_on_demand() -> None:
    """Secrets' and objects' texts are written with Go's default, which escapes HTML."""
    assert gojson.dumps({"<": "&é>"}, html=True) == '{"\\u003c":"\\u0026é\\u003e"}'


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456789Z"),
        (1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z"),
    ],
)
def test_times_have_no_trailing_zeros(nanoseconds: int, text: str) -> None:
    """A moment is written to the nanosecond, and as short as it can be."""
    assert gojson.timestamp(nanoseconds) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-11-14T22:13:20.123456789Z", datetime(2023, 11, 14, 22, 13, 20, 123456, UTC)),
        ("2023-11-14T22:13:20+00:00", datetime(2023, 11, 14, 22, 13, 20, 0, UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_times_are_read(text: str, moment: datetime | None) -> None:
    """Go's zero time, and what is no time, read as none."""
    assert gojson.parse_time(text) == moment
