"""Rules of requests that fail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.faults.requests import parse
from embedded.cluster.faults.rules import Answer, Cut, Drop, Rule, Slow, Where

if TYPE_CHECKING:
    from embedded.cluster.faults.requests import Request

APPLY = parse("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", "", "application/apply-patch+yaml", "kubectl/v1.37")
EVICT = parse("POST", "/api/v1/namespaces/shop/pods/web-1/eviction")
WATCH = parse("GET", "/api/v1/pods", "watch=1")
DISCOVERY = parse("GET", "/apis")


@pytest.mark.parametrize(
    ("where", "request_", "matches"),
    [
        (Where(), APPLY, True),
        (Where(), DISCOVERY, True),
        (Where(verb="apply"), APPLY, True),
        (Where(verb="patch"), APPLY, True),
        (Where(verb="create"), APPLY, False),
        (Where(resource="deployments"), APPLY, True),
        (Where(resource="deployments.apps"), APPLY, True),
        (Where(resource="*.apps"), APPLY, True),
        (Where(resource="pods"), EVICT, False),
        (Where(resource="pods/eviction"), EVICT, True),
        (Where(resource="pods/*"), EVICT, True),
        (Where(resource="pods/*"), WATCH, False),
        (Where(namespace="shop", name="w?b"), APPLY, True),
        (Where(namespace="other"), APPLY, False),
        (Where(name="web"), DISCOVERY, False),
        (Where(path="/apis"), DISCOVERY, True),
        (Where(path="/apis"), APPLY, False),
        (Where(agent="kubectl*"), APPLY, True),
        (Where(agent="kubectl*"), EVICT, False),
    ],
)
def test_where(where: Where, request_: Request, matches: bool) -> None:
    """All that is said must fit; what isn't said fits everything, requests about no object included."""
    assert where.matches(request_) is matches


def test_a_dropped_watch_is_a_watch() -> None:
    """The rule counts watches only, whatever else it says."""
    rule = Rule("watch-drop")
    assert [rule.matches(request) for request in (WATCH, APPLY, DISCOVERY)] == [True, False, False]


@pytest.mark.parametrize(
    ("rule", "action"),
    [
        (Rule("slow", delay=2.5), Slow(2.5)),
        (Rule("drop"), Drop(handled=False)),
        (Rule("lost"), Drop(handled=True)),
        (Rule("watch-drop", events=3), Cut(3)),
    ],
)
def test_actions(rule: Rule, action: object) -> None:
    """What isn't a status is an action of its own."""
    assert rule.action(WATCH, "1") == action


@pytest.mark.parametrize(
    ("kind", "retry_after", "reason", "text", "seconds"),
    [
        (
            "409",
            None,
            "Conflict",
            'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply',
            None,
        ),
        ("429", None, "TooManyRequests", "the server has received too many requests and has asked us to try again later", 1),
        ("429", 7, "TooManyRequests", "the server has received too many requests", 7),
        ("500", None, "InternalError", "Internal error occurred", None),
        ("503", 3, "ServiceUnavailable", "the server is currently unable to handle the request", 3),
        ("504", None, "Timeout", "the server was unable to return a response in the time allotted", None),
        ("403", None, "Forbidden", "Forbidden", None),
        ("410", None, "Expired", "Expired", None),
        ("507", None, "InternalError", "the server answered with status 507", None),
    ],
)
def test_statuses(kind: str, retry_after: int | None, reason: str, text: str, seconds: int | None) -> None:
    """A status comes as the real server gives it, and says which rule asked for it."""
    action = Rule(kind, retry_after=retry_after).action(APPLY, "4")
    assert isinstance(action, Answer)
    status = action.error.status()
    assert (status["code"], status["reason"], action.error.retry_after) == (int(kind), reason, seconds)
    assert status["message"].startswith(text)
    assert "fault 4 was asked for" in status["message"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            {"kind": "explode"},
            "there is no fault 'explode' of requests; there are slow, drop, lost, watch-drop, and each status from 400 to 599",
        ),
        ({"kind": "200"}, "there is no fault '200'"),
        ({"kind": "600"}, "there is no fault '600'"),
        ({"kind": "500", "nth": 1, "every": 2}, "nth, every and probability exclude each other"),
        ({"kind": "500", "nth": 0}, "nth is 0; it counts from 1"),
        ({"kind": "500", "every": -1}, "every is -1; it counts from 1"),
        ({"kind": "500", "count": 0}, "count is 0; it counts from 1"),
        ({"kind": "500", "probability": 1.1}, "probability is 1.1; it goes from 0 to 1"),
        ({"kind": "slow", "delay": -1.0}, "delay is -1.0; it can't be negative"),
        ({"kind": "slow", "lasts": -1.0}, "lasts is -1.0; it can't be negative"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], text: str) -> None:
    """The text names what is wrong, and what is right."""
    with pytest.raises(ValueError, match="^" + re.escape(text)):
        Rule(**wrong)
