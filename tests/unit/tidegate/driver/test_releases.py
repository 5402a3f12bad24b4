"""What the library's verbs say: plans, statuses, histories, waits; on the simulated world, where no time passes."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.making import told
from tests.simulation.pods import Manner
from tests.simulation.ports import Cluster, Process
from tests.simulation.rules import Rules
from tests.simulation.story import Story
from tests.simulation.timeline import Timeline
from tests.simulation.world import Outage, World
from tidegate import Releases
from tidegate.driver import returning
from tidegate.driver.finding import as_guarded_now
from tidegate.driver.results import Asked
from tidegate.gates.overriding import Override
from tidegate.model.approval import Proof
from tidegate.model.comparing import Values
from tidegate.model.errors import ConfigurationError, DriftError, ExitCode, GateRefusedError, TimedOutError
from tidegate.planner.planning import next_ledger
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger
    from tidegate.planner.planning import Next
    from tidegate.planner.standing import Standing


def world(shape: str = "one", story: Story | None = None) -> World:
    """A stack where nothing has happened yet."""
    known = story or Story()
    found = World(Timeline(20_000.0), told(shape, (), known.before), dict(known.manners))
    found.installed()
    return found


def driven(found: World, actor: str = "ann") -> Releases:
    """Its releases."""
    return Releases(Process(found, f"driver-{actor}").ports, actor)


def at(found: World, seconds: float, act: Callable[[], object]) -> None:
    """Do something later."""

    def go() -> None:
        act()

    found.timeline.after(seconds, go)


def test_a_plan_has_every_step_with_its_gates_and_times() -> None:
    """And changes nothing."""
    found = world("three")
    before = found.ledger
    plan = driven(found).plan({"api": "v2", "web": "v2"})
    assert plan.begins
    assert plan.brings == {"api": "v2", "web": "v2"}
    assert [(box.step, box.weight, box.lasts) for box in plan.boxes] == [
        ("preflight", 0, 0.0),
        ("stage", 0, 0.0),
        ("shift", 10, 60.0),
        ("shift", 25, 40.0),
        ("shift", 50, 20.0),
        ("shift", 100, 40.0),
        ("promote", 100, 0.0),
        ("bake", 100, 60.0),
        ("keep", 100, 600.0),
    ]
    assert [box.text for box in plan.boxes if box.step in {"stage", "promote"}] == [
        "api v2, web v2 come up with no traffic",
        "api v2, web v2 are live",
    ]
    assert plan.lasts == 220.0
    assert plan.code == 0
    assert {gate.gate for gate in plan.gates} >= {"configuration", "planner", "policy", "freeze", "drift", "quota", "health", "approval"}
    assert found.ledger is before
    json.dumps(asdict(plan))


def test_a_plan_of_one_service_speaks_of_one() -> None:
    """It comes up, it is live."""
    texts = {box.step: box.text for box in driven(world()).plan({"web": "v2"}).boxes}
    assert (texts["stage"], texts["promote"]) == ("web v2 comes up with no traffic", "web v2 is live")


def test_a_plan_of_nothing_new_says_so() -> None:
    """There are no steps."""
    plan = driven(world()).plan({})
    assert (plan.begins, plan.boxes, plan.code) == (False, (), 0)


def test_all_shut_gates_are_named_at_once_and_nothing_is_changed() -> None:
    """A freeze and a live slot that isn't well, in one error."""
    found = world()
    driven(found).freeze("the fair is on")
    found.slots["web", "blue"].down("health")
    plan = driven(found).plan({"web": "v2"})
    assert plan.code == ExitCode.GATE_REFUSED
    with pytest.raises(GateRefusedError, match=r"(?s)the fair is on.*live: web v1") as refusal:
        driven(found).release({"web": "v2"})
    assert "nothing was changed" in str(refusal.value)
    assert found.file.intent.services["web"].version == "v1"


def test_a_freeze_may_be_passed_by_and_that_is_kept() -> None:
    """Only the gate that is named, with a reason, by whoever said so."""
    found = world()
    driven(found).thaw("for the record")
    found.slots["web", "blue"].down("health")
    with pytest.raises(GateRefusedError, match="health"):
        driven(found).release({"web": "v2"}, override=Override("fire", "#8", ("freeze",)))
    assert driven(found).release({"web": "v2"}, override=Override("fire", "#8", ("health",))).code == ExitCode.ROLLED_BACK
    staged = next(past.event for past in found.history if past.event is not None and past.event.kind == "stage")
    passed = [held for held in staged.gates if held.overridden]
    assert [held.gate for held in passed] == ["health"]
    assert "ann passes it by (incident #8): fire" in passed[0].text


