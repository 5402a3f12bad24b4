"""Event by event: what each comes to, and what each is refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.planner.world import CANARY, SCALED, World, intended, stamp
from tidegate.model.events import (
    Abort,
    Apply,
    Baked,
    Cleanup,
    Freeze,
    Observed,
    Pause,
    Promote,
    Resume,
    Rollback,
    Scale,
    Seen,
    Shift,
    Stage,
    Thaw,
)
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger, Record

    Steps = list[tuple[Intent, Event]]

NOW = stamp(1)
LATER = stamp(100)
BAD = "errors"


def shop(api: str = "v1", web: str = "v1", *, canary: bool = False, **more: Any) -> Intent:
    """Two services, of which one calls the other."""
    kind = CANARY if canary else {}
    return intended({"api": {"version": api, **kind}, "web": {"version": web, "depends_on": ["api"], **kind}}, **more)


def after(*steps: tuple[Intent, Event]) -> World:
    """The world after these updates."""
    world = World()
    for intent, event in steps:
        world.update(intent, event)
    return world


def ledger_of(world: World) -> Ledger:
    """Its ledger."""
    assert world.ledger is not None
    return world.ledger


def live(record: Record) -> str:
    """The version that is live."""
    return record.slots[record.live].version


def lives(world: World) -> list[str]:
    """The versions that are live."""
    return [live(record) for record in ledger_of(world).services.values()]


V1, V2 = shop(), shop("v2", "v2")
C1, C2 = shop(canary=True), shop("v2", "v2", canary=True)
MORE = intended({"api": {}, "web": {"depends_on": ["api"]}, "mail": {}})
APPLY = Apply(stamp=NOW)
FREEZE = Freeze(stamp=NOW, reason="the year's end", until="2026-01-02T00:00:00Z")
INSTALLED: Steps = [(V1, APPLY)]
RELEASED: Steps = [*INSTALLED, (V2, APPLY)]
STAGED: Steps = [(C1, APPLY), (C2, APPLY)]
SHIFTED: Steps = [*STAGED, (C2, Shift(stamp=NOW, weight=25))]
FULL: Steps = [*SHIFTED, (C2, Shift(stamp=NOW, weight=100))]
PROMOTED: Steps = [*FULL, (C2, Promote(stamp=NOW))]


def test_installing_puts_everything_into_blue() -> None:
    """Green could be the same, and isn't running."""
    ledger = ledger_of(after(*INSTALLED))
    assert ledger.release is not None
    assert (ledger.release.kind, ledger.release.phase, ledger.release.services) == ("install", "settled", ("api", "web"))
    for record in ledger.services.values():
        assert record.live == "blue"
        assert [record.slots[slot].replicas for slot in ("blue", "green")] == [2, 0]
        assert record.slots["blue"].spec == record.slots["green"].spec


def test_a_blue_green_release_is_one_update() -> None:
    """The candidate comes up at full size and is live; the old slot stays as it was."""
    before, ledger = ledger_of(after(*INSTALLED)), ledger_of(after(*RELEASED))
    assert ledger.release is not None
    assert ledger.release.phase == "promoted"
    for name, record in ledger.services.items():
        assert (record.live, record.weight) == ("green", 0)
        assert record.slots["blue"] == before.services[name].slots["blue"]
        assert record.slots["green"].proven == f"{ledger.release.id}.0"
        assert record.slots["green"].replicas == 2


def test_a_canary_is_staged_with_no_traffic() -> None:
    """And it is said what to run next."""
    world = after(STAGED[0])
    plan = world.update(C2, APPLY)
    assert plan.ledger.release is not None
    assert (plan.ledger.release.phase, plan.ledger.release.weight) == ("staged", 0)
    assert '{"kind": "shift", "weight": 25}' in plan.notes[0]
    assert lives(world) == ["v1", "v1"]
    assert [record.slots["green"].replicas for record in plan.ledger.services.values()] == [1, 1]


def test_one_canary_keeps_the_whole_release_waiting() -> None:
    """Services of a release move together: the blue-green one is staged too, at full size, and flips with promote."""
    before = intended({"api": CANARY, "web": {}})
    wanted = intended({"api": {**CANARY, "version": "v2"}, "web": {"version": "v2"}})
    world = after((before, APPLY), (wanted, APPLY))
    assert lives(world) == ["v1", "v1"]
    assert ledger_of(world).services["web"].slots["green"].replicas == 2
    world.update(wanted, Shift(stamp=NOW, weight=100))
    assert [record.weight for record in ledger_of(world).services.values()] == [100, 0]
    world.update(wanted, Promote(stamp=NOW))
    assert lives(world) == ["v2", "v2"]


