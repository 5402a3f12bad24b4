"""Which error shut gates come to: a script tells by the exit code what kept a release from beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegate.driver.preflight import Found, refuse
from tidegate.model.errors import GateRefusedError, PolicyError, WaitingForApprovalError
from tidegate.model.ledger import Held
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.model.errors import TidegateError

PASS = Held(gate="health", verdict="pass", text="what is live is well")
POLICY = Held(gate="policy", verdict="fail", text="pack: no-latest: urn: an image has no tag")
APPROVAL = Held(gate="approval", verdict="no-data", text="ada is missing")
REJECTED = Held(gate="approval", verdict="fail", text="ada: no")
FREEZE = Held(gate="freeze", verdict="fail", text="it is Friday")
PLANNER = Held(gate="planner", verdict="fail", text="it is under way [release-under-way]")
PASSED_BY = FREEZE.model_copy(update={"overridden": True})


@pytest.mark.parametrize(
    ("gates", "error"),
    [
        ((PASS, POLICY), PolicyError),
        ((PASS, APPROVAL), WaitingForApprovalError),
        ((PASS, REJECTED), GateRefusedError),
        ((PASS, FREEZE), GateRefusedError),
        ((POLICY, FREEZE), GateRefusedError),
        ((APPROVAL, FREEZE), GateRefusedError),
        ((PLANNER,), Refusal),
    ],
)
def test_shut_gates_are_an_error_that_names_them_all(gates: tuple[Held, ...], error: type[TidegateError]) -> None:
    """The most telling class that fits all of them."""
    refusal = Refusal("release-under-way", "it is under way") if PLANNER in gates else None
    with pytest.raises(error) as raised:
        refuse(Found(gates, None, None, refusal))
    assert type(raised.value) is error
    assert all(one.text in str(raised.value) for one in gates if one.verdict != "pass")


def test_what_is_passed_by_keeps_nothing_from_beginning() -> None:
    """It is in the gates all the same."""
    found = Found((PASS, PASSED_BY), None, None)
    refuse(found)
    assert found.shut == ()
