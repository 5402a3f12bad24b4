"""Gates that are passed by: by whom and why is kept, and some can't be."""

from __future__ import annotations

import pytest

from tests.unit.tidegate.gates.world import ask, gates, say
from tidegate.gates.overriding import SKIPPABLE, Override, passed_by
from tidegate.model.errors import ConfigurationError
from tidegate.model.ledger import Held

FREEZE = Held(gate="freeze", verdict="fail", text="freeze weekend until Monday: nobody is there")
DRIFT = Held(gate="drift", verdict="fail", text="web's Service was changed")
WELL = Held(gate="health", verdict="pass", text="what is live is well")
WAITING = ask([]).held[0]
REFUSED = ask([say("ada", "reject")]).held[0]
OVERRIDE = Override("users can't pay", "INC-7", ("freeze", "approval"))


def test_what_is_passed_by_says_by_whom_and_why() -> None:
    """It still failed; a gate that nobody passes by is as it was."""
    freeze, drift, well = passed_by((FREEZE, DRIFT, WELL), OVERRIDE, "ada", gates())
    assert (freeze.overridden, freeze.verdict) == (True, "fail")
    assert freeze.text == f"{FREEZE.text}. ada passes it by (incident INC-7): users can't pay"
    assert (drift, well) == (DRIFT, WELL)
    assert passed_by((FREEZE,), None, "ada", gates()) == (FREEZE,)
    assert passed_by((FREEZE,), Override("now"), "ada", gates())[0].text.endswith(". ada passes it by: now")


def test_approvals_that_are_missing_can_be_passed_by() -> None:
    """Where the intent doesn't say whose signed word that takes."""
    (one,) = passed_by((WAITING,), OVERRIDE, "ada", gates())
    assert one.overridden
    (one,) = passed_by((WAITING,), OVERRIDE, "ada", gates(emergency=["dan"]))
    assert not one.overridden
    assert one.text.endswith("Only dan may pass it by, signed: `tidegate approve --incident ID --reason TEXT`")


def test_a_no_can_not_be_passed_by() -> None:
    """Neither one that somebody said, nor that nobody said yes in time."""
    for held in (REFUSED, ask([], waited=90).held[0]):
        (one,) = passed_by((held,), OVERRIDE, "ada", gates())
        assert not one.overridden
        assert "can't be passed by" in one.text


@pytest.mark.parametrize(
    ("reason", "incident", "skips", "said"),
    [
        (" ", "INC-7", ("freeze",), "takes a reason"),
        ("now", "", ("approval",), "takes an incident"),
        ("now", "INC-7", ("policy",), f"policy can't be passed by; {', '.join(SKIPPABLE)} can"),
        ("now", "INC-7", ("freeze", "planner", "everything"), "planner, everything can't be passed by"),
    ],
)
def test_an_override_that_says_too_little_or_asks_too_much_is_none(reason: str, incident: str, skips: tuple[str, ...], said: str) -> None:
    """Before anything else is looked at."""
    with pytest.raises(ConfigurationError, match=said):
        Override(reason, incident, skips)