@pytest.mark.parametrize("steps", [INSTALLED, RELEASED, STAGED, SHIFTED, FULL, PROMOTED], ids=len)
def test_the_same_intent_is_the_same_ledger(steps: Sequence[tuple[Intent, Event]]) -> None:
    """Whenever and by whomever it is applied, also in the middle of a release."""
    world = after(*steps)
    plan = world.plan(steps[-1][0], Apply(stamp=stamp(50, "somebody else")))
    assert plan.ledger == world.ledger
    assert plan.order == ()


def test_a_step_gives_all_canaries_the_weight_and_proves_them_anew() -> None:
    """With as many pods as the weight needs; the live ones stay as they are."""
    staged, shifted = ledger_of(after(*STAGED)), ledger_of(after(*SHIFTED))
    for name, record in shifted.services.items():
        assert record.weight == 25
        assert record.slots["green"].proven != staged.services[name].slots["green"].proven
        assert record.slots["blue"] == staged.services[name].slots["blue"]


@pytest.mark.parametrize(("weight", "pods"), [(1, 1), (25, 2), (50, 3), (61, 4), (75, 4), (100, 5)])
def test_pods_follow_the_weight(weight: int, pods: int) -> None:
    """Rounded up: a slot is never too small."""
    sized = [intended({"web": {**CANARY, "replicas": 5, "version": version}}) for version in ("v1", "v2")]
    world = after((sized[0], APPLY), (sized[1], APPLY), (sized[1], Shift(stamp=NOW, weight=weight)))
    assert ledger_of(world).services["web"].slots["green"].replicas == pods


def test_mirrored_requests_are_load_too() -> None:
    """A candidate with no weight that half of all requests are sent to needs half of the pods."""
    mirrored = {**CANARY, "traffic": {"kind": "gateway", "mirror": 50}, "replicas": 4}
    world = after(*((intended({"web": {**mirrored, "version": version}}), APPLY) for version in ("v1", "v2")))
    assert ledger_of(world).services["web"].slots["green"].replicas == 2


def test_promoting_keeps_the_old_slot_until_its_time_is_up() -> None:
    """At full size; then cleanup empties it, and remembers what it was."""
    world = after(*PROMOTED)
    assert lives(world) == ["v2", "v2"]
    with pytest.raises(Refusal, match=r"api keeps v1 until 2026-01-01T02:00.*\[kept\]"):
        world.update(C2, Cleanup(stamp=NOW))
    world.update(C2, Cleanup(stamp=LATER))
    ledger = ledger_of(world)
    assert ledger.release is not None
    assert ledger.release.phase == "settled"
    for record in ledger.services.values():
        assert (record.slots["blue"].version, record.slots["blue"].replicas) == ("v1", 0)


def test_cleanup_takes_what_is_due_and_leaves_the_rest() -> None:
    """Each service has its own time."""
    intents = [intended({"api": {"version": v, "keep": "1h"}, "web": {"version": v, "keep": "30d"}}) for v in ("v1", "v2")]
    world = after(*((intent, APPLY) for intent in intents))
    plan = world.update(intents[1], Cleanup(stamp=LATER))
    running = {name: record.slots["blue"].running for name, record in plan.ledger.services.items()}
    assert running == {"api": False, "web": True}
    assert plan.ledger.release is not None
    assert plan.ledger.release.phase == "promoted"
    assert "web keeps v1 until" in plan.notes[0]


def test_sizes_alone_are_no_release() -> None:
    """The live slot grows or shrinks; nothing is staged."""
    world = after(*INSTALLED)
    plan = world.update(intended({"api": {"replicas": 4}, "web": {"depends_on": ["api"]}}), APPLY)
    assert plan.ledger.releases == 1
    assert plan.ledger.services["api"].slots["blue"].replicas == 4
    assert not plan.ledger.services["api"].slots["green"].running


