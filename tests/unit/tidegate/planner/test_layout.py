"""What the components are given: slots in full, and how they scale."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.unit.tidegate.planner.world import CANARY, SCALED, World, intended, stamp
from tidegate.model.events import Abort, Apply, Cleanup, Promote, Rollback, Scale, Shift
from tidegate.planner.freezing import freeze
from tidegate.planner.layout import layout
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.planner.layout import Scaling

NOW, LATER = stamp(1), stamp(100)
APPLY = Apply(stamp=NOW)
V1, V2 = (intended({"web": {**CANARY, **SCALED, "version": version}}) for version in ("v1", "v2"))


def bounds(world: World) -> dict[str, Scaling | None]:
    """How the slots scale."""
    assert world.ledger is not None
    slots = layout(world.ledger, V2, world.stored)["services"]["web"]["slots"]
    return {slot: laid["scaling"] for slot, laid in slots.items()}


FREE = {"min": 2, "max": 10, "hold": False}
GROWN = {"min": 6, "max": 10, "hold": False}
HELD = {"min": 2, "max": 10, "hold": True}


@pytest.mark.parametrize(
    ("events", "blue", "green"),
    [
        pytest.param([], FREE, FREE, id="installed"),
        pytest.param([APPLY], HELD, {"min": 1, "max": 10, "hold": False}, id="staged"),
        pytest.param([APPLY, 50], HELD, {"min": 3, "max": 10, "hold": False}, id="half"),
        pytest.param([APPLY, 100], HELD, {"min": 6, "max": 10, "hold": False}, id="all"),
        pytest.param([APPLY, 100, Promote(stamp=NOW)], HELD, GROWN, id="promoted"),
        pytest.param([APPLY, 100, Promote(stamp=NOW), Cleanup(stamp=LATER)], FREE, FREE, id="settled"),
        pytest.param([APPLY, 50, Abort(stamp=NOW, reason="bad")], FREE, FREE, id="aborted"),
        pytest.param([APPLY, 100, Promote(stamp=NOW), Rollback(stamp=NOW, reason="bad")], GROWN, FREE, id="rolled back"),
        pytest.param([Scale(stamp=NOW, service="web", replicas=4)], *[{"min": 4, "max": 4, "hold": False}] * 2, id="by hand"),
    ],
)
def test_autoscaling_follows_the_release(events: list[Event | int], blue: Scaling, green: Scaling) -> None:
    """What may have to take all traffic back doesn't shrink; a candidate has at least what its weight needs."""
    world = World(demand={"web": 6})
    world.update(V1, APPLY)
    for event in events:
        happens = Shift(stamp=NOW, weight=event) if isinstance(event, int) else event
        world.update(V2, happens.model_copy(update={"observed": world.observed()}))
    assert bounds(world) == {"blue": blue, "green": green}


def test_the_layout_is_json() -> None:
    """And says what each slot gets of the traffic."""
    world = World(demand={"web": 6})
    world.update(V1, APPLY)
    world.update(V2, APPLY)
    plan = world.update(V2, Shift(stamp=NOW, weight=25))
    laid = layout(plan.ledger, V2, world.stored, plan.order)
    assert json.loads(json.dumps(laid)) == laid
    assert laid["order"] == ["web"]
    web = laid["services"]["web"]
    assert (web["live"], web["weight"], web["moving"]) == ("blue", 25, True)
    assert [web["slots"][slot]["weight"] for slot in ("blue", "green")] == [75, 25]
    assert web["slots"]["green"]["spec"]["version"] == "v2"
    assert web["slots"]["green"]["hash"] == world.stored["web"]["green"].hash


def test_a_live_slot_is_rendered_as_it_was_frozen() -> None:
    """Whatever the intent says by now."""
    world = World(demand={"web": 6})
    world.update(V1, APPLY)
    plan = world.update(V2, APPLY)
    assert freeze(plan.ledger, V2, world.stored)["web"]["blue"].version == "v1"


def test_a_spec_that_nobody_has_any_more_is_refused_where_it_runs() -> None:
    """Where it doesn't run, the slot is rendered like the live one."""
    world = World(demand={"web": 6})
    world.update(V1, APPLY)
    plan = world.update(V2, APPLY)
    with pytest.raises(Refusal, match=r"web's blue slot runs v1.*\[lost-spec\]"):
        freeze(plan.ledger, V2, {})
    aborted = world.update(V2, Abort(stamp=NOW, reason="bad")).ledger
    with pytest.raises(Refusal, match="green"):
        freeze(aborted, V1, {})
    assert freeze(world.update(V1, Cleanup(stamp=LATER)).ledger, V1, {})["web"]["green"].version == "v1"
