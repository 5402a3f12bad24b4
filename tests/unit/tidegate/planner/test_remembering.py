"""What the ledger remembers of a release: its steps, what it brings, and what people said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.planner.test_planning import (
    BAD,
    C1,
    C2,
    FREEZE,
    FULL,
    INSTALLED,
    LATER,
    NOW,
    PROMOTED,
    RELEASED,
    STAGED,
    V1,
    V2,
    ledger_of,
    shop,
)
from tests.unit.tidegate.planner.test_planning import after as world_after
from tests.unit.tidegate.planner.world import CANARY, World, approval, intended, stamp
from tidegate.model.events import Abort, Apply, Baked, Cleanup, Decide, Freeze, Pause, Promote, Resume, Rollback, Shift, Stage, Thaw
from tidegate.model.ledger import Held, Taken
from tidegate.planner.bringing import brings
from tidegate.planner.events.minding import MOST
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.ledger import Release

HELD = Held(gate="health", verdict="pass", text="2 of 2 pods are ready")
PASSED_BY = Held(gate="freeze", verdict="fail", text="the year's end. ann passes it by: the shop is down", overridden=True)
BEGUN = Apply(stamp=NOW, reason="a fix")


def release_of(world: World) -> Release:
    """The last release."""
    release = ledger_of(world).release
    assert release is not None
    return release


def steps(world: World) -> list[tuple[int, str, int, str]]:
    """The steps of the last release: number, event, weight and reason."""
    return [(taken.step, taken.kind, taken.weight, taken.reason) for taken in release_of(world).taken]


def test_every_step_of_a_release_is_remembered() -> None:
    """With how much of the traffic it had then, by whom, why, and what held before it."""
    shift = Shift(stamp=stamp(2, "driver"), weight=100, gates=(HELD,))
    world = world_after(
        (C1, BEGUN),
        (C2, BEGUN),
        (C2, Pause(stamp=NOW, reason="lunch")),
        (C2, Resume(stamp=NOW, reason="fed")),
        (C2, shift),
        (C2, Promote(stamp=NOW)),
        (C2, Baked(stamp=NOW)),
        (C2, Cleanup(stamp=LATER)),
    )
    assert steps(world) == [
        (0, "apply", 0, "a fix"),
        (0, "pause", 0, "lunch"),
        (0, "resume", 0, "fed"),
        (1, "shift", 100, ""),
        (2, "promote", 100, ""),
        (2, "baked", 100, ""),
        (2, "cleanup", 100, ""),
    ]
    assert release_of(world).taken[3] == Taken(step=1, kind="shift", weight=100, stamp=stamp(2, "driver"), gates=(HELD,))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([(C2, Abort(stamp=NOW, reason=BAD))], [(0, "apply", 0, ""), (1, "abort", 0, BAD)]),
        ([(C1, Apply(stamp=NOW))], [(0, "apply", 0, ""), (1, "apply", 0, "the intent is what is live")]),
        ([(C2, Apply(stamp=NOW))], [(0, "apply", 0, "")]),
    ],
    ids=["abort", "by the intent", "nothing"],
)
def test_going_back_is_a_step_too(more: list[tuple[Any, Event]], told: list[tuple[int, str, int, str]]) -> None:
    """Whichever way it is asked for; what changes nothing is none."""
    assert steps(world_after(*STAGED, *more)) == told


def test_a_rollback_has_steps_of_its_own() -> None:
    """It is another release."""
    world = world_after(*RELEASED, (V2, Rollback(stamp=NOW, reason=BAD)), (V2, Baked(stamp=NOW)))
    assert steps(world) == [(0, "rollback", 100, BAD), (0, "baked", 100, "")]


def test_why_a_release_began_is_its_reason() -> None:
    """Until there is another."""
    world = world_after(*INSTALLED, (V2, Stage(stamp=NOW, reason="the fix for the login")))
    assert release_of(world).reason == "the fix for the login"
    assert release_of(world_after(*RELEASED)).reason is None


def test_where_a_stack_is_stays_its_token_until_it_is_elsewhere() -> None:
    """What people say and freezes don't move it, so nobody who drives a release is put off by them."""
    world = world_after(*STAGED)
    token = ledger_of(world).token
    for event in (Decide(stamp=NOW, approval=approval()), FREEZE, Thaw(stamp=NOW, reason=BAD)):
        assert world.update(C2, event).ledger.token == token
    world.update(C2, Shift(stamp=NOW, weight=25, expects=token))
    with pytest.raises(
        Refusal, match=r"is at step 0 .* is at step 1 of release r2-\w+ \(shifting\), since 2026-01-01T01.* by tester.*moved-on"
    ):
        world.plan(C2, Shift(stamp=NOW, weight=25, expects=token))


def test_what_is_expected_of_a_stack_with_nothing_is_nothing() -> None:
    """The first update can be decided for, too."""
    world = World()
    world.update(V1, Apply(stamp=NOW, expects="none"))
    with pytest.raises(Refusal, match=r"has had no release, and the stack has moved on.*moved-on"):
        world.plan(V1, Apply(stamp=NOW, expects="none"))


def sealed(value: str, *, other: str = "") -> Any:
    """A service with a secret, and another."""
    secrets = {"set": {"required": ["key"], "values": {"key": value}}}
    return intended({"web": {**CANARY, "secrets": ["set"]}, "api": {"env": {"A": other}} if other else {}}, secrets=secrets)


