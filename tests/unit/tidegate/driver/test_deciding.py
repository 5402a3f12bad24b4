"""What is done next: a pure function of what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.planner.world import CANARY, intended
from tidegate.driver.deciding import decide
from tidegate.driver.facts import Act, Ask, Back, Done, Facts, Measure, Sleep, Try
from tidegate.gates.overriding import Override
from tidegate.model.analysis import Look
from tidegate.model.comparing import Values
from tidegate.model.events import Abort, Apply, Pause, Promote, Shift, Stage
from tidegate.model.health import Health, Pods
from tidegate.model.ledger import Frozen, Held, Stamp
from tidegate.model.told import Told
from tidegate.planner.planning import next_ledger
from tidegate.planner.reading import Reading
from tidegate.planner.standing import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.driver.facts import Action
    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STEPS = [{"weight": 25, "soak": "1m"}, {"weight": 100, "soak": "30s"}]
WEB: dict[str, Any] = {**CANARY, "steps": STEPS, "analysis": {"interval": "30s"}, "replicas": 2}
FREEZE = {"freezes": {"monday": {"start": "0 8 * * 1", "duration": "4h", "reason": "the market opens", "stops": ["shift"]}}}
KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n-----END PGP PUBLIC KEY BLOCK-----"
ASKS = {
    "people": {"ada": {"identities": [{"kind": "gpg", "fingerprint": "A" * 40, "key": KEY}]}},
    "approvals": {"lead": {"approvers": ["ada"], "before": ["shift"], "four_eyes": False}},
}
OUT_OF_MEMORY = (("resources", "web-1 is out of memory"),)


def stamp(seconds: float = 0) -> Stamp:
    """So long after the start."""
    return Stamp(at=(START + timedelta(seconds=seconds)).isoformat(), by="ci")


def facts(*events: Event, now: float = 0, more: Mapping[str, Any] | None = None, **web: Any) -> Facts:
    """What is known after these events, with all pods ready and users where they should be."""
    old = intended({"web": {**WEB, **web}}, **(more or {}))
    new = intended({"web": {**WEB, **web, "version": "v2"}}, **(more or {}))
    ledger = next_ledger(None, old, Apply(stamp=stamp())).ledger
    for event in (Stage(stamp=stamp()), *events):
        ledger = next_ledger(ledger, new, event).ledger
    record = ledger.services["web"]
    assert ledger.release is not None
    since = ledger.release.promoted if ledger.release.phase == "promoted" and ledger.release.promoted else ledger.release.changed
    return Facts(
        now=START + timedelta(seconds=now),
        reading=Reading(ledger),
        told=Told(Values({}), new, "Pulumi.test.yaml"),
        health={"web": Health({slot: Pods(occupant.replicas, occupant.replicas) for slot, occupant in record.slots.items()})},
        traffic={"web": Seen({slot: record.weight_of(slot) for slot in record.slots}, selected=record.live)},
        since=datetime.fromisoformat(since.at),
    )


def looked(found: Facts, *verdicts: str) -> Facts:
    """The same, after looks every 30 s."""
    looks = {found.since + timedelta(seconds=30 * k): Look("web", "", verdict, 0) for k, verdict in enumerate(verdicts, 1)}  # type: ignore[arg-type]
    return replace(found, looks={"web": looks})


def ill(found: Facts, slot: str, **pods: Any) -> Facts:
    """The same, with a slot that isn't well."""
    slots: dict[Any, Pods] = {**found.health["web"].slots}
    slots[slot] = Pods(**pods)
    return replace(found, health={"web": Health(slots)})


def frozen(found: Facts) -> Facts:
    """The same, while releases are frozen by a person's word."""
    ledger: Ledger | None = found.reading.ledger
    assert ledger is not None
    return replace(found, reading=Reading(ledger.model_copy(update={"frozen": Frozen(reason="no", stamp=stamp())})))


SHIFT, FULL, UP = Shift(stamp=stamp(), weight=25), Shift(stamp=stamp(100), weight=100), Promote(stamp=stamp(200))
WELL = facts(SHIFT, now=60)
BAKING = facts(SHIFT, FULL, UP, now=500)


