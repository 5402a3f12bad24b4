"""Flows are read from JSON data, or refused with what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.cluster.traffic.flows import Flow


def test_round_trip() -> None:
    """A flow's data make the same flow."""
    data = {"name": "users", "url": "http://shop.example/a?b=c", "rate": 12.5, "method": "POST", "headers": {"X-Tester": "yes"}}
    flow = Flow.of(data)
    assert flow.data() == data
    request = flow.request()
    assert (request.host, request.port, request.path, request.method) == ("shop.example", 80, "/a", "POST")
    assert (request.headers, request.parameters) == ({"x-tester": "yes"}, {"b": "c"})


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("http://web.shop.svc", ("shop", "web")),
        ("http://web.shop.svc.cluster.local:8080/x", ("shop", "web")),
        ("http://web.shop", None),
        ("http://shop.example", None),
        ("http://a.b.c.svc", None),
        ("https://svc", None),
    ],
)
def test_service_of_host(url: str, service: tuple[str, str] | None) -> None:
    """A host is a Service if it is named as cluster DNS names Services."""
    assert Flow("x", url, 1).request().service == service


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "needs a name"),
        ({"url": "shop.example"}, "url 'shop.example' must be like http"),
        ({"url": "ftp://shop.example"}, "must be like http"),
        ({"url": "http://shop.example:99999"}, "must be like http"),
        ({"url": 3}, "must be like http"),
        ({"rate": -1}, "rate -1 must be requests a second"),
        ({"rate": "many"}, "rate 'many' must be"),
        ({"rate": float("nan")}, "rate nan must be"),
        ({"rate": True}, "rate True must be"),
        ({"headers": ["a"]}, "headers must be"),
        ({"headers": {"a": 1}}, "headers must be"),
        ({"method": ""}, "is no HTTP method"),
        ({"speed": 3}, "a flow has no speed: known are name, url, rate, method, headers"),
    ],
)
def test_refused(change: dict[str, Any], words: str) -> None:
    """A wrong flow is refused, and the text says why."""
    with pytest.raises(ValueError, match=words):
        Flow.of({"name": "users", "url": "http://shop.example", "rate": 1, **change})