def test_a_live_slot_grows_but_does_not_shrink_while_its_release_is_under_way() -> None:
    """All traffic may have to come back."""
    world = after(*SHIFTED)
    small = intended({"api": {**CANARY, "version": "v2", "replicas": 1}, "web": {**CANARY, "version": "v2", "depends_on": ["api"]}})
    plan = world.plan(small, APPLY)
    assert plan.ledger.services["api"].slots["blue"].replicas == 2
    assert "api keeps its 2 pods" in plan.notes[0]
    with pytest.raises(Refusal, match="live-keeps-size"):
        world.plan(C2, Scale(stamp=NOW, service="api", replicas=1))
    grown = world.plan(C2, Scale(stamp=NOW, service="api", replicas=8)).ledger.services["api"]
    assert (grown.slots["blue"].replicas, grown.slots["green"].replicas) == (8, 2)


def test_scaling_by_hand_holds_until_it_is_taken_back() -> None:
    """Also through a release."""
    world = after(*INSTALLED, (V1, Scale(stamp=NOW, service="api", replicas=7)))
    assert world.plan(V1, APPLY).ledger == world.ledger
    world.update(V2, APPLY)
    assert ledger_of(world).services["api"].slots["green"].replicas == 7
    world.update(V2, Scale(stamp=NOW, service="api", replicas=None))
    assert ledger_of(world).services["api"].slots["green"].replicas == 2


def test_pausing_stops_everything_but_going_back() -> None:
    """Twice is once."""
    world = after(*SHIFTED, (C2, Pause(stamp=NOW, reason="lunch")))
    assert world.plan(C2, Pause(stamp=LATER, reason="tea")).ledger == world.ledger
    for event in (Shift(stamp=NOW, weight=50), Promote(stamp=NOW)):
        with pytest.raises(Refusal, match=r"paused \(lunch\).*\[paused\]"):
            world.plan(C2, event)
    assert world.plan(C2, Abort(stamp=NOW, reason=BAD)).ledger.under_way is None
    world.update(C2, Resume(stamp=NOW))
    assert world.plan(C2, Resume(stamp=NOW)).ledger == world.ledger
    world.update(C2, Shift(stamp=NOW, weight=50))


def test_rollback_restores_version_configuration_and_secrets_as_they_were() -> None:
    """They are one spec; and what was taken back isn't brought again by a plain update."""
    secret = {"keys": {"required": ["token"], "values": {"token": "one"}}}
    other = {"keys": {"required": ["token"], "values": {"token": "two"}}}
    old = intended({"web": {"secrets": ["keys"], "config": {"/etc/app": "one"}}}, secrets=secret)
    new = intended({"web": {"secrets": ["keys"], "config": {"/etc/app": "two"}, "version": "v2"}}, secrets=other)
    world = after((old, APPLY))
    first = world.stored["web"]["blue"]
    world.update(new, APPLY)
    plan = world.update(new, Rollback(stamp=NOW, reason=BAD))
    record = plan.ledger.services["web"]
    assert world.stored["web"][record.live] == first
    assert record.rejected == world.stored["web"][record.candidate].hash
    again = world.plan(new, APPLY)
    assert again.ledger == plan.ledger
    assert "taken back before" in again.notes[0]


@pytest.mark.parametrize("what", ["config", "secret"])
def test_configuration_and_secrets_alone_are_a_release(what: str) -> None:
    """They go back like a version."""
    intents = [
        intended(
            {"web": {"secrets": ["keys"], "config": {"/etc/app": "two" if (what, n) == ("config", 1) else "one"}}},
            secrets={"keys": {"required": ["token"], "values": {"token": "two" if (what, n) == ("secret", 1) else "one"}}},
        )
        for n in range(2)
    ]
    world = after(*((intent, APPLY) for intent in intents))
    assert ledger_of(world).services["web"].live == "green"
    world.update(intents[0], APPLY)
    assert ledger_of(world).services["web"].live == "blue"


def test_rollback_goes_in_reverse_order() -> None:
    """Up after those it depends on, back before them."""
    world = after(*INSTALLED)
    assert world.update(V2, APPLY).order == ("api", "web")
    assert world.update(V2, Rollback(stamp=NOW, reason=BAD)).order == ("web", "api")


def test_an_emptied_slot_can_be_gone_back_to() -> None:
    """It is started again, checked again, and at full size before its traffic comes."""
    world = after(*RELEASED, (V2, Cleanup(stamp=LATER)))
    plan = world.update(V2, Rollback(stamp=LATER, reason=BAD))
    assert lives(world) == ["v1", "v1"]
    for record in plan.ledger.services.values():
        assert plan.ledger.release is not None
        assert record.slots["blue"].replicas == 2
        assert record.slots["blue"].release == plan.ledger.release.id


