"""What each trouble comes to, exactly: whatever users of other release tools complain of, and whatever can happen to a driver."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.pods import Manner
from tests.simulation.ports import Death, Process
from tests.simulation.story import Story, play
from tests.simulation.world import Outage
from tidegate.driver.releases import Releases
from tidegate.gates.overriding import Override
from tidegate.model.errors import GateRefusedError
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.story import Outcome

V1, V2, V3 = {"web": "v1"}, {"web": "v2"}, {"web": "v3"}
THREE = {"api": "v2", "store": "v2", "web": "v2"}
OLD = dict.fromkeys(THREE, "v1")
STRAIGHT = Story(shape="straight", versions={"store": "v2"})
TOGETHER = Story(shape="three", versions=THREE)


def web(**manner: Any) -> dict[tuple[str, str], Manner]:
    """How the new version behaves."""
    return {("web", "v2"): Manner(**manner)}


def out(what: str, since: float, lasts: float) -> dict[str, list[Outage]]:
    """Something is away for a while."""
    return {what: [Outage(since, since + lasts)]}


@dataclass(frozen=True)
class Case:
    """A story, and what comes of it."""

    story: Story
    code: int
    """Of the driver that began it."""
    live: dict[str, str]
    """In the end."""
    text: str = ""
    """In what the driver said in the end."""
    phase: str | None = None
    """Of the last release, in the end."""
    incidents: int = 0
    taken: tuple[str, ...] | None = field(default=None)
    """The kinds of all updates that succeeded."""


CASES: dict[str, Case] = {
    # Nothing goes wrong.
    "a canary": Case(Story(), 0, V2, "is done", "promoted", taken=("stage", "shift", "shift", "shift", "promote", "baked")),
    "a flip": Case(STRAIGHT, 0, {"store": "v2"}, taken=("stage", "promote", "baked")),
    "three services together": Case(TOGETHER, 0, THREE, taken=("stage", "shift", "shift", "shift", "shift", "promote", "baked")),
    "nothing new": Case(Story(versions={"web": "v1"}), 0, V1, "nothing else to release", taken=()),
    # Verdicts.
    "bad metrics": Case(Story(manners=web(metrics="bad")), 22, V1, "analysis: web", "aborted"),
    "bad metrics at half of the traffic": Case(Story(manners=web(metrics="bad", bad_from=50)), 22, V1, "2 failed looks"),
    "bad metrics once it is live": Case(replace(STRAIGHT, manners={("store", "v2"): Manner(metrics="gone")}), 22, {"store": "v1"}),
    "a bad look now and then is borne": Case(Story(manners=web(metrics="blip")), 0, V2),
    "no data is never a pass": Case(Story(manners=web(metrics="absent")), 22, V1, "not enough was seen"),
    "little data takes longer": Case(Story(manners=web(metrics="sparse")), 0, V2),
    "metrics away for 30 s": Case(Story(outages=out("metrics", 40, 30)), 0, V2),
    "metrics away for good": Case(Story(outages=out("metrics", 40, 300)), 22, V1, "nobody can say how it is"),
    # Pods.
    "pods crash with users on them": Case(Story(manners=web(dies_at=10)), 22, V1, "health: web"),
    "pods crash while an update hangs that has moved users": Case(
        Story(manners=web(dies_at=50, dies_after=2.0), slow={3: 120.0}), 22, V1, "while an update was under way", "aborted"
    ),
    "pods are down for a moment while an update hangs": Case(
        Story(manners=web(dies_at=50, dies_after=2.0, recovers=20.0), slow={3: 120.0}), 22, V1, "while an update was under way", "aborted"
    ),
    "pods run out of memory": Case(Story(manners=web(dies_at=50, dies_of="resources")), 22, V1, "resources: web"),
    "a missing key": Case(Story(manners=web(dies_at=1, dies_of="configuration")), 22, V1, "configuration: web"),
    "a pod that flaps": Case(replace(STRAIGHT, manners={("store", "v2"): Manner(flaps=6)}), 22, {"store": "v1"}, "not well for"),
    "a pod that flaps once": Case(replace(STRAIGHT, manners={("store", "v2"): Manner(flaps=1)}), 0, {"store": "v2"}),
    "slow pods": Case(Story(manners=web(ready_after=40.0)), 0, V2),
    "pods that never get ready": Case(Story(manners=web(ready_after=None)), 4, V1, "didn't get ready", "settled"),
    "an end-to-end check fails": Case(
        Story(shape="checked", manners=web(check="it answers 500")), 22, V1, "check: the end-to-end check of web failed: it answers 500"
    ),
    "one of three fails, all go back": Case(replace(TOGETHER, manners={("api", "v2"): Manner(metrics="bad", bad_from=25)}), 22, OLD),
    "what is live dies, there is no way back until it is up": Case(
        Story(manners=web(metrics="bad", bad_from=50), people=[(90.0, "live dies")]), 1, V1, "no ready pod", "aborted", incidents=1
    ),
    "what is live dies for a moment": Case(
        Story(manners=web(metrics="bad", bad_from=50), people=[(100.0, "live blinks")]), 22, V1, phase="aborted"
    ),
    # People in between.
    "somebody aborts": Case(Story(people=[(80.0, "abort")]), 22, V1, "taken back by somebody: somebody says so"),
    "somebody puts the older file back": Case(Story(people=[(80.0, "older")]), 22, V1, "taken back by somebody"),
    "somebody runs an update of the same file": Case(Story(people=[(80.0, "same")]), 0, V2),
    "somebody runs an update of something else": Case(Story(people=[(80.0, "other")]), 0, V2),
    "somebody edits the file": Case(Story(people=[(80.0, "edit")]), 0, V2),
    "somebody pauses it, and lets it go on": Case(Story(people=[(80.0, "pause")]), 0, V2),
    "somebody pauses it, and it fails": Case(
        Story(manners=web(metrics="bad", bad_from=50), people=[(70.0, "pause")]), 22, V1, "failed looks"
    ),
    "somebody pauses it, and goes home": Case(Story(people=[(80.0, "halt")]), 22, V1, "deadline"),
    "somebody runs the same file after it was taken back": Case(
        Story(manners=web(metrics="bad"), people=[(300.0, "same")]), 22, V1, phase="aborted"
    ),
    "releases are frozen while it is under way": Case(Story(people=[(80.0, "freeze")]), 0, V2),
    # Approvals.
    "approved in time": Case(Story(before=("promote",), people=[(150.0, "approve ada"), (170.0, "approve bob")]), 0, V2),
    "approved by one of two": Case(Story(before=("promote",), people=[(150.0, "approve ada")]), 22, V1, "waits for 1 more"),
    "rejected": Case(Story(before=("promote",), people=[(150.0, "approve ada"), (160.0, "reject bob")]), 22, V1, "said no"),
    "approved before it begins": Case(Story(before=("stage",), people=[(20.0, "approve ada"), (30.0, "approve bob")]), 0, V2),
    "not approved before it begins": Case(Story(before=("stage",)), 20, V1, "waits for 2 more", "settled", taken=()),
    # Updates, locks, and what doesn't answer.
    "an update fails once": Case(Story(failures={2: 4}), 0, V2),
    "an update fails again and again": Case(Story(failures={3: 4, 4: 2}), 22, V1, "update: shift failed"),
    "the update that takes it back fails once": Case(Story(manners=web(metrics="bad"), failures={3: 3}), 22, V1),
    "the lock is held for a minute": Case(Story(outages=out("lock", 60, 60)), 0, V2),
    "the lock is never free": Case(Story(outages=out("lock", 60, 400)), 1, V2, "locked"),
    "the backend is gone for a minute": Case(Story(outages=out("backend", 60, 60)), 0, V2),
    "the API server answers 500 for 30 s": Case(Story(outages=out("cluster", 60, 30)), 0, V2),
    "the cluster is gone": Case(Story(outages=out("cluster", 60, 200)), 1, V1, "the API server answers 500", "aborted", incidents=1),
    "the lock can't be had to take it back: the routes are back at once": Case(
        Story(manners=web(metrics="bad"), outages=out("lock", 20, 400)), 1, V1, "the routes were led back", "aborted", incidents=1
    ),
    # Drivers.
    "two drivers": Case(Story(second=0.5), 0, V2),
    "two drivers, one is killed": Case(Story(second=20.0, deaths=[Death(60)]), 0, V2),
    "two drivers of what fails": Case(Story(second=20.0, manners=web(metrics="bad", bad_from=50)), 22, V1),
    "killed, and nobody comes for 15 minutes": Case(Story(deaths=[Death(60)], away=900.0), 0, V2),
    "killed in an update, and the lock stays": Case(Story(deaths=[Death(33, within=2, lock=60.0)], away=5.0), 0, V2),
    "killed again and again": Case(Story(deaths=[Death(n) for n in (20, 30, 40, 20, 30, 40)], away=3.0), 0, V2),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_trouble_comes_to_what_it_should(case: Case) -> None:
    """Exit code, what is live, what was said."""
    outcome = play(case.story)
    first = outcome.ended[0]
    said = "\n".join(outcome.world.journal)
    assert first.code == case.code, said
    assert outcome.live == case.live, said
    assert case.text in first.text, said
    assert case.phase in {None, outcome.phase}, said
    assert len(outcome.world.incidents) == case.incidents, said
    if case.taken is not None:
        assert taken(outcome) == case.taken, said


def taken(outcome: Outcome) -> tuple[str, ...]:
    """The kinds of updates that succeeded, but for the first one and tidying up."""
    known = [past.event.kind for past in outcome.world.history if past.event is not None and past.result == "succeeded"]
    return tuple(kind for kind in known if kind != "cleanup")


def test_every_step_says_who_why_and_what_held() -> None:
    """The stack's history is the audit log."""
    outcome = play(Story(before=("promote",), people=[(150.0, "approve ada"), (170.0, "approve bob")]))
    events = [past.event for past in outcome.world.history if past.event is not None]
    assert {event.stamp.by for event in events} <= {"driver-1", "job"}
    assert all(event.reason for event in events)
    gates = {event.kind: {held.gate for held in event.gates} for event in events}
    assert gates["stage"] >= {"configuration", "planner", "freeze", "policy", "drift", "quota", "health", "approval"}
    assert gates["shift"] >= {"health"}
    assert gates["promote"] >= {"approval", "analysis", "health"}


