"""What users of other tools complain about, as far as a plan can prevent it. Each is an outage that somebody had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.tidegate.planner.world import CANARY, SCALED, World, intended, stamp
from tidegate.model.events import Abort, Apply, Cleanup, Observed, Promote, Rollback, Scale, Seen, Shift
from tidegate.model.ledger import migrate
from tidegate.planner.layout import layout
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.model.ledger import Record

NOW, LATER = stamp(1), stamp(100)
APPLY = Apply(stamp=NOW)
ABORT = Abort(stamp=NOW, reason="errors")
V1, V2, V3 = (intended({"web": {**CANARY, "replicas": 4, "version": version}}) for version in ("v1", "v2", "v3"))
S1, S2 = (intended({"web": {**CANARY, **SCALED, "version": version}}) for version in ("v1", "v2"))


def at(weight: int, *, promoted: bool = False) -> World:
    """A canary with so much of the traffic."""
    world = World()
    world.update(V1, APPLY)
    world.update(V2, APPLY)
    world.update(V2, Shift(stamp=NOW, weight=weight))
    if promoted:
        world.update(V2, Promote(stamp=NOW))
    return world


def web(world: World) -> Record:
    """The service's record."""
    assert world.ledger is not None
    return world.ledger.services["web"]


@pytest.mark.parametrize("weight", [25, 75, 100])
def test_1_abort_finds_the_live_slot_at_full_size(weight: int) -> None:
    """It was never scaled down, and isn't waited for as long as it has traffic: abort can't be stuck on it."""
    world = at(weight)
    before = web(world).slots["blue"]
    world.update(V2, ABORT)
    after = web(world).slots["blue"]
    assert (before.replicas, after.replicas, web(world).weight) == (4, 4, 0)
    assert (after.proven == before.proven) == (weight < 100)


def test_2_the_old_version_applied_during_a_canary_is_no_release_of_it() -> None:
    """All traffic is back on the slot that has had it all along."""
    world = at(75)
    world.update(V1, APPLY)
    assert (web(world).live, web(world).weight, web(world).slots["blue"].replicas) == ("blue", 0, 4)


def test_2_a_push_during_a_canary_changes_nothing() -> None:
    """It is refused before anything is touched."""
    world = at(75)
    with pytest.raises(Refusal, match="release-under-way"):
        world.plan(V3, APPLY)


def test_2_an_autoscaled_live_slot_is_not_put_back_to_a_size_of_long_ago() -> None:
    """The ledger has 2 pods, the cluster 8: what goes back without having looked leaves it alone, or asks for the most."""
    world = World(demand={"web": 8})
    world.update(S1, APPLY)
    for event in (APPLY, Shift(stamp=NOW, weight=75)):
        world.update(S2, event)
    assert world.services["web"].slots["blue"].running == 8
    world.update(S2, ABORT)
    assert world.services["web"].slots["blue"].running == 8


@pytest.mark.parametrize(
    ("replicas", "looked", "refused"), [(3, False, True), (9, False, True), (10, False, False), (7, True, True), (8, True, False)]
)
def test_2_an_autoscaled_live_slot_is_not_shrunk_by_hand_in_mid_release(replicas: int, *, looked: bool, refused: bool) -> None:
    """The ledger has 2 pods, the cluster 8 of at most 10: by hand it gets no fewer than were seen, or the most if nobody has looked."""
    world = World(demand={"web": 8})
    world.update(S1, APPLY)
    for event in (APPLY, Shift(stamp=NOW, weight=50)):
        world.update(S2, event)
    scale = Scale(stamp=NOW, service="web", replicas=replicas, observed=world.observed() if looked else {})
    if refused:
        with pytest.raises(Refusal, match="live-keeps-size"):
            world.plan(S2, scale)
    else:
        world.update(S2, scale)
        world.update(S2, ABORT)
        assert world.services["web"].slots["blue"].running >= 8


def test_3_pods_leave_only_after_their_routes() -> None:
    """A release and the emptying of the old slot are never one update."""
    world = at(100, promoted=True)
    assert web(world).slots["blue"].replicas == 4
    with pytest.raises(Refusal, match="kept"):
        world.plan(V2, Cleanup(stamp=NOW))
    world.update(V2, Cleanup(stamp=LATER))
    assert web(world).slots["blue"].replicas == 0