def test_a_status_says_where_everything_is() -> None:
    """What the ledger says, what is seen, what comes next; JSON as it is."""
    found = world()
    seen = []
    at(found, 30.0, lambda: seen.append(driven(found, "bob").status()))
    driven(found).release({"web": "v2"}, reason="new")
    (status,) = seen
    assert (status.phase, status.weight, status.by, status.kind) == ("shifting", 10, "ann", "release")
    (web,) = status.services
    assert [(slot.version, slot.weight, slot.observed, slot.ready) for slot in web.slots] == [("v1", 90, 90, 2), ("v2", 10, 10, 1)]
    assert status.next == "50% of the traffic"
    assert [step.kind for step in status.steps] == ["stage", "shift"]
    json.dumps(asdict(status))


def test_a_status_without_the_cluster_says_what_is_known() -> None:
    """The ledger is."""
    found = world()
    found.outages["cluster"] = [Outage(0.0, 100.0)]
    status = driven(found).status()
    assert status.services[0].slots[0].ready is None
    assert any("cluster doesn't answer" in note for note in status.notes)


def test_history_is_of_a_release_or_all_of_it() -> None:
    """Who, why, what held."""
    found = world()
    ended = driven(found).release({"web": "v2"}, reason="new")
    rows = driven(found).history()
    assert [row.event for row in rows] == ["baked", "promote", "shift", "shift", "shift", "stage", "apply"]
    ours = driven(found).history(ended.release)
    assert {row.by for row in ours} == {"ann"}
    assert all(row.reason for row in ours)
    assert any(gate.gate == "analysis" for row in ours for gate in row.gates)


def test_waiting_ends_with_the_release_or_its_phase_or_the_time() -> None:
    """And says by its code how."""
    found = world()
    said = []
    at(found, 1.5, lambda: None)
    driven(found).release({"web": "v2"}, reason="new")
    assert driven(found).wait().code == 0
    assert driven(found).wait("promoted").code == 0
    with pytest.raises(TimedOutError, match="time is up"):
        driven(found).wait("aborted", 3.0)
    failing = world(story=Story(manners={("web", "v2"): Manner(metrics="bad")}))
    driven(failing).release({"web": "v2"}, reason="new")
    said.append(driven(failing).wait())
    assert said[0].code == ExitCode.ROLLED_BACK


