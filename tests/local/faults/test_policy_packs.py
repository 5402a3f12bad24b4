"""Policy packs that fail, and what a violation leaves untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.local.faults.rig import Rig

STACK: Final = "[StackValidationPolicy('p', 'd', {0}, EnforcementLevel.MANDATORY)]"
RESOURCE: Final = "[ResourceValidationPolicy('p', 'd', {0}, EnforcementLevel.MANDATORY)]"
CRASH: Final = "lambda args, report: 1 / 0"
DIE: Final = "lambda args, report: __import__('os')._exit(5)"
OBJECT: Final = "lambda args, report: report('no')"
AT_END: Final = "--no-plan-policies"
UNTOUCHED: Final = "nothing was changed"


@pytest.mark.parametrize(
    ("policies", "before", "flags", "texts", "made"),
    [
        ("[]", "raise ValueError('boom')", (), ["failed to start: it ended with exit code 1", "ValueError: boom"], False),
        (RESOURCE.format(CRASH), "", (), ["failed to run policy: ", "division by zero", UNTOUCHED], False),
        (RESOURCE.format(DIE), "", (), ["has ended in the middle of its work: it exited with code 5", UNTOUCHED], False),
        (STACK.format(CRASH), "", (), ["division by zero", UNTOUCHED], False),
        (STACK.format(CRASH), "", (AT_END,), ["division by zero"], True),
        (STACK.format(OBJECT), "", (), ["[mandatory]", "mandatory policies are violated by what is planned", UNTOUCHED], False),
        (STACK.format(OBJECT), "", (AT_END,), ["[mandatory]", "error: update failed"], True),
        (RESOURCE.format(OBJECT), "", (), ["[mandatory]", UNTOUCHED], False),
    ],
)
def test_a_pack(rig: Rig, policies: str, before: str, flags: tuple[str, ...], texts: list[str], made: bool) -> None:
    """What fails, or objects, is told; before the first change by default, at the end if asked for, as the CLI does it."""
    rig.gated('Thing("a")')
    rig.open("all")
    ended = rig.up("--policy-pack", str(rig.policy_pack(policies, before)), *flags)
    ended.checked(1)
    for text in texts:
        assert text in ended.out + ended.err, ended
    assert rig.reached("create-a").exists() == made
    assert set(rig.resources()) == ({"a"} if made else set())
    assert rig.locks == []


def test_a_failure_of_the_plan_is_told_by_the_update(rig: Rig) -> None:
    """Where the plan fails for a reason that is no policy's, the update runs and says why it fails."""
    rig.gated('Thing("a")\nraise ValueError("boom")')
    rig.open("all")
    pack = rig.policy_pack(STACK.format("lambda args, report: None"))
    failed = rig.up("--policy-pack", str(pack)).checked(1)
    assert "ValueError: boom" in failed.out
