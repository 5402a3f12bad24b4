"""The rules by which requests find a slot, as they are rendered."""

from __future__ import annotations

import re

import pytest

from components import routes, traffic
from tests.local.components.shop import intent_of, service
from tidegate.model.intent.service import Match, Traffic


@pytest.mark.parametrize(
    ("weights", "percent", "trying", "wanted"),
    [
        ({"blue": 100, "green": 0}, 10, True, ("green", 10)),
        ({"blue": 10, "green": 90}, 10, True, ("green", 10)),
        ({"blue": 0, "green": 100}, 10, True, None),
        ({"blue": 100, "green": 0}, 10, False, None),
        ({"blue": 100, "green": 0}, None, True, None),
    ],
    ids=["staged", "shifting", "all", "none tried", "not wanted"],
)
def test_only_a_candidate_gets_copies(weights: dict[str, int], percent: int | None, trying: bool, wanted: object) -> None:
    """While there is one to be tried that hasn't all requests anyway."""
    assert routes.mirror("blue", weights, percent, trying=trying) == wanted  # type: ignore[arg-type] # slots in a table


@pytest.mark.parametrize(
    ("cookies", "known"),
    [
        ("t=yes", True),
        ("a=1; t=yes", True),
        ("t=yes; a=1", True),
        ("a=1;t=yes;b=2", True),
        ("xt=yes", False),
        ("t=yes1", False),
        ("a=t=yes", False),
    ],
)
def test_a_tester_is_known_by_a_cookie_among_others(cookies: str, known: bool) -> None:
    """Whether the gateway wants the whole header to match or a part of it."""
    (header,) = routes.testers("web", "/", Match(cookie="t", value="yes"), "green")["matches"][0]["headers"]
    assert (re.fullmatch(header["value"], cookies) is not None) is (re.search(header["value"], cookies) is not None) is known


def test_a_step_changes_two_numbers() -> None:
    """Both slots are named at any weight."""
    first, second = (routes.weighted("web", "/", {"blue": 100 - w, "green": w}, None, None) for w in (0, 25))
    assert [b["weight"] for b in first["backendRefs"]] == [100, 0]
    for backend in (*first["backendRefs"], *second["backendRefs"]):
        del backend["weight"]
    assert first == second


@pytest.mark.parametrize(("affinity", "timeout"), [("1h", 3600), ("7d", 86400), ("1ms", 1)])
def test_a_session_lasts_as_long_as_kubernetes_lets_it(affinity: str, timeout: int) -> None:
    """A day at most."""
    assert routes.by_address(affinity)["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": timeout}}
    assert routes.by_address(None) == {"sessionAffinity": "None"}


@pytest.mark.parametrize(("host", "full"), [("@", "shop.example"), ("www", "www.shop.example"), ("a.b", "a.b.shop.example")])
def test_hosts_are_below_the_domain(host: str, full: str) -> None:
    """Or are it."""
    assert traffic.full_host(intent_of(service(traffic=Traffic(host=host))).environment, host) == full