def test_going_back_to_a_running_slot_restarts_nothing() -> None:
    """Its pods stay what they are: only the proof is new. By rollback, and by the older intent."""
    for event, intent in ((Rollback(stamp=NOW, reason=BAD), V2), (APPLY, V1)):
        world = after(*RELEASED)
        before = ledger_of(world).services["api"].slots["blue"]
        now = world.update(intent, event).ledger.services["api"].slots["blue"]
        assert (now.release, now.spec, now.replicas) == (before.release, before.spec, before.replicas)
        assert now.proven != before.proven


def test_rollback_to_a_version() -> None:
    """That a slot still has; and nothing happens if it is live."""
    world = after(*RELEASED)
    assert world.plan(V2, Rollback(stamp=NOW, reason=BAD, to={"api": "v2"})).ledger == world.ledger
    world.update(V2, Rollback(stamp=NOW, reason=BAD, to={"api": "v1"}))
    assert lives(world) == ["v1", "v2"]
    world.update(V2, Rollback(stamp=NOW, reason="it was the other", to={"api": "v2"}))
    assert lives(world) == ["v2", "v2"]


def test_the_older_intent_during_a_release_is_abort() -> None:
    """The live slots have all traffic; and the same new version may come again, for it was wanted away, not bad."""
    world = after(*SHIFTED)
    plan = world.update(C1, APPLY)
    assert plan.ledger.release is not None
    assert (plan.ledger.release.phase, plan.ledger.release.weight) == ("aborted", 0)
    assert [record.weight for record in plan.ledger.services.values()] == [0, 0]
    assert world.plan(C2, APPLY).ledger.under_way is not None


def test_stage_brings_what_was_taken_back() -> None:
    """Asked for by hand, it is tried again."""
    world = after(*SHIFTED, (C2, Abort(stamp=NOW, reason=BAD)))
    assert world.plan(C2, APPLY).ledger == world.ledger
    plan = world.update(C2, Stage(stamp=NOW))
    assert plan.ledger.under_way is not None
    assert [record.rejected for record in plan.ledger.services.values()] == [None, None]


def test_what_was_taken_back_together_tries_again_together() -> None:
    """A repaired version of one brings the other with it; an unrelated service brings neither."""
    intent = intended({"api": {"version": "v2"}, "web": {"version": "v2"}, "cache": {}})
    world = after((intended({"api": {}, "web": {}, "cache": {}}), APPLY), (intent, APPLY), (intent, Rollback(stamp=NOW, reason=BAD)))
    unrelated = intended({"api": {"version": "v2"}, "web": {"version": "v2"}, "cache": {"version": "v2"}})
    assert world.plan(unrelated, APPLY).order == ("cache",)
    repaired = intended({"api": {"version": "v3"}, "web": {"version": "v2"}, "cache": {}})
    assert world.plan(repaired, APPLY).order == ("api", "web")


def test_services_come_and_go() -> None:
    """A new one is installed into blue, also beside a release; one that goes leaves the ledger."""
    more = intended({"api": {**CANARY, "version": "v2"}, "web": {**CANARY, "version": "v2", "depends_on": ["api"]}, "cache": {}})
    world = after(*SHIFTED)
    plan = world.update(more, APPLY)
    assert plan.order == ("cache",)
    assert plan.ledger.under_way == ledger_of(after(*SHIFTED)).under_way
    assert plan.ledger.services["cache"].slots["blue"].running
    plan = world.update(C2, APPLY)
    assert "cache" not in plan.ledger.services
    with pytest.raises(Refusal, match="api can't be removed or renamed while release"):
        world.plan(intended({"web": {**CANARY, "version": "v2"}}), APPLY)


def test_a_renamed_service_takes_its_record_along() -> None:
    """It is the same under another name; what was changed at once is refused."""
    world = after(*RELEASED)
    plan = world.update(intended({"backend": {"image": "api", "version": "v2", "renamed_from": "api"}, "web": {"version": "v2"}}), APPLY)
    assert list(plan.ledger.services) == ["web", "backend"]
    record = plan.ledger.services["backend"]
    assert (record.live, live(record), record.slots[record.candidate].running) == ("green", "v2", False)
    changed = intended({"frontend": {"image": "web", "version": "v3", "renamed_from": "web"}})
    with pytest.raises(Refusal, match="renamed-and-changed"):
        world.plan(changed, APPLY)


