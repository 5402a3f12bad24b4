"""Pods and nodes that fail on demand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.faults.disruptions import Disrupted, Disruption
from tests.unit.cluster.faults.conftest import make, pod

if TYPE_CHECKING:
    from tests.unit.cluster.faults.conftest import Rig


@pytest.mark.parametrize(
    ("disruption", "done"),
    [
        (Disruption("crash", "shop/web-*"), ["crash shop/web-1", "crash shop/web-2"]),
        (Disruption("crash", "web-1"), ["crash shop/web-1", "crash other/web-1"]),
        (Disruption("oom", "*/api-?"), ["oom shop/api-1"]),
        (Disruption("evict", "other/*"), ["evict other/web-1"]),
        (Disruption("unready", "shop/api-1"), ["unready shop/api-1"]),
        (Disruption("node-lost", "node-2"), ["lose node-2"]),
        (Disruption("node-back", "node-*"), ["restore node-1", "restore node-2"]),
        (Disruption("crash", "nothing"), []),
        (Disruption("crash", probability=0.0), []),
    ],
)
def test_what_is_struck_at_once(rig: Rig, disruption: Disruption, done: list[str]) -> None:
    """All that the pattern means, and nothing else."""
    rig.faults.add(disruption)
    assert rig.world.done == done


def test_after_a_time(rig: Rig) -> None:
    """It may begin later."""
    rig.faults.add(Disruption("crash", "shop/api-1", after=5))
    rig.clock.advance(4)
    assert rig.world.done == []
    rig.clock.advance(1)
    assert rig.world.done == ["crash shop/api-1"]


def test_again_and_again_until_it_has_struck_so_often(rig: Rig) -> None:
    """With a period it strikes whoever is there then."""
    entry = rig.faults.add(Disruption("crash", "shop/api-*", period=10, count=3))
    rig.clock.advance(10)
    rig.world.there.append(pod("api-2"))
    rig.clock.advance(100)
    assert isinstance(entry, Disrupted)
    assert (entry.struck, entry.spent) == (3, True)
    assert rig.world.done[:2] == ["crash shop/api-1"] * 2


def test_what_holds_is_taken_back_when_its_time_is_over(rig: Rig) -> None:
    """Unready pods are ready again, lost nodes come back."""
    rig.faults.add(Disruption("unready", "shop/api-1", lasts=30))
    rig.faults.add(Disruption("node-lost", "node-1", after=10, lasts=30))
    rig.clock.advance(30)
    assert rig.world.done == ["unready shop/api-1", "lose node-1", "ready shop/api-1"]
    rig.clock.advance(10)
    assert rig.world.done[-1] == "restore node-1"


def test_what_holds_is_taken_back_when_it_is_removed(rig: Rig) -> None:
    """And what was to come doesn't come."""
    entry = rig.faults.add(Disruption("unready", "shop/api-1"))
    rig.faults.add(Disruption("crash", "shop/api-1", after=5))
    assert rig.faults.remove(entry.ident)
    rig.faults.clear()
    rig.clock.advance(10)
    assert rig.world.done == ["unready shop/api-1", "ready shop/api-1"]


def test_what_holds_holds_for_those_who_join(rig: Rig) -> None:
    """A rollout's new pods stay unready as well; crashes strike only those who were there."""
    rig.faults.add(Disruption("unready", "shop/api-*"))
    rig.faults.add(Disruption("crash", "shop/api-*"))
    rig.world.done.clear()
    rig.faults.appeared(pod("api-2"))
    rig.faults.appeared(pod("web-3"))
    assert rig.world.done == ["unready shop/api-2"]


def test_what_nothing_can_be_done_to_is_passed_over(rig: Rig) -> None:
    """A pod that doesn't run isn't struck; one that has gone meanwhile isn't made ready again."""
    rig.world.out_of_reach.add("web-2")
    entry = rig.faults.add(Disruption("unready", "shop/web-*", lasts=5))
    assert list(entry.hits) == ["shop/web-1"]
    rig.world.out_of_reach.add("web-1")
    rig.clock.advance(5)
    assert rig.world.done == ["unready shop/web-1"]


def test_chance_is_the_seeds() -> None:
    """The same seed strikes the same pods, in whatever order they are listed; another seed strikes others."""
    found = []
    for seed, backwards in ((1, False), (1, True), (2, False)):
        rig = make(seed)
        rig.world.there = sorted((pod(f"web-{n}") for n in range(40)), key=str, reverse=backwards)
        rig.faults.add(Disruption("crash", probability=0.5))
        found.append(set(rig.world.done))
    assert found[0] == found[1] != found[2]
    assert 10 < len(found[0]) < 30


def test_one_of_many_is_chosen_by_chance() -> None:
    """With a count it isn't always the first by name."""
    chosen = set()
    for seed in range(20):
        rig = make(seed)
        rig.faults.add(Disruption("evict", count=1))
        assert len(rig.world.done) == 1
        chosen.update(rig.world.done)
    assert len(chosen) > 1


def test_strikes_are_in_the_journal(rig: Rig) -> None:
    """What was struck, when, and by which rule."""
    rig.faults.add(Disruption("node-lost", "node-2", after=1.5))
    rig.clock.advance(2)
    assert rig.journal.lines() == ['{"t":1.5,"kind":"strike","fault":"node-lost","id":"1","target":"node-2"}']


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"kind": "burn"}, "there is no fault 'burn' of pods or nodes; there are crash, oom, evict, unready, node-lost, node-back"),
        ({"kind": "unready", "period": 5.0}, "unready holds until it ends, so it has no period"),
        ({"kind": "crash", "period": 0.0}, "period is 0.0; it must be more than 0"),
        ({"kind": "crash", "probability": -0.1}, "probability is -0.1; it goes from 0 to 1"),
        ({"kind": "crash", "count": 0}, "count is 0; it counts from 1"),
        ({"kind": "crash", "after": -1.0}, "after and lasts can't be negative"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], text: str) -> None:
    """The text names what is wrong, and what is right."""
    with pytest.raises(ValueError, match="^" + re.escape(text)):
        Disruption(**wrong)
