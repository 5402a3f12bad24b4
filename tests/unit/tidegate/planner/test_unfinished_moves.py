"""An update fails while traffic moves: the ledger stays as it was, and the routes don't."""

from __future__ import annotations

from itertools import product

import pytest

from tests.unit.tidegate.planner.world import CANARY, World, copied, intended, stamp
from tidegate.model.events import Abort, Apply, Baked, Cleanup, Pause, Promote, Rollback, Scale, Shift, Stage
from tidegate.model.ledger import Held
from tidegate.planner.refusals import Refusal
from tidegate.planner.standing import Standing

NOW = stamp(1)
APPLY = Apply(stamp=NOW)
BAD = "errors"
SERVICES = ("api", "web")
B1, B2, B3 = (intended({name: {"version": version} for name in SERVICES}) for version in ("v1", "v2", "v3"))
C1, C2 = (intended({name: {**CANARY, "version": version} for name in SERVICES}) for version in ("v1", "v2"))


def half_flipped() -> World:
    """A blue-green release of v2 failed when one of the two services had moved."""
    world = World()
    world.update(B1, APPLY)
    steps = len(world.services) * 3
    for fails_at in range(steps):
        tried = World()
        tried.update(B1, APPLY)
        tried.update(B2, APPLY, fails_at=fails_at)
        selected = {running.selected for running in tried.services.values()}
        if selected == {"blue", "green"}:
            return tried
    raise AssertionError


def half_rolled_back() -> World:
    """So did a rollback from v2."""
    for fails_at in range(8):
        world = World()
        world.update(B1, APPLY)
        world.update(B2, APPLY)
        world.update(B2, Rollback(stamp=NOW, reason=BAD), fails_at=fails_at)
        if {running.selected for running in world.services.values()} == {"blue", "green"}:
            return world
    raise AssertionError


@pytest.mark.parametrize(
    ("gates", "refused"), [((Held(gate="health", verdict="pass", text="well"),), True), ((), False)], ids=["driven", "by hand"]
)
def test_what_a_driver_watches_keeps_its_way_back(gates: tuple[Held, ...], *, refused: bool) -> None:
    """A plain update of a third version would exchange the slot that users may be led back to; the older one, and a driver's, may come."""
    world = World()
    world.update(B1, APPLY)
    world.update(B2, Stage(stamp=NOW))
    world.update(B2, Promote(stamp=NOW, gates=gates))
    if refused:
        with pytest.raises(Refusal, match="still watched") as error:
            copied(world).update(B3, APPLY)
        assert error.value.rule == "being-watched"
    else:
        copied(world).update(B3, APPLY)
    copied(world).update(B1, APPLY)
    copied(world).update(B3, Stage(stamp=NOW))
    world.update(B2, Baked(stamp=NOW, reason="well"))
    world.update(B3, APPLY)


def half_shifted(weight: int, then: int) -> World:
    """A canary's step failed when one of the two routes had changed."""
    for fails_at in range(12):
        world = World()
        world.update(C1, APPLY)
        world.update(C2, APPLY)
        if weight:
            world.update(C2, Shift(stamp=NOW, weight=weight))
        event = Shift(stamp=NOW, weight=then) if then > weight else Abort(stamp=NOW, reason=BAD)
        world.update(C2, event, fails_at=fails_at)
        if sorted((running.weights or {}).get("green", 0) for running in world.services.values()) == sorted([weight, then]):
            return world
    raise AssertionError


def selected(world: World) -> set[str | None]:
    """The slots that have the traffic."""
    return {running.selected for running in world.services.values()}


def test_the_same_intent_finishes_it() -> None:
    """What was proven for the first try is proven anew for the second."""
    world = half_flipped()
    tried = world.services["api"].slots["green"].proven
    plan = world.update(B2, APPLY)
    assert selected(world) == {"green"}
    assert plan.ledger.services["api"].slots["green"].proven == f"{tried}+1"
    assert world.plan(B2, APPLY).order == ()


@pytest.mark.parametrize("event", [APPLY, Abort(stamp=NOW, reason=BAD), Rollback(stamp=NOW, reason=BAD)], ids=lambda e: e.kind)
def test_the_older_intent_goes_back_and_so_do_abort_and_rollback(event: Apply | Abort | Rollback) -> None:
    """Each of the live slots is proven anew before its traffic returns."""
    world = half_flipped()
    world.update(B1 if event.kind == "apply" else B2, event)
    assert selected(world) == {"blue"}
    assert world.ledger is not None
    assert {record.live for record in world.ledger.services.values()} == {"blue"}


def test_what_was_given_up_does_not_come_again_by_itself() -> None:
    """None of its services: neither the one that had moved, nor the other."""
    world = half_flipped()
    world.update(B2, Abort(stamp=NOW, reason=BAD))
    assert world.plan(B2, APPLY).ledger == world.ledger


@pytest.mark.parametrize(
    "event",
    [
        Cleanup(stamp=stamp(200)),
        Scale(stamp=NOW, service="api", replicas=4),
        Rollback(stamp=NOW, reason=BAD, to={"web": "v1"}),
    ],
    ids=lambda e: e.kind,
)
def test_nothing_else_happens_meanwhile(event: Cleanup | Scale | Rollback) -> None:
    """The update would move traffic, unasked."""
    world = half_flipped()
    if event.kind == "rollback":
        world = half_rolled_back()
        event = event.model_copy(update={"to": {"api": "v2"}})
        with pytest.raises(Refusal, match="unfinished-move"):
            world.plan(B2, event)
        return
    with pytest.raises(Refusal, match="unfinished-move"):
        world.plan(B2, event)