def test_autoscaled_candidates_start_as_big_as_what_they_replace() -> None:
    """As the driver has seen it, or at the most that there may be."""
    intents = [intended({"web": {**SCALED, "version": version}}) for version in ("v1", "v2")]
    world = World(demand={"web": 7})
    world.update(intents[0], APPLY)
    for observed, pods in ((world.observed(), 7), ({}, 10)):
        plan = world.plan(intents[1], Apply(stamp=NOW, observed=observed))
        assert plan.ledger.services["web"].slots["green"].replicas == pods


def test_a_slot_in_trouble_does_not_shrink_to_what_is_left_of_it() -> None:
    """Of eight pods three are ready: what replaces them has eight."""
    intents = [intended({"web": {**SCALED, "version": version}}) for version in ("v1", "v2")]
    ledger = next_ledger(None, intents[0], APPLY).ledger
    observed = {"web": Observed(live=Seen(ready=3, wanted=8))}
    assert next_ledger(ledger, intents[1], Apply(stamp=NOW, observed=observed)).ledger.services["web"].slots["green"].replicas == 8


def supersede(how: str, api: str) -> Intent:
    """The shop, and what happens when one version gets in the way of another."""
    return shop(api, api, canary=True, releases={"supersede": how})


def test_superseding_goes_back_first() -> None:
    """Then, in an update of its own, the newer version is staged."""
    world = after(*SHIFTED)
    newer = supersede("go-back", "v3")
    first = world.update(newer, APPLY)
    assert first.ledger.under_way is None
    assert "run the update again" in first.notes[-1]
    second = world.update(newer, APPLY)
    assert second.ledger.under_way is not None
    assert second.ledger.services["api"].slots["green"].version == "v3"