def test_a_mandatory_policy_ends_it_before_anything_is_changed() -> None:
    """All violations are named, and the exit code is that of policies."""
    outcome = play(replace(Story(), people=[], policies=("no-latest", "limits")))
    assert outcome.code == 5
    assert "no-latest" in outcome.ended[0].text
    assert "limits" in outcome.ended[0].text
    assert taken(outcome) == ()


def by_hand(story: Story, at: float, act: Callable[[Releases], object]) -> Outcome:
    """A story in which a person uses the library at a moment."""
    return play(replace(story, hands=[(at, act)]))


def test_a_release_is_switched_to_without_soaking_and_that_is_kept() -> None:
    """Weights are skipped, gates aren't; who did it and why is in the ledger."""
    outcome = by_hand(Story(), 30.0, lambda releases: releases.switch("the old version is on fire"))
    assert outcome.live == V2
    events = [past.event for past in outcome.world.history if past.event is not None]
    skipped = [event for event in events if any(held.gate == "soak" and held.overridden for held in event.gates)]
    assert [event.kind for event in skipped] == ["shift", "promote"]
    assert all("the old version is on fire" in event.reason for event in skipped)


def test_what_was_promoted_is_not_aborted_but_rolled_back() -> None:
    """An abort after the promotion says so, and changes nothing."""
    said: list[str] = []

    def act(releases: Releases) -> None:
        with pytest.raises(Refusal) as refusal:
            releases.abort("too late")
        said.append(refusal.value.rule)
        assert releases.rollback("it is bad").code == 0

    outcome = by_hand(STRAIGHT, 30.0, act)
    assert said == ["already-promoted"]
    assert outcome.live == {"store": "v1"}
    assert outcome.code == 22


