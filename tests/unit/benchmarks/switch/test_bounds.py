"""What load the generator refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from benchmarks.switch.load import Load
from benchmarks.switch.loopback import LoadRefusedError, Place, place

URL = "http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("http://127.0.0.1:8000/api/version", "", Place("127.0.0.1", 8000, "127.0.0.1:8000", "/api/version")),
        ("http://127.8.9.10", "", Place("127.8.9.10", 80, "127.8.9.10", "/")),
        ("http://[::1]:81/?q=1", "", Place("::1", 81, "[::1]:81", "/?q=1")),
        ("http://127.0.0.1:8000/", "shop.test", Place("127.0.0.1", 8000, "shop.test", "/")),
    ],
)
def test_loopback_is_where_load_may_go(url: str, host: str, expected: Place) -> None:
    """All of 127.0.0.0/8, and ::1."""
    assert place(url, host) == expected


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://10.0.0.1/", "10.0.0.1 is no loopback address"),
        ("http://192.168.1.1:8080/", "192.168.1.1 is no loopback address"),
        ("http://169.254.169.254/", "169.254.169.254 is no loopback address"),
        ("http://0.0.0.0/", "0.0.0.0 is no loopback address"),
        ("http://[2001:db8::1]/", "2001:db8::1 is no loopback address"),
        ("http://2130706434.invalid/", "can't be found"),
        ("http://127.0.0.1@10.0.0.1/", "10.0.0.1 is no loopback address"),
        ("https://127.0.0.1/", "is no http:// URL"),
        ("127.0.0.1:80", "is no http:// URL"),
        ("http://", "is no http:// URL"),
        ("http://127.0.0.1:99999/", "out of range"),
        ("http://127.0.0.1/a b", "percent-encode"),
        ("http://127.0.0.1/ä", "percent-encode"),
    ],
)
def test_load_goes_nowhere_else(url: str, why: str) -> None:
    """Each is refused by name."""
    with pytest.raises(LoadRefusedError, match=re.escape(why)):
        place(url)


def test_a_header_stays_one_line() -> None:
    """A host with a line's end in it would be a request of its own."""
    with pytest.raises(LoadRefusedError, match="percent-encode"):
        place(URL, "shop.test\r\nX: y")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"rate": 2001.0}, "rate is 2001; it is more than 0 and at most 2000"),
        ({"rate": 0.0}, "rate is 0"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"seconds": 601.0}, "seconds is 601"),
        ({"rate": 1000.0, "seconds": 600.0}, "rate times seconds is 600000; it is more than 0 and at most 500000"),
        ({"clients": 513}, "clients is 513"),
        ({"timeout": -1.0}, "timeout is -1"),
        ({"connections": "some"}, "connections is 'some'; it is one of keep-alive, new"),
    ],
)
def test_load_is_bounded(asked: dict[str, Any], why: str) -> None:
    """In its rate, its time and its count."""
    with pytest.raises(LoadRefusedError, match=re.escape(why)):
        Load(URL, **asked)
