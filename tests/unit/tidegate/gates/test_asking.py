"""What people are asked is what the planner brings, through a whole release and those after it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.gates.world import NOW, gates, key_of, ssh_signed
from tests.unit.tidegate.planner.world import CANARY, World, intended, stamp
from tidegate.gates.asking import People, subject
from tidegate.gates.filed import add
from tidegate.model.approval import Approval, Proof
from tidegate.model.comparing import Values
from tidegate.model.events import Abort, Apply, Decide, Promote, Rollback, Shift, Stage
from tidegate.model.told import Told

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tidegate.model.approval import Before
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Held

GATES = gates(
    approvals={"begin": {"approvers": ["managers"], "before": ["stage"]}, "release": {"approvers": ["managers"], "count": 2}},
    approvals_file="approvals.jsonl",
).model_dump(mode="json")


def intent(version: str, **web: Any) -> Intent:
    """Two services, of which one has this version."""
    return intended({"web": {**CANARY, "version": version, **web}, "api": {"version": "v1"}}, gates=GATES)


class Desk:
    """Where people are asked, and say what they think."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.world.update(intent("v1"), Apply(stamp=stamp()))
        self.people = People("shop/production", folder, "eve")
        self.hour = 0

    def next(self, what: Intent, event: Any, **more: Any) -> None:
        """An update."""
        self.hour += 1
        self.world.update(what, event(stamp=stamp(self.hour, "eve"), **more))

    def signed(self, name: str, what: Intent, before: Before, at: datetime = NOW) -> Approval:
        """Somebody's yes to what is asked just now."""
        text = subject(told(what), self.world.ledger, "eve").statement("shop/production", before, "approve", "fine", at)
        return Approval(decision="approve", by=name, statement=text, proof=Proof(kind="ssh", text=ssh_signed(key_of(name), text)))

    def say(self, approval: Approval) -> None:
        """It is put into the ledger."""
        self.world.update(intent("v1"), Decide(stamp=stamp(self.hour, approval.by), approval=approval))

    def ask(self, what: Intent, before: Before) -> Held:
        """How it stands."""
        assert self.world.ledger is not None
        return self.people.standing(told(what), self.world.ledger, before, NOW, NOW + timedelta(minutes=1))


def told(what: Intent) -> Told:
    """A configuration."""
    return Told(Values({}), what, "a test")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A stack that has v1."""
    return Desk(tmp_path)


def test_a_release_is_asked_for_before_it_begins_and_when_it_is_under_way(desk: Desk) -> None:
    """What was signed for the beginning is for what the planner then brings; the end takes two more."""
    plan = subject(told(intent("v2")), desk.world.ledger, "eve")
    assert (plan.services, plan.began_by) == ({"web": "v2"}, "eve")
    assert desk.ask(intent("v2"), "stage").verdict == "no-data"
    desk.say(desk.signed("ada", intent("v2"), "stage"))
    assert desk.ask(intent("v2"), "stage").verdict == "pass"
    # Another setting of the same version is something else, and so is another version.
    assert desk.ask(intent("v2", env={"A": "b"}), "stage").verdict == "no-data"
    assert desk.ask(intent("v3"), "stage").verdict == "no-data"
    desk.next(intent("v2"), Stage)
    release = desk.world.ledger.release if desk.world.ledger else None
    assert release is not None
    assert release.brings == plan.brings
    under_way = subject(told(intent("v9")), desk.world.ledger, "ben")
    assert (under_way.brings, under_way.services, under_way.began_by) == (plan.brings, {"web": "v2"}, "eve")
    assert under_way.release.startswith(release.id)
    desk.say(desk.signed("ada", intent("v2"), "promote"))
    assert desk.ask(intent("v2"), "promote").verdict == "no-data"
    # The other's word is in the repository's file.
    add(intent("v2").gates, desk.people.folder, desk.signed("ben", intent("v2"), "promote"))
    held = desk.ask(intent("v2"), "promote")
    assert (held.verdict, held.text) == ("pass", "promote is approved by ada, ben")


def test_what_was_said_of_a_release_is_not_said_of_the_next_that_brings_the_same(desk: Desk) -> None:
    """Taken back, and begun again with the same versions: everybody is asked again, whoever puts their old word back."""
    desk.say(first := desk.signed("ada", intent("v2"), "stage"))
    desk.next(intent("v2"), Stage)
    said = [desk.signed(name, intent("v2"), "promote") for name in ("ada", "ben")]
    for one in said:
        desk.say(one)
    assert desk.ask(intent("v2"), "promote").verdict == "pass"
    desk.next(intent("v2"), Abort, reason="slow")
    desk.say(first)
    held = desk.ask(intent("v2"), "stage")
    assert held.verdict == "no-data"
    assert '"ada": that is for another release' in held.text
    desk.next(intent("v2"), Stage)
    for one in said:
        desk.say(one)
    held = desk.ask(intent("v2"), "promote")
    assert held.verdict == "no-data"
    assert held.text.count("that is for another release") == 2


def test_nor_after_it_was_promoted_and_taken_back(desk: Desk) -> None:
    """The same versions once more are another release."""
    desk.say(first := desk.signed("ada", intent("v2"), "stage"))
    desk.next(intent("v2"), Stage)
    for weight in (25, 50, 100):
        desk.next(intent("v2"), Shift, weight=weight)
    desk.next(intent("v2"), Promote)
    # What is promoted is live: nothing of it is left to be asked for.
    assert subject(told(intent("v2")), desk.world.ledger, "eve").services == {}
    desk.next(intent("v2"), Rollback, reason="slow")
    desk.say(first)
    assert desk.ask(intent("v2"), "stage").verdict == "no-data"


def test_where_nobody_is_asked_the_gate_is_open(desk: Desk) -> None:
    """Before a step without any requirement."""
    held = desk.ask(intent("v2"), "shift")
    assert (held.gate, held.verdict) == ("approval", "pass")