@pytest.mark.parametrize(
    ("known", "kind", "text"),
    [
        (facts(), Act, "shift 25"),
        (frozen(facts()), Act, "shift 25"),
        (facts(checks={"end_to_end": {"paths": ["/"]}}), Try, "green"),
        (facts(more={"gates": FREEZE}), Sleep, "the market opens"),
        (replace(facts(more={"gates": FREEZE}), override=Override("fire", "", ("freeze",))), Act, "shift 25"),
        (facts(more={"gates": ASKS}), Ask, "shift"),
        (replace(facts(more={"gates": ASKS}), approvals={"shift": Held(gate="approval", verdict="no-data", text="ada")}), Sleep, "ada"),
        (replace(facts(more={"gates": ASKS}), approvals={"shift": Held(gate="approval", verdict="fail", text="ada: no")}), Back, "ada: no"),
        (replace(facts(more={"gates": ASKS}), approvals={"shift": Held(gate="approval", verdict="pass", text="ada")}), Act, "shift 25"),
        (facts(SHIFT, now=10), Sleep, "25% of the traffic is watched"),
        (WELL, Measure, "web"),
        (looked(WELL, "pass", "pass"), Act, "shift 100"),
        (looked(WELL, "pass", "no-data"), Sleep, "watched"),
        (looked(WELL, "fail", "fail"), Back, "analysis"),
        (ill(looked(WELL, "pass", "pass"), "green", ready=0, wanted=1), Back, "no pod is ready"),
        (
            ill(looked(WELL, "pass", "pass"), "green", ready=1, wanted=1, troubles=OUT_OF_MEMORY),
            Sleep,
            "memory",
        ),
        (
            replace(ill(WELL, "green", ready=1, wanted=1, troubles=OUT_OF_MEMORY), unwell=61.0),
            Back,
            "resources",
        ),
        (ill(looked(WELL, "pass", "pass"), "blue", ready=0, wanted=2), Sleep, "no way back"),
        (replace(looked(WELL, "pass", "pass"), traffic={"web": Seen({"blue": 100, "green": 100})}), Sleep, "isn't where"),
        (replace(looked(WELL, "pass", "pass"), traffic={"web": Seen({"blue": 100, "green": 0})}, astray=61.0), Back, "traffic"),
        (replace(looked(WELL, "pass", "pass"), attempts=2, failure="it broke"), Back, "it broke"),
        (replace(looked(WELL, "pass", "pass"), back="person: no"), Back, "person: no"),
        (replace(looked(WELL, "pass", "pass"), now=START + timedelta(hours=25)), Back, "deadline"),
        (looked(facts(SHIFT, Pause(stamp=stamp(10), reason="lunch"), now=20)), Sleep, "lunch"),
        (replace(facts(SHIFT, Pause(stamp=stamp(10), reason="lunch"), now=20), resuming="back"), Act, "resume"),
        (looked(facts(SHIFT, FULL, now=130), "pass"), Act, "promote"),
        (looked(BAKING, *["pass"] * 10), Act, "baked"),
        (looked(BAKING, *["pass"] * 8, "fail", "fail"), Back, "analysis"),
        (replace(BAKING, now=START + timedelta(days=9)), Done, "kept no longer"),
        (facts(SHIFT, Abort(stamp=stamp(5), reason="no")), Done, "aborted"),
        (replace(BAKING, traffic={"web": Seen({"blue": 100, "green": 0}, selected="blue")}, astray=61.0), Measure, "web"),
    ],
)
def test_what_comes_next(known: Facts, kind: type[Action], text: str) -> None:
    """The action, and why."""
    action = decide(known)
    assert type(action) is kind, action
    words = {
        Act: lambda one: f"{one.kind} {one.weight}",
        Sleep: lambda one: one.why,
        Back: lambda one: f"{one.trigger}: {one.reason}",
        Try: lambda one: one.slot,
        Ask: lambda one: one.before,
        Measure: lambda one: one.service,
        Done: lambda one: one.text,
    }
    said: Callable[[Any], str] = words[kind]
    assert text in said(action)


def test_a_step_says_what_held_before_it() -> None:
    """Each gate, for the audit log."""
    action = decide(looked(WELL, "pass", "pass"))
    assert isinstance(action, Act)
    assert {held.gate for held in action.gates} == {"analysis", "health"}
    assert action.reason == "well at 25% for 60 s"