def test_watching_tells_what_anybody_does() -> None:
    """Seen in the stack alone."""
    found = world()
    driven(found).release({"web": "v2"}, reason="new")
    happenings = list(driven(found, "bob").watch())
    assert [one.kind for one in happenings] == ["started"]
    assert happenings[0].release == found.ledger.release.id if found.ledger and found.ledger.release else False


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda r: r.abort(""), ConfigurationError, "takes a reason"),
        (lambda r: r.pause("x"), Refusal, "no-release"),
        (lambda r: r.abort("x"), Refusal, "no-release"),
        (lambda r: r.switch("x"), Refusal, "no-release"),
        (lambda r: r.promote(), Refusal, "no-release"),
        (lambda r: r.rollback("x"), Refusal, "nothing-to-go-back-to"),
        (lambda r: r.rollback("x", to={"api": "v1"}), Refusal, "unknown-service"),
        (lambda r: r.rollback("x", to={"web": "v0"}), ConfigurationError, "never brought up"),
        (lambda r: r.rollback("x", release="r9-abcdef"), ConfigurationError, "no update of release"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(act: Callable[[Releases], object], error: type[Exception], text: str) -> None:
    """Before anything is touched."""
    found = world()
    with pytest.raises(error, match=text):
        act(driven(found))
    assert len(found.history) == 1


def test_going_back_to_a_release_or_a_version_of_the_past() -> None:
    """What no slot has any more is released anew from the stack's history."""
    found = world("straight")
    for version in ("v2", "v3"):
        assert driven(found).release({"store": version}, reason="new").code == 0
    ended = driven(found).rollback("as it was", to={"store": "v1"})
    assert (ended.code, ended.phase) == (0, "promoted")
    assert found.ledger is not None
    record = found.ledger.services["store"]
    assert record.slots[record.live].version == "v1"
    first = next(row.release for row in reversed(driven(found).history()) if row.versions == {"store": "v2"})
    assert driven(found).rollback("again", release=first).code == 0
    record = found.ledger.services["store"]
    assert record.slots[record.live].version == "v2"


@pytest.mark.parametrize("far", [{"to": {"store": "v1"}}, {"release": "1"}], ids=["to-a-version", "to-an-update"])
def test_the_way_far_back_is_none_past_the_gates_of_today(far: dict[str, Any]) -> None:
    """Nobody was asked when that was live; now somebody is."""
    found = world("straight")
    driven(found).release({"store": "v2"}, reason="new")
    found.file = told("straight", (), ("promote",))
    driven(found).release({"store": "v3"}, reason="new", wait=False)
    driven(found).abort("enough")
    ended = driven(found).rollback("further back", **far)
    assert ended.code == ExitCode.ROLLED_BACK
    assert "promote waits for 2 more" in ended.text
    assert found.ledger is not None
    record = found.ledger.services["store"]
    assert record.slots[record.live].version == "v2"


def test_what_was_live_must_go_with_the_gates_of_today() -> None:
    """Where the two don't go together, it is said, and nothing is released."""
    then = told("one", ())
    now = replace(then, values=Values({**then.values.texts, "tidegate:gates": '{"approvals": 1}'}))
    with pytest.raises(ConfigurationError, match=r"doesn.t go with the gates and policies of today:\n.*gates\.approvals"):
        as_guarded_now(then, now)


def test_what_going_back_would_change_is_shown() -> None:
    """Of the configuration that runs, setting by setting."""
    found = world("straight")
    for version in ("v2", "v3"):
        driven(found).release({"store": version}, reason="new")
    for found_again in (driven(found).difference(to={"store": "v1"}), driven(found).difference(release="1")):
        assert [(one.path, one.before, one.after) for one in found_again.differences] == [("tidegate:services.store.version", "v3", "v1")]
    assert [one.after for one in driven(found).difference().differences] == ["v2"]
    with pytest.raises(ConfigurationError, match="never brought up"):
        driven(found).difference(to={"store": "v0"})


def test_a_single_service_goes_back_after_the_promotion() -> None:
    """The others stay."""
    found = world("three")
    driven(found).release({"api": "v2", "store": "v2"}, reason="new")
    assert driven(found).rollback("only this", services=("store",)).code == 0
    assert found.ledger is not None
    live = {name: record.slots[record.live].version for name, record in found.ledger.services.items()}
    assert live == {"api": "v2", "store": "v1", "web": "v1"}


def test_an_emergency_takes_the_candidates_pods_away() -> None:
    """Scope candidate: back, and no pods any more; recorded."""
    found = world()
    at(found, 30.0, partial(driven(found, "bob").abort, "it eats the node", "candidate"))
    assert driven(found).release({"web": "v2"}, reason="new").code == ExitCode.ROLLED_BACK
    assert found.slots["web", "green"].asked == 0
    assert found.emptied == ["web"]
    assert found.ledger is not None
    assert not found.ledger.services["web"].slots["green"].running


def test_force_says_what_it_skips() -> None:
    """Kept with the step; users go back though nobody is ready there."""
    found = world()

    def act() -> None:
        found.slots["web", "blue"].down("health")
        driven(found, "bob").abort("now", force=True)

    at(found, 30.0, act)
    found.rules.led = lambda *_: None  # type: ignore[method-assign]
    driven(found).release({"web": "v2"}, reason="new")
    assert found.ledger is not None
    assert found.ledger.release is not None
    held = found.ledger.release.taken[-1].gates
    assert any(one.overridden and "bob forces it" in one.text for one in held)


class Signs:
    """Somebody who can prove who they are."""

    def prove(self, statement: str) -> Proof:
        return Proof(kind="ssh", text=f"signed: {statement}")

    def who(self, proof: Proof) -> str:
        del proof
        return "ssh:SHA256:ada"


def test_a_yes_is_signed_and_kept_in_the_ledger() -> None:
    """For exactly what comes, at the step that is named."""
    found = world(story=replace(Story(), before=("promote",)))
    at(found, 30.0, lambda: driven(found, "ada").approve("promote", "looks good", Signs()))
    driven(found).release({"web": "v2"}, reason="new")
    decided = [past.event for past in found.history if past.event is not None and past.event.kind == "decide"]
    (event,) = decided
    said = json.loads(event.approval.statement)
    assert (said["before"], said["decision"], said["services"]) == ("promote", "approve", {"web": "v2"})
    assert said["stack"] == "organization/test/test"
    assert event.approval.by == "ssh:SHA256:ada"
    assert event.reason == "looks good"


def test_what_the_file_does_not_have_yet_is_approved_by_name() -> None:
    """An approver's checkout is often older than what is to be released; and what is under way is what it is."""
    found = world(story=replace(Story(), before=("stage",)))
    driven(found, "ada").approve("stage", "", Signs(), versions={"web": "v2"})
    event = found.history[-1].event
    assert event is not None
    assert event.kind == "decide"
    assert json.loads(event.approval.statement)["services"] == {"web": "v2"}
    assert driven(found).status().approvals == (Asked("stage", "no-data", '"ssh:SHA256:ada" says approve to web v2'),)
    under_way = world(story=replace(Story(), before=("promote",)))
    driven(under_way).release({"web": "v2"}, reason="new", wait=False)
    with pytest.raises(Refusal, match="what is under way is web v2"):
        driven(under_way, "ada").approve("promote", "", Signs(), versions={"web": "v3"})


def test_a_status_says_who_is_asked_and_who_has_said_what() -> None:
    """Of the steps to come."""
    found = world(story=replace(Story(), before=("promote",)))
    driven(found).release({"web": "v2"}, reason="new", wait=False)
    assert driven(found).status().approvals == (Asked("promote", "no-data", "promote waits for 2 more"),)


def test_without_waiting_it_ends_where_a_person_is_needed() -> None:
    """Code 21, and the release stays where it is."""
    found = world(story=replace(Story(), before=("promote",)))
    ended = driven(found).release({"web": "v2"}, reason="new", wait=False)
    assert ended.code == ExitCode.WAITING_FOR_APPROVAL
    assert (ended.phase, found.ledger.under_way.weight if found.ledger and found.ledger.under_way else 0) == ("shifting", 100)


def test_the_doctor_says_what_is_not_well() -> None:
    """One finding a matter."""
    found = world()
    assert {one.what: one.well for one in driven(found).doctor()} == dict.fromkeys(
        ("configuration", "state", "history", "cluster", "traffic", "drift", "metrics"), True
    )
    found.outages["cluster"] = [Outage(0.0, 100.0)]
    wrong = {one.what for one in driven(found).doctor() if not one.well}
    assert wrong == {"cluster", "traffic"}


def test_where_there_is_no_way_back_somebody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the planner refuses isn't begun with the routes; users stay, and an incident says why."""
    found = world("straight", Story(manners={("store", "v2"): Manner(metrics="gone")}))

    def refuses(ledger: Ledger, intent: Intent, event: Event, standing: Standing) -> Next:
        if event.kind == "rollback":
            raise Refusal("contract-migration", "the schema has moved on")
        return next_ledger(ledger, intent, event, standing)

    monkeypatch.setattr(returning, "next_ledger", refuses)
    ended = driven(found).release({"store": "v2"}, reason="new")
    assert ended.code == ExitCode.ERROR
    assert "can't be taken back: the schema has moved on" in ended.text
    assert len(found.incidents) == 1
    assert found.routes["store"].selected == "green"


@pytest.mark.parametrize(
    ("service", "outages", "code", "ways"),
    [
        ("web", {}, ExitCode.ROLLED_BACK, "`tidegate abort --force --reason TEXT` takes the routes anyway"),
        ("web", {"lock": [Outage(20.0, 4000.0)]}, ExitCode.ERROR, "`tidegate abort --force --reason TEXT` takes the routes anyway"),
        ("store", {}, ExitCode.ROLLED_BACK, "undo what they have changed"),
    ],
)
def test_somebody_is_called_at_once_while_others_have_the_routes(
    service: str, outages: dict[str, list[Outage]], code: ExitCode, ways: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, before the update that may be able to all the same; and with what takes the routes from them."""
    shape = "one" if service == "web" else "straight"
    found = world(shape, Story(manners={(service, "v2"): Manner(metrics="bad")}))
    found.outages.update(outages)
    led: list[int] = []

    def taken(*_: object, **__: object) -> None:
        led.append(len(found.incidents))
        raise DriftError(f"HTTPRoute {service} was changed by kim")

    monkeypatch.setattr(Cluster, "lead", taken)
    # That routes go first is what can't be here.
    monkeypatch.setattr(Rules, "_led_first", lambda *_: None)
    ended = driven(found).release({service: "v2"}, reason="new")
    assert (ended.code, len(found.incidents)) == (code, 1), ended
    assert led[0] == 0
    assert set(led[1:]) <= {1}
    assert f"HTTPRoute {service} was changed by kim. It goes on being tried; {ways}" in found.incidents[0]
    assert ("the incident because of its routes can be closed" in ended.text) == (code == ExitCode.ROLLED_BACK)