def test_what_a_release_brings_is_one_hash() -> None:
    """The same for what is planned and for what is staged; of every setting and secret of its services, and of nothing else."""
    world = world_after((sealed("one"), BEGUN), (sealed("two"), BEGUN))
    found = release_of(world).brings
    assert len(found) == 64
    assert found == brings(sealed("two"), ["web"]) == brings(sealed("two", other="x"), ["web"])
    assert len({found, brings(sealed("one"), ["web"]), brings(sealed("two"), ["web", "api"]), brings(sealed("two"), ["api"])}) == 4
    assert brings(sealed("two"), ["api", "web"]) == brings(sealed("two"), ["web", "api"])


def test_what_is_installed_is_brought_too() -> None:
    """All of it; a rollback brings nothing that wasn't there."""
    assert release_of(world_after(*INSTALLED)).brings == brings(V1, ["api", "web"])
    assert release_of(world_after(*RELEASED, (V2, Rollback(stamp=NOW, reason=BAD)))).brings == ""


def told(world: World, intent: Any, **subjects: str) -> None:
    """People say what they think of releases, by what these bring."""
    for by, what in subjects.items():
        world.update(intent, Decide(stamp=NOW, approval=approval(brings=what, by=by)))


def test_what_was_said_of_a_release_stays_when_it_begins() -> None:
    """What was said of anything else goes, and what says nothing."""
    world = world_after(*STAGED[:1])
    told(world, C1, ann=brings(C2, ["api", "web"]), bob=brings(C2, ["api"]), cid="")
    world.update(C1, Decide(stamp=NOW, approval=approval("no JSON", by="dan")))
    assert [one.by for one in ledger_of(world).approvals] == ["ann", "bob", "cid", "dan"]
    world.update(C2, Stage(stamp=NOW))
    assert [one.by for one in ledger_of(world).approvals] == ["ann"]


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (Shift(stamp=NOW, weight=100), ["ann", "bob", "cid"]),
        (Abort(stamp=NOW, reason=BAD), ["bob"]),
        (Promote(stamp=NOW), ["ann", "bob", "cid"]),
    ],
    ids=["shift", "abort", "promote"],
)
def test_what_was_said_of_a_release_goes_when_it_ends(event: Event, left: list[str]) -> None:
    """Only what was said of the one that comes next stays: what was taken back needs another yes."""
    world = world_after(*(FULL if isinstance(event, Promote) else STAGED))
    later = shop("v3", "v2", canary=True, releases={"supersede": "go-back"})
    told(world, C2, ann=brings(C2, ["api", "web"]), bob=brings(later, ["api", "web"]), cid="something else")
    world.update(later if isinstance(event, Abort) else C2, event)
    assert [one.by for one in ledger_of(world).approvals] == left


def test_settled_is_over() -> None:
    """Nothing is left of what was said of it."""
    world = world_after(*PROMOTED)
    told(world, C2, ann=brings(C2, ["api", "web"]))
    world.update(C2, Cleanup(stamp=LATER))
    assert ledger_of(world).approvals == ()


def test_words_are_counted_once_and_not_for_ever() -> None:
    """The same again changes nothing; of very many the newest are kept."""
    world = world_after(*STAGED)
    told(world, C2, **{f"p{n}": "x" for n in range(MOST + 3)})
    before = ledger_of(world).approvals
    assert [one.by for one in before] == [f"p{n}" for n in range(3, MOST + 3)]
    told(world, C2, p9="x")
    assert ledger_of(world).approvals == before


@pytest.mark.parametrize(
    ("begun", "intent", "event"),
    [
        (STAGED, C2, Shift(stamp=NOW, weight=50)),
        (FULL, C2, Promote(stamp=NOW)),
        (STAGED, C2, Abort(stamp=NOW, reason=BAD)),
        (STAGED, C1, Apply(stamp=NOW)),
        (STAGED, C2, Stage(stamp=NOW)),
        (RELEASED, V2, Rollback(stamp=NOW, reason=BAD)),
        (RELEASED, V1, Apply(stamp=NOW)),
        (RELEASED, V2, Apply(stamp=NOW)),
        (INSTALLED, shop(releases={"supersede": "go-back"}), Apply(stamp=NOW)),
        (INSTALLED, V2, Stage(stamp=LATER)),
        (INSTALLED, V2, Stage(stamp=NOW, gates=(PASSED_BY,))),
    ],
)
def test_a_freeze_holds_up_nothing_but_releases(begun: Any, intent: Any, event: Event) -> None:
    """What is under way goes on or back, what was released goes back, the same again is the same; and it ends in its time."""
    assert world_after(*begun, (begun[-1][0], FREEZE), (intent, event)).ledger is not None


def test_a_freeze_without_an_end_is_lifted() -> None:
    """It says who holds releases up, and why."""
    world = world_after(*INSTALLED, (V1, Freeze(stamp=NOW, reason="the audit")))
    with pytest.raises(Refusal, match=r"until that is lifted: the audit \(tester, .*tidegate thaw.*\[frozen\]"):
        world.plan(V2, Apply(stamp=LATER))
    world.update(V1, Thaw(stamp=NOW, reason="it is over"))
    world.update(V2, Apply(stamp=NOW))
    assert ledger_of(world).frozen is None


@pytest.mark.parametrize("event", [Baked(stamp=NOW), Decide(stamp=NOW, approval=approval()), FREEZE, Thaw(stamp=NOW, reason=BAD)])
def test_what_changes_no_slot_moves_no_traffic(event: Event) -> None:
    """Nor does it touch a slot: nothing is rendered anew."""
    world = world_after(*RELEASED)
    before = ledger_of(world)
    plan = world.plan(V2, event)
    assert (plan.ledger.services, plan.order) == (before.services, ())