def test_a_newer_version_takes_the_place_of_what_is_under_way() -> None:
    """With supersede: first back, then the new one."""
    outcome = by_hand(Story(supersede="go-back"), 80.0, lambda releases: releases.release({"web": "v3"}, reason="newer"))
    assert outcome.live == V3
    assert outcome.code == 22


def test_a_newer_version_is_refused_by_default() -> None:
    """The release under way stays as it is."""

    def act(releases: Releases) -> None:
        with pytest.raises(Refusal, match="release-under-way"):
            releases.release({"web": "v3"}, reason="newer")

    outcome = by_hand(Story(), 80.0, act)
    assert outcome.live == V2
    assert outcome.code == 0


def test_what_was_rolled_back_is_not_brought_again_unasked() -> None:
    """The file still has it: a release that doesn't name it is refused, and says which; one that names it brings it."""
    said: list[str] = []

    def act(releases: Releases) -> None:
        with pytest.raises(GateRefusedError) as refused:
            releases.release(reason="something else")
        said.append(str(refused.value))
        assert [one.gate for one in releases.plan().gates if one.verdict != "pass"] == ["taken-back"]

    outcome = by_hand(Story(manners=web(metrics="bad")), 150.0, act)
    assert "web v2, which was taken back before: to bring it again, name it (web=v2); to leave it, name what is live (web=v1)" in said[0]
    assert outcome.live == V1
    again = by_hand(
        Story(manners=web(metrics="blip"), people=[(80.0, "abort")]), 120.0, lambda releases: releases.release(V2, reason="anew")
    )
    assert again.live == V2