def test_4_superseding_a_canary_goes_back_before_anything_new_comes() -> None:
    """In an update of its own: its pods aren't exchanged while they have traffic."""
    world = at(50)
    newer = V3.model_copy(update={"releases": V3.releases.model_copy(update={"supersede": "go-back"})})
    world.update(newer, APPLY)
    assert (web(world).weight, web(world).slots["green"].version) == (0, "v2")
    world.update(newer, APPLY)
    assert (web(world).weight, web(world).slots["green"].version) == (0, "v3")


def test_5_abort_after_promotion_is_not_ignored() -> None:
    """It says what does it; and there is always a slot with traffic that runs."""
    world = at(100, promoted=True)
    with pytest.raises(Refusal, match=r"its versions are live\. To take it back, .*rollback"):
        world.plan(V2, ABORT)
    world.update(V2, Rollback(stamp=NOW, reason="errors"))
    assert (web(world).live, web(world).slots["blue"].running) == ("blue", True)


def test_6_each_side_scales_by_its_own_load() -> None:
    """A candidate has what its weight needs of what is seen now, and neither side shrinks under the other."""
    ledger = next_ledger(None, S1, APPLY).ledger
    ledger = next_ledger(ledger, S2, APPLY).ledger
    seen = {"web": Observed(live=Seen(ready=8, wanted=8), candidate=Seen(ready=5, wanted=5))}
    plan = next_ledger(ledger, S2, Shift(stamp=NOW, weight=50, observed=seen))
    assert plan.ledger.services["web"].slots["green"].replicas == 5
    world = World(demand={"web": 8})
    world.update(S1, APPLY)
    laid = layout(world.update(S2, APPLY).ledger, S2, world.stored)["services"]["web"]["slots"]
    assert laid["blue"]["scaling"] == {"min": 2, "max": 10, "hold": True}


def test_8_configuration_goes_back_with_the_version() -> None:
    """Each slot has its own: promoting one service's does nothing to another's."""
    old, new = (intended({"web": {"config": {"/etc/app": text}, "version": v}}) for text, v in (("one", "v1"), ("two", "v2")))
    world = World()
    world.update(old, APPLY)
    world.update(new, APPLY)
    world.update(new, Rollback(stamp=NOW, reason="errors"))
    assert world.stored["web"][web(world).live].config == {"/etc/app": "one"}


def test_9_what_fails_after_promotion_has_a_way_back_that_still_runs() -> None:
    """The old slot is neither deleted nor given traffic before somebody says so."""
    world = at(100, promoted=True)
    assert (web(world).weight, web(world).slots["blue"].replicas) == (0, 4)
    assert world.plan(V2, APPLY).ledger == world.ledger


def test_11_nothing_goes_back_past_a_migration_that_took_something_away() -> None:
    """It would be worse than what it goes back from."""
    migrated = [intended({"web": {"version": f"v{n}", "migrations": {"revision": f"r{n}", "contract": n == 2}}}) for n in (1, 2)]
    world = World()
    for intent in migrated:
        world.update(intent, APPLY)
    for intent, event in ((migrated[1], Rollback(stamp=NOW, reason="errors")), (migrated[0], APPLY)):
        with pytest.raises(Refusal, match="contract-migration"):
            world.plan(intent, event)


def test_12_a_bad_version_does_not_come_back_by_itself() -> None:
    """However often the intent is applied that still has it; abort and rollback alike."""
    aborted, rolled = at(25), at(100, promoted=True)
    aborted.update(V2, ABORT)
    rolled.update(V2, Rollback(stamp=NOW, reason="errors"))
    for world in (aborted, rolled):
        for _ in range(3):
            plan = world.update(V2, APPLY)
            assert plan.order == ()
            assert "taken back before" in plan.notes[0]


def test_12_a_release_survives_the_loss_of_its_cluster() -> None:
    """Where it was is in the stack's state: an update makes all of it again, the candidate with its weight too."""
    world = at(25)
    assert world.ledger is not None
    world.services, output = {}, world.ledger.model_dump(mode="json")
    assert next_ledger(migrate(output), V2, APPLY, world.standing()).ledger == world.ledger


def test_13_several_services_are_one_release() -> None:
    """They take each step together, and go back together."""
    intents = [intended({name: {**CANARY, "version": v} for name in ("a", "b", "c")}) for v in ("v1", "v2")]
    world = World()
    world.update(intents[0], APPLY)
    world.update(intents[1], APPLY)
    for event, weight in ((Shift(stamp=NOW, weight=25), 25), (Shift(stamp=NOW, weight=100), 100), (ABORT, 0)):
        plan = world.update(intents[1], event)
        assert {record.weight for record in plan.ledger.services.values()} == {weight}
