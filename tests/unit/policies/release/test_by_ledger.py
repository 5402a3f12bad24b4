"""What the ledger and the planned objects say together: proofs, steps, sizes, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import Doubt, Given, judge, stack_of
from policies.judging.fields import UNKNOWN
from policies.release.contract_migrations import contract_migrations
from policies.release.live_slot_size import live_slot_size
from policies.release.proven_slots import proven_slots
from policies.release.rollback_target import rollback_target
from policies.release.weight_steps import Steps, weight_steps
from tests.unit.policies.release.stacks import autoscaler, ledger, occupant, pods, route, service

if TYPE_CHECKING:
    from policies.judging import Subject

WEB, BOTH = service("web", app="web", slot="blue"), (pods("blue", 3), pods("green", 1))


@pytest.mark.parametrize(
    ("subjects", "told", "good"),
    [
        ([WEB, route(blue=75, green=25), *BOTH], ledger(), True),
        ([WEB, route(blue=75, green=25), *BOTH], None, True),
        ([WEB, route(blue=75, green=25), pods("blue", 3), pods("green", 1, proof=None)], None, False),
        ([WEB, route(blue=100, green=0), pods("blue", 3), pods("green", 1, proof=None)], None, True),
        ([WEB, pods("blue", 3, proof=None)], None, False),
        ([WEB, route(blue=75, green=25), pods("blue", 3), pods("green", 1, proof="r0.1")], ledger(), False),
        ([WEB, route(blue=75, green=25), *BOTH], ledger(green=occupant("v2", 0)), False),
        # A ledger of something else, and a Service that leads elsewhere.
        ([WEB, *BOTH], {"pages": 3}, True),
        ([service("elsewhere", app="web", slot="green"), pods("green", 1, proof=None)], None, True),
    ],
)
def test_users_are_led_to_proven_slots(subjects: list[Subject], told: Any, good: bool) -> None:
    """By the Deployment's proof, which is the ledger's."""
    found = judge(proven_slots, stack_of(*subjects, outputs={} if told is None else {"ledger": told}))
    assert (not found) is good, found


STEPS = (("stage", 0), ("shift", 25))


@pytest.mark.parametrize(
    ("told", "most", "good"),
    [
        (ledger(steps=STEPS), 50, True),
        (ledger(steps=STEPS), 25, True),
        (ledger(steps=STEPS), 24, False),
        (ledger(steps=(("stage", 0), ("shift", 100))), 50, False),
        (ledger(steps=(("stage", 0), ("shift", 100))), 100, True),
        (ledger(steps=(("stage", 0), ("shift", 100)), overridden=True), 50, True),
        # What was, was judged when it was.
        (ledger(steps=(("stage", 0), ("shift", 90), ("shift", 95))), 50, True),
        (ledger(phase="aborted", steps=(("stage", 0), ("shift", 100))), 50, True),
        (ledger(phase="promoted", steps=(("stage", 0), ("promote", 100))), 50, True),
        (ledger(), 50, True),
    ],
)
def test_traffic_moves_by_steps(told: dict[str, Any], most: int, good: bool) -> None:
    """The last one is no longer than is allowed, unless somebody has passed a gate by for it."""
    found = judge(weight_steps, stack_of(outputs={"ledger": told}), Given(Steps(most=most)))
    assert (not found) is good
    assert [one.at.path for one in found] == ([] if good else ["ledger.release.taken[1].weight"])


@pytest.mark.parametrize(
    ("subjects", "told", "good"),
    [
        ([pods("blue", 3)], ledger(), True),
        ([pods("blue", 4)], ledger(), True),
        ([pods("blue", 2)], ledger(), False),
        ([pods("blue", None)], ledger(), False),
        ([pods("blue", 2)], ledger(phase="promoted"), True),
        ([pods("blue", 2)], ledger(phase="settled"), True),
        ([pods("blue", 2)], ledger(scale=2), True),
        ([pods("blue", None), autoscaler(3, 9)], ledger(), True),
        ([pods("blue", None), autoscaler(2, 9)], ledger(), False),
        ([pods("blue", None), autoscaler(None, 9)], ledger(), False),
        ([pods("blue", None), autoscaler(2, 9, hold=True)], ledger(), True),
        ([pods("blue", None), autoscaler(3, 9, target="web-green")], ledger(), False),
        ([], ledger(), True),
    ],
)
def test_the_live_slot_keeps_its_size(subjects: list[Subject], told: dict[str, Any], good: bool) -> None:
    """By the number, or by an autoscaler that may not go below it."""
    assert (not judge(live_slot_size, stack_of(*subjects, outputs={"ledger": told}))) is good


@pytest.mark.parametrize(
    ("subjects", "told", "good"),
    [
        (BOTH, ledger(phase="promoted"), True),
        ([pods("blue", 3), pods("green", None)], ledger(phase="promoted"), True),
        ([pods("blue", 3), pods("green", 0)], ledger(phase="promoted"), False),
        ([pods("blue", 3)], ledger(phase="promoted"), False),
        ([pods("blue", 3), pods("green", 0)], ledger(phase="promoted", green=occupant("v0", 0)), True),
        ([pods("blue", 3), pods("green", 0)], ledger(phase="settled"), True),
        ([pods("blue", 3), pods("green", 0)], ledger(phase="promoted", kind="install"), True),
    ],
)
def test_the_way_back_is_kept(subjects: list[Subject], told: dict[str, Any], good: bool) -> None:
    """Until the release is settled."""
    assert (not judge(rollback_target, stack_of(*subjects, outputs={"ledger": told}))) is good


NEW = occupant("v2", 1, contract=True, migration="0002")


@pytest.mark.parametrize(
    ("told", "good"),
    [
        (ledger(), True),
        (ledger(green=NEW), False),
        (ledger(phase="staged", green=NEW), False),
        (ledger(phase="promoted", green=NEW), True),
        (ledger(green={**NEW, "replicas": 0}), True),
        (ledger(green=NEW, blue=occupant(migration="0002")), True),
        (ledger(green=NEW, known=["0001", "0002"]), True),
        (ledger(green={**NEW, "contract": False}), True),
    ],
)
def test_no_schema_is_taken_from_under_a_live_version(told: dict[str, Any], good: bool) -> None:
    """A candidate that contracts the schema must not share it."""
    found = judge(contract_migrations, stack_of(outputs={"ledger": told}))
    assert [one.at.path for one in found] == ([] if good else ["ledger.services.web.slots.green.contract"])


@pytest.mark.parametrize("policy", [weight_steps, live_slot_size, rollback_target, contract_migrations])
def test_a_ledger_that_is_not_known_yet_is_in_doubt(policy: Any) -> None:
    """It is checked on up."""
    assert [type(one) for one in judge(policy, stack_of(*BOTH, outputs={"ledger": UNKNOWN}))] == [Doubt]
    assert judge(policy, stack_of(*BOTH)) == []