def test_a_plain_update_does_not_take_the_way_back_of_what_is_watched() -> None:
    """A driver that was killed may have led users there, and only the cluster knows."""
    story = replace(STRAIGHT, manners={("store", "v2"): Manner(metrics="gone")}, people=[(float(at), "other") for at in range(20, 90, 5)])
    outcome = play(replace(story, away=30.0, deaths=[Death(call, after=True) for call in range(30, 60, 2)]))
    assert any("being-watched" in line for line in outcome.world.journal)


BAD_WEB = frozenset({("web", "v2")})


def test_bad_reports_of_scanners_keep_a_release_from_beginning() -> None:
    """Nothing is changed, not even the file; reports of other versions are no matter."""
    outcome = play(Story(scanned=BAD_WEB))
    assert (outcome.code, outcome.live, outcome.world.updates) == (20, V1, 0)
    assert "scans: images: web v2" in str(outcome.errors[0])
    assert outcome.world.file.intent.services["web"].version == "v1"
    assert play(Story(scanned=frozenset({("web", "v3")}))).live == V2


def test_bad_reports_of_scanners_can_be_passed_by() -> None:
    """With a reason, which is kept with the step."""
    outcome = play(Story(versions=V1))
    outcome.world.scanned = BAD_WEB
    releases = Releases(Process(outcome.world, "driver-x.0").ports, "ann")
    assert [one.gate for one in releases.plan(V2).gates if one.verdict != "pass"] == ["scans"]
    ended = releases.release(V2, override=Override("users can't pay", skips=("scans",)))
    assert (ended.code, outcome.live) == (0, V2)
    ledger = outcome.world.ledger
    assert ledger is not None
    assert ledger.release is not None
    kept = [one for one in ledger.release.taken[0].gates if one.gate == "scans"]
    assert [(one.overridden, one.text) for one in kept] == [(True, "images: web v2. ann passes it by: users can't pay")]


def test_another_update_is_waited_for_and_named() -> None:
    """What it changes is no drift."""
    outcome = play(Story())
    world = outcome.world
    releases = Releases(Process(world, "driver-x.0").ports, "somebody")
    world.holder = "ann@laptop"
    gates = releases.plan(V3).gates
    assert [(one.gate, one.verdict) for one in gates] == [("update", "fail")]
    assert "ann@laptop" in gates[0].text
    world.timeline.after(30.0, lambda: setattr(world, "holder", None))
    assert releases.release(V3, reason="next").phase == "promoted"


def test_metrics_that_do_not_answer_are_said_before_anything_is_changed() -> None:
    """Once, at preflight."""
    outcome = play(Story(outages=out("metrics", 0, 20)))
    assert (outcome.code, outcome.live, taken(outcome)) == (20, V1, ())
    assert "web can't be judged: Prometheus doesn't answer" in outcome.ended[0].text


def test_a_forced_rollback_says_what_it_skips() -> None:
    """On the way, in its end, and in the history."""
    outcome = play(STRAIGHT)
    world = outcome.world
    ended = Releases(Process(world, "driver-x.0").ports, "somebody").rollback("no time", force=True)
    assert "nobody sees to it that what users go back to has ready pods" in ended.text
    event = world.history[-1].event
    assert event is not None
    assert [(held.gate, held.overridden) for held in event.gates] == [("person", False), ("health", True)]


def test_a_person_s_word_takes_one_reading_of_the_history() -> None:
    """It is as long as the stack is old."""
    outcome = by_hand(Story(), 80.0, lambda releases: releases.pause("looking"))
    process = Process(outcome.world, "driver-x.0")
    count = 0
    ports = process.ports
    past = ports.stack.past

    def counted() -> Any:
        nonlocal count
        count += 1
        return past()

    ports.stack.past = counted  # type: ignore[method-assign]
    Releases(ports, "somebody").freeze("the fair")
    assert count == 1


def test_old_slots_are_emptied_when_their_time_is_up() -> None:
    """`resume`, run by a job, does it; not before."""
    outcome = play(Story())
    world = outcome.world
    assert world.slots["web", "blue"].asked == 2
    world.timeline.sleep(700.0)
    ended = Releases(Process(world, "driver-job.9").ports, "job").resume()
    assert ended.phase == "settled"
    assert world.slots["web", "blue"].asked == 0
