"""JSON and times as Go writes them, so that a file looks the same whoever wrote it last.

Go sorts the keys of maps (not of structs: those dicts are built in the right order), writes U+2028 and U+2029 as escapes,
replaces what is not Unicode, and drops trailing zeros of a second's fraction.
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from typing import Any, Final

ZERO_TIME: Final = "0001-01-01T00:00:00Z"
_HTML: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_NANOSECONDS: Final = 1_000_000_000

_compact: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def dumps(value: Any, *, indent: int | None = None, html: bool = False) -> str:
    """JSON text, compact unless `indent` is given; `html` also escapes <, > and &, as Go does unless told not to."""
    text = _compact(value) if indent is None else json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isascii():
        return _escape_html(text) if html else text
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    text = _SURROGATES.sub("\ufffd", text)
    return _escape_html(text) if html else text


def dump_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return dumps(value).encode()


def _escape_html(text: str) -> str:
    for character, escape in _HTML.items():
        text = text.replace(character, escape)
    return text


def timestamp(nanoseconds: int | None = None) -> str:
    """A moment (now, unless given in nanoseconds since 1970) as RFC 3339 in UTC: `2026-01-02T03:04:05.123456789Z`."""
    moment = time.time_ns() if nanoseconds is None else nanoseconds
    seconds, fraction = divmod(moment, _NANOSECONDS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:09d}".rstrip("0").rstrip(".") + "Z"


def parse_time(text: str) -> datetime | None:
    """The moment that such a text names, cut to microseconds; None for Go's zero time, "" and what is no time."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if match is None or text.startswith("0001-01-01T00:00:00"):
        return None
    fraction = (match[2] or ".0")[:7].ljust(7, "0")
    return datetime.fromisoformat(f"{match[1]}{fraction}{match[3].replace('Z', '+00:00')}")