CONTRACT = [{"version": f"v{n}", "migrations": {"revision": f"r{n}", "contract": n == 3}} for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(("to", "allowed"), [(0, False), (1, False), (3, True)])
def test_nothing_goes_back_past_a_contract_migration(to: int, *, allowed: bool) -> None:
    """Not to what was live right before, nor to anything earlier."""
    intents = [intended({"web": said}) for said in CONTRACT]
    world = after(*((intent, APPLY) for intent in intents[:3]))
    with pytest.raises(Refusal, match=r"contract-migration"):
        world.plan(intents[2], Rollback(stamp=NOW, reason=BAD))
    if allowed:
        world.update(intents[to], APPLY)
        world.update(intents[to], Rollback(stamp=NOW, reason=BAD))
        assert lives(world) == ["v3"]
    else:
        with pytest.raises(Refusal, match=r"needs schema revision r\d.*\[contract-migration\]"):
            world.plan(intents[to], APPLY)


def test_a_contract_under_way_can_be_aborted() -> None:
    """It takes away what others need only once it is live."""
    staged = [intended({"web": said}) for said in CONTRACT[1:3]]
    world = after((staged[0], APPLY), (staged[1], Stage(stamp=NOW)), (staged[1], Abort(stamp=NOW, reason=BAD)))
    assert lives(world) == ["v2"]
    assert ledger_of(world).services["web"].passed == ()


@pytest.mark.parametrize(
    ("steps", "event", "note"),
    [
        (PROMOTED, Promote(stamp=NOW), "is promoted already"),
        (FULL, Shift(stamp=NOW, weight=100), "100% is on the candidates already"),
        ([*FULL, (C2, Abort(stamp=NOW, reason=BAD))], Abort(stamp=NOW, reason=BAD), "has been aborted already"),
        ([*PROMOTED, (C2, Baked(stamp=NOW))], Baked(stamp=NOW), "long enough already"),
        ([*PROMOTED, (C2, Baked(stamp=NOW)), (C2, Cleanup(stamp=LATER))], Baked(stamp=LATER), "long enough already"),
        ([*SHIFTED, (C2, FREEZE)], FREEZE, "frozen already"),
        (SHIFTED, Thaw(stamp=NOW, reason=BAD), "not frozen"),
    ],
    ids=["promote", "shift", "abort", "baked", "settled", "freeze", "thaw"],
)
def test_what_has_succeeded_may_be_asked_for_again(steps: Steps, event: Event, note: str) -> None:
    """A pipeline that tries again finds nothing to do, and is no failure."""
    world = after(*steps)
    plan = world.plan(C2, event)
    assert plan.ledger == world.ledger
    assert note in " ".join(plan.notes)


REFUSED: list[tuple[str, Sequence[tuple[Intent, Event]], Intent, Event]] = [
    ("no-ledger", [], V1, Promote(stamp=NOW)),
    ("no-ledger", [], V1, Freeze(stamp=NOW, reason=BAD)),
    ("moved-on", [], V1, Apply(stamp=NOW, expects="r1-abcdef.0.settled")),
    ("moved-on", INSTALLED, V1, Apply(stamp=NOW, expects="none")),
    ("moved-on", SHIFTED, C2, Promote(stamp=NOW, expects="r2-abcdef.0.staged")),
    ("frozen", [*INSTALLED, (V1, FREEZE)], V2, APPLY),
    ("frozen", [*INSTALLED, (V1, FREEZE)], V2, Stage(stamp=NOW)),
    ("frozen", [*INSTALLED, (V1, FREEZE)], MORE, APPLY),
    ("no-release", INSTALLED, V1, Baked(stamp=NOW)),
    ("no-release", FULL, C2, Baked(stamp=NOW)),
    ("no-release", INSTALLED, V1, Shift(stamp=NOW, weight=5)),
    ("no-release", INSTALLED, V1, Promote(stamp=NOW)),
    ("no-release", PROMOTED, shop("v3", "v2", canary=True), Promote(stamp=NOW)),
    ("no-release", [*RELEASED, (V2, Rollback(stamp=NOW, reason=BAD))], V1, Promote(stamp=NOW)),
    ("no-release", INSTALLED, V1, Pause(stamp=NOW, reason=BAD)),
    ("no-release", INSTALLED, V1, Abort(stamp=NOW, reason=BAD)),
    ("release-under-way", SHIFTED, shop("v3", "v2", canary=True), APPLY),
    ("release-under-way", SHIFTED, shop("v1", "v2", canary=True), APPLY),
    ("release-under-way", SHIFTED, C2, Cleanup(stamp=LATER)),
    ("release-under-way", SHIFTED, C2, Rollback(stamp=NOW, reason=BAD, to={"api": "v1"})),
    ("already-promoted", PROMOTED, C2, Abort(stamp=NOW, reason=BAD)),
    ("no-weights", [*INSTALLED, (V2, Stage(stamp=NOW))], V2, Shift(stamp=NOW, weight=50)),
    ("weight-falls", FULL, C2, Shift(stamp=NOW, weight=50)),
    ("weight-below-100", SHIFTED, C2, Promote(stamp=NOW)),
    ("not-ready", STAGED, C2, Shift(stamp=NOW, weight=50, observed={"api": Observed(live=Seen(ready=2))})),
    ("not-ready", FULL, C2, Promote(stamp=NOW, observed={"web": Observed(candidate=Seen(ready=1))})),
    ("kept", RELEASED, V2, Cleanup(stamp=NOW)),
    ("nothing-to-go-back-to", INSTALLED, V1, Rollback(stamp=NOW, reason=BAD)),
    ("nothing-to-go-back-to", [*RELEASED, (V2, Rollback(stamp=NOW, reason=BAD))], V2, Rollback(stamp=NOW, reason=BAD)),
    ("nothing-to-go-back-to", [*SHIFTED, (C1, APPLY)], C1, Rollback(stamp=NOW, reason=BAD)),
    ("nothing-to-go-back-to", RELEASED, V2, Rollback(stamp=NOW, reason=BAD, to={"api": "v0"})),
    ("unknown-service", RELEASED, V2, Rollback(stamp=NOW, reason=BAD, to={"mail": "v1"})),
    ("unknown-service", RELEASED, V2, Scale(stamp=NOW, service="mail", replicas=1)),
]


@pytest.mark.parametrize(("rule", "steps", "intent", "event"), REFUSED, ids=[f"{row[0]}-{row[3].kind}" for row in REFUSED])
def test_what_would_break_a_rule_is_refused_by_its_name(
    rule: str,
    steps: Sequence[tuple[Intent, Event]],
    intent: Intent,
    event: Event,
) -> None:
    """And its text says what to do."""
    world = after(*steps)
    with pytest.raises(Refusal) as refused:
        world.plan(intent, event)
    assert refused.value.rule == rule
    assert len(str(refused.value)) > 40
