"""Releases by steps: a plain update stages them, the driver's events take them on or back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.local.program.stack import changes, event, shop

if TYPE_CHECKING:
    from tests.local.program.stack import Place

C1, C2 = shop(canary=True), shop("v2", "v2", canary=True)


NOW = "2026-11-21T12:00:00+00:00"


def staged(there: Place, config: Any = C2) -> None:
    """Installed, and the next version beside it."""
    there.install(C1)
    there.up(config).well()


def test_a_plain_update_stages(there: Place) -> None:
    """All that is new is up beside what is live, without traffic, and it is said what to do next; the same again changes nothing."""
    there.install(C1)
    run = there.up(C2).well()
    said = "\n".join(run.messages)
    assert "web: green comes up with v2 and 1 pod, and is proven ready" in said
    assert "with no traffic. Next: " in said
    assert '{"kind": "shift", "weight": 5}' in said
    assert (there.phase(), there.weights()) == ("staged", {"blue": 100, "green": 0})
    assert there.serving() == {name: {"v1"} for name in ("web", "api", "host")}
    assert len(there.pods("api-green")) == 2
    assert len(there.pods("web-green")) == 1
    there.settled(C2)
    assert there.phase() == "staged"


def test_a_release_by_steps(there: Place) -> None:
    """5, 50, 100, promoted, cleaned up: each step is an update, users are divided as it says, and no pod in use is started again."""
    staged(there)
    old = there.pods("web-blue") | there.pods("api-blue")
    for weight, pods in ((5, 1), (50, 1), (100, 2)):
        there.up(C2, event("shift", weight=weight)).well()
        assert there.weights() == {"blue": 100 - weight, "green": weight}
        assert len(there.pods("web-green")) == pods
        there.answered()
        # Enough of them that their share is no matter of luck.
        there.pass_time("30s")
        answered = there.answered()
        share = answered["host"]["v2"] / answered["host"].total()
        assert weight / 100 - 0.05 <= share <= weight / 100 + 0.05
        assert answered["api"].keys() == {"v1"}
        there.settled(C2)
    new = there.pods("web-green") | there.pods("api-green")
    there.up(C2, event("promote", at=NOW)).well()
    assert there.serving() == {name: {"v2"} for name in ("web", "api", "host")}
    there.settled(C2)
    assert there.pods("web-blue") | there.pods("api-blue") == old
    there.refused(C2, "[kept]", happens=event("cleanup", at=NOW))
    there.up(C2, event("cleanup")).well()
    assert there.pods("web-blue") | there.pods("api-blue") == set()
    assert there.pods("web-green") | there.pods("api-green") == new
    assert there.phase() == "settled"
    there.settled(C2)


@pytest.mark.parametrize("weight", [50, *(pytest.param(weight, marks=pytest.mark.matrix) for weight in (0, 100))])
def test_an_abort(there: Place, weight: int) -> None:
    """All traffic is back on pods that were never touched; a plain update doesn't bring it again, a stage does."""
    staged(there)
    old = there.pods("web-blue") | there.pods("api-blue")
    if weight:
        there.up(C2, event("shift", weight=weight)).well()
    there.up(C2, event("abort", reason="errors")).well()
    assert (there.phase(), there.weights()) == ("aborted", {"blue": 100, "green": 0})
    assert there.serving() == {name: {"v1"} for name in ("web", "api", "host")}
    assert there.pods("web-blue") | there.pods("api-blue") == old
    said = there.up(C2).well()
    assert "web v2 was taken back before: it stays away" in "\n".join(said.messages)
    assert changes(said) == {}
    there.up(C2, event("cleanup")).well()
    assert there.pods("web-green") == set()
    there.up(C2, event("stage")).well()
    assert there.phase() == "staged"
    there.up(C2, event("shift", weight=5)).well()
    assert there.serving()["host"] == {"v1", "v2"}


def test_a_pause(there: Place) -> None:
    """Nothing goes on until it is resumed."""
    staged(there)
    there.up(C2, event("pause", reason="lunch")).well()
    there.refused(C2, "paused (lunch)", "[paused]", happens=event("shift", weight=5))
    there.settled(C2)
    there.up(C2, event("resume")).well()
    there.up(C2, event("shift", weight=5)).well()
    assert there.weights()["green"] == 5


def test_a_scale_by_hand(there: Place) -> None:
    """It holds with every update until it is taken back; never below what a release under way may need."""
    there.install(C1)
    there.up(C1, event("scale", service="web", replicas=4)).well()
    assert len(there.pods("web-blue")) == 4
    there.settled(C1)
    there.up(C2).well()
    there.up(C2, event("shift", weight=50)).well()
    assert (len(there.pods("web-blue")), len(there.pods("web-green"))) == (4, 2)
    there.refused(C2, "[live-keeps-size]", happens=event("scale", service="web", replicas=2))
    there.up(C2, event("abort", reason="errors")).well()
    there.up(C2, event("scale", service="web", replicas=None)).well()
    assert len(there.pods("web-blue")) == 2


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("installed", "no-release", event("shift", weight=5)),
    ("installed", "no-release", event("promote")),
    ("installed", "no-release", event("pause", reason="why not")),
    ("installed", "no-release", event("abort", reason="why not")),
    ("installed", "nothing-to-go-back-to", event("rollback", reason="why not")),
    ("installed", "unknown-service", event("scale", service="wep", replicas=3)),
    ("staged", "weight-below-100", event("promote")),
    ("staged", "release-under-way", event("cleanup")),
    ("shifted", "weight-falls", event("shift", weight=5)),
]


def test_what_is_refused_changes_nothing(there: Place) -> None:
    """Each refusal has its name and says what to do; neither the cluster nor the state is touched."""
    there.refused(C1, "[no-ledger]", happens=event("promote"))
    there.install(C1)
    steps = {"staged": None, "shifted": event("shift", weight=50)}
    now = "installed"
    for when, rule, happens in REFUSED:
        if when != now:
            there.up(C2, steps[when]).well()
            now = when
        there.refused(C1 if when == "installed" else C2, f"[{rule}]", happens=happens)


@pytest.mark.matrix
@pytest.mark.parametrize("rate", [4.0])
def test_a_candidate_that_gets_worse_gets_no_more(there: Place) -> None:
    """Proven again before each step: the update fails, and the users are divided as before."""
    sturdy = shop("v2", "v1", canary=True, more={"web": {"ready_within": "5s"}})
    there.install(shop(canary=True, more={"web": {"ready_within": "5s"}}))
    there.up(sturdy).well()
    there.disturb("unready", "web-green-*")
    there.pass_time("5s")
    there.up(sturdy, event("shift", weight=5)).failed("web-green")
    assert there.weights() == {"blue": 100, "green": 0}
    # Nobody waits for it any more: it isn't ready yet.
    there.up(sturdy, event("abort", reason="not ready")).well()
    assert there.phase() == "aborted"
    there.settled(sturdy)


def test_a_candidate_that_fails_its_smoke_test_is_not_staged(there: Place) -> None:
    """The ledger says what has happened: all of its pods are up, but nothing is proven. Nobody can be led there."""
    there.install(C1)
    before = there.ledger
    bad = shop("v2-broken", canary=True)
    there.up(bad).failed("http://web-green.shop.svc/health: 500")
    assert there.ledger == before
    there.refused(bad, "no release is under way", happens=event("shift", weight=5))
    there.up(C2).well()
    assert there.phase() == "staged"
    there.unharmed()