def test_a_third_version_is_refused() -> None:
    """It would exchange pods that have traffic."""
    with pytest.raises(Refusal, match=r"can't be given v3 now.*\[unfinished-move\]"):
        half_flipped().plan(B3, APPLY)


def test_half_of_it_is_refused() -> None:
    """One service would go on and the other back."""
    world = half_flipped()
    moved = next(name for name, running in world.services.items() if running.selected == "green")
    mixed = intended({name: {"version": "v1" if name == moved else "v2"} for name in SERVICES})
    with pytest.raises(Refusal, match=f"traffic of {moved} moved.*unfinished-move"):
        world.plan(mixed, APPLY)


def test_a_plain_update_does_not_undo_half_of_a_rollback() -> None:
    """The intent still has what somebody was busy being rid of."""
    world = half_rolled_back()
    with pytest.raises(Refusal, match="a rollback of api, web failed half way"):
        world.plan(B2, APPLY)
    with pytest.raises(Refusal, match="a rollback of api, web failed half way"):
        world.plan(B2, Abort(stamp=NOW, reason=BAD))


def test_a_rollback_is_finished_by_a_rollback_or_by_the_older_intent() -> None:
    """Both lead to the same place."""
    for intent, event in ((B2, Rollback(stamp=NOW, reason=BAD)), (B1, APPLY)):
        world = half_rolled_back()
        world.update(intent, event)
        assert selected(world) == {"blue"}


@pytest.mark.parametrize(("weight", "then", "left"), [(25, 50, 25), (0, 25, 0), (50, 0, 0)])
def test_during_a_canary_a_plain_update_gives_no_more_than_both_say(weight: int, then: int, left: int) -> None:
    """Whether the step that failed was to give more, or to take all away."""
    world = half_shifted(weight, then)
    plan = world.update(C2, APPLY)
    assert {record.weight for record in plan.ledger.services.values()} == {left}
    assert {(running.weights or {})["green"] for running in world.services.values()} == {left}


def test_a_step_is_finished_by_the_same_step_and_not_by_a_smaller_one() -> None:
    """The candidates were sized for it."""
    world = half_shifted(25, 75)
    with pytest.raises(Refusal, match="75% already, and 50% is less"):
        world.plan(C2, Shift(stamp=NOW, weight=50))
    with pytest.raises(Refusal, match="unfinished-move"):
        world.plan(C2, Pause(stamp=NOW, reason=BAD))
    world.update(C2, Shift(stamp=NOW, weight=75))
    assert {(running.weights or {})["green"] for running in world.services.values()} == {75}


def test_a_promotion_that_failed_is_finished_by_promoting_and_not_by_a_step() -> None:
    """A step would take back what has moved, without having proven where it goes."""
    before, wanted = (intended({"api": {**CANARY, "version": version}, "web": {"version": version}}) for version in ("v1", "v2"))
    refused = 0
    for fails_at in range(10):
        world = World()
        for intent, event in ((before, APPLY), (wanted, APPLY), (wanted, Shift(stamp=NOW, weight=100))):
            world.update(intent, event)
        world.update(wanted, Promote(stamp=NOW), fails_at=fails_at)
        if "green" in selected(world) and world.ledger is not None and world.ledger.under_way is not None:
            refused += 1
            with pytest.raises(Refusal, match="unfinished-move"):
                world.plan(wanted, Shift(stamp=NOW, weight=100))
            world.update(wanted, Promote(stamp=NOW))
            assert selected(world) == {"green"}
    assert refused


@pytest.mark.parametrize("then", [APPLY, Abort(stamp=NOW, reason=BAD)], ids=["the same intent", "abort"])
def test_a_promotion_that_failed_is_taken_back_to_what_is_proven(then: Apply | Abort) -> None:
    """The live slot has no traffic from outside, and requests from inside have left it: they come back once it is proven anew."""
    flipped = 0
    for fails_at, seed in product(range(10), range(3)):
        world = World()
        for intent, event in ((C1, APPLY), (C2, APPLY), (C2, Shift(stamp=NOW, weight=100))):
            world.update(intent, event)
        world.update(C2, Promote(stamp=NOW), fails_at=fails_at, seed=seed)
        if "green" not in selected(world) or world.ledger is None or world.ledger.under_way is None:
            continue
        flipped += 1
        # Raises if anything gets traffic without a new proof.
        world.update(C2, then, seed=seed)
        assert {("api", "blue"), ("web", "blue")} & world.awaited
        assert selected(world) == {"blue"}
    assert flipped


def test_without_a_standing_the_ledger_is_believed() -> None:
    """And the same intent is the same ledger."""
    world = World()
    world.update(C1, APPLY)
    world.update(C2, APPLY)
    world.update(C2, Shift(stamp=NOW, weight=100))
    world.update(C2, Promote(stamp=NOW))
    world.services = {}
    assert world.standing() == Standing()
    assert world.plan(C2, APPLY).ledger == world.ledger
