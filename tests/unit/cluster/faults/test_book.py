"""Which requests a rule strikes, and what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.faults.book import Ruling
from embedded.cluster.faults.requests import parse
from embedded.cluster.faults.rules import Answer, Rule, Slow, Where
from tests.unit.cluster.faults.conftest import make

if TYPE_CHECKING:
    from embedded.cluster.faults.requests import Request
    from tests.unit.cluster.faults.conftest import Rig


def create(name: str = "web") -> Request:
    """A request about a pod."""
    return parse("GET", f"/api/v1/namespaces/shop/pods/{name}")


def struck(rig: Rig, requests: list[Request]) -> list[int]:
    """The numbers of the requests that fail, from 1."""
    return [number for number, request in enumerate(requests, 1) if rig.faults.decide(request) is not None]


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        (Rule("500"), [1, 2, 3, 4, 5, 6, 7]),
        (Rule("500", nth=3), [3]),
        (Rule("500", every=3), [3, 6]),
        (Rule("500", count=2), [1, 2]),
        (Rule("500", every=2, count=2), [2, 4]),
        (Rule("500", Where(name="nothing")), []),
        (Rule("500", probability=0.0), []),
        (Rule("500", probability=1.0), [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_which_are_struck(rig: Rig, rule: Rule, numbers: list[int]) -> None:
    """All, the nth, each so-many-th, or as many as were asked for."""
    rig.faults.add(rule)
    assert struck(rig, [create()] * 7) == numbers


def test_the_nth_is_counted_among_those_that_are_meant(rig: Rig) -> None:
    """Other requests in between don't count, those before the rule neither."""
    struck(rig, [create(), create("api")])
    rig.faults.add(Rule("500", Where(name="web"), nth=2))
    assert struck(rig, [create("api"), create(), create("api"), create(), create()]) == [4]


def test_the_first_rule_strikes_and_the_others_count(rig: Rig) -> None:
    """A request fails once; what a later rule counts doesn't depend on an earlier one."""
    rig.faults.add(Rule("500", nth=1))
    rig.faults.add(Rule("slow", nth=2))
    assert isinstance(rig.faults.decide(create()), Answer)
    assert isinstance(rig.faults.decide(create()), Slow)


def test_a_rule_ends_when_its_time_is_over(rig: Rig) -> None:
    """Its time is the cluster's."""
    ruling = rig.faults.add(Rule("500", lasts=10))
    assert struck(rig, [create()]) == [1]
    rig.clock.advance(10)
    assert struck(rig, [create()]) == []
    assert isinstance(ruling, Ruling)
    assert ruling.spent(rig.clock.now())


def test_removing_and_clearing(rig: Rig) -> None:
    """Numbers are never given twice, and what isn't there can't be removed."""
    first, second = rig.faults.add(Rule("500")), rig.faults.add(Rule("503"))
    assert rig.faults.remove(first.ident)
    assert not rig.faults.remove(first.ident)
    third = rig.faults.add(Rule("429"))
    assert [first.ident, second.ident, third.ident] == ["1", "2", "3"]
    assert [entry.ident for entry in rig.faults.all()] == ["2", "3"]
    assert rig.faults.clear() == 2
    assert struck(rig, [create()]) == []


def test_all_requests_are_counted(rig: Rig) -> None:
    """Counting a run's requests is how the faults of the next run find them."""
    struck(rig, [create(), create("api")])
    assert (rig.faults.counted, [str(request) for request in rig.faults.seen]) == (2, ["get pods shop/web", "get pods shop/api"])


def test_strikes_are_in_the_journal(rig: Rig) -> None:
    """What was struck, by which rule."""
    rig.faults.add(Rule("503", nth=2))
    struck(rig, [create(), create()])
    assert rig.journal.lines() == ['{"t":0.0,"kind":"strike","fault":"503","id":"1","target":"get pods shop/web"}']


@given(seed=st.integers(0, 1000), order=st.permutations([create(name) for name in "abcdefgh" for _ in range(3)]))
def test_chance_does_not_hang_on_the_order_of_requests(seed: int, order: list[Request]) -> None:
    """Whichever of concurrent requests comes first: each subject's first, second and third fare as they do in any other order."""

    def fates(requests: list[Request]) -> dict[str, list[bool]]:
        rig, found = make(seed), dict[str, list[bool]]()
        rig.faults.add(Rule("500", probability=0.5))
        for request in requests:
            found.setdefault(request.name, []).append(rig.faults.decide(request) is not None)
        return found

    assert fates(order) == fates(sorted(order, key=lambda request: request.name))


def test_another_seed_is_another_chance() -> None:
    """Over many requests the share is what was asked for, and the seeds differ."""
    fates = []
    for seed in (1, 2):
        rig = make(seed)
        rig.faults.add(Rule("500", probability=0.3))
        fates.append(struck(rig, [create()] * 1000))
    assert fates[0] != fates[1]
    assert all(250 < len(numbers) < 350 for numbers in fates)


def test_open_watches_are_cut_by_a_new_rule(rig: Rig) -> None:
    """Whoever asks for dropped watches means those that are open, too, unless they aren't meant."""
    cut: list[str] = []
    for name in ("pods", "services"):
        rig.faults.watching(parse("GET", f"/api/v1/{name}", "watch=1"), lambda name=name: cut.append(name))  # type: ignore[misc]
    ended = rig.faults.watching(parse("GET", "/api/v1/pods", "watch=1"), lambda: cut.append("ended before"))
    ended()
    rig.faults.add(Rule("watch-drop", Where(resource="pods"), count=1))
    assert cut == ["pods"]
    rig.faults.add(Rule("watch-drop"))
    assert cut == ["pods", "services"]
