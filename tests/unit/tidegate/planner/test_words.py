"""What a plan will do, as people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.tidegate.planner.world import CANARY, World, approval, intended, stamp
from tidegate.model.events import Abort, Apply, Baked, Cleanup, Decide, Freeze, Pause, Promote, Resume, Rollback, Scale, Shift, Thaw
from tidegate.planner.words import rows, words

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent

NOW, LATER = stamp(1), stamp(100)
APPLY = Apply(stamp=NOW)
B1, B2 = (intended({"web": {"version": version}}) for version in ("v1", "v2"))
C1, C2 = (intended({"web": {**CANARY, "version": version}}) for version in ("v1", "v2"))
FLIPPED = "all traffic goes from blue to green: v2 is live; blue keeps v1 with 2 pods, to go back to"
UNFLIPPED = "all traffic goes from green to blue: v1 is live; green keeps v2 with 2 pods, to go back to"
TUNED = intended({"web": {"version": "v1", "config": {"/etc/app": "x"}}})


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        pytest.param([(B1, APPLY)], ["first installation of 1 services", "web: v1 is installed in blue with 2 pods"], id="install"),
        pytest.param([(B1, APPLY), (B1, APPLY)], ["nothing is released, and no traffic moves"], id="nothing"),
        pytest.param(
            [(B1, APPLY), (B2, APPLY)],
            [
                "release r2 of web begins",
                f"web: green comes up with v2 and 2 pods, and is proven ready; {FLIPPED}",
            ],
            id="blue-green",
        ),
        pytest.param(
            [(B1, APPLY), (TUNED, APPLY)],
            [
                "release r2 of web begins",
                f"web: green comes up with v1 (other configuration) and 2 pods, and is proven ready; {FLIPPED.replace('v2', 'v1')}",
            ],
            id="configuration",
        ),
        pytest.param(
            [(B1, APPLY), (B2, APPLY), (B2, Rollback(stamp=NOW, reason="bad"))],
            [
                "release b3 takes web back",
                f"web: blue is proven ready anew; {UNFLIPPED}; a plain update won't bring that again",
            ],
            id="rollback",
        ),
        pytest.param(
            [(B1, APPLY), (B2, APPLY), (B2, Cleanup(stamp=LATER))],
            ["release r2: settled", "web: blue (v1) is emptied: it can still be gone back to"],
            id="cleanup",
        ),
        pytest.param(
            [(B1, APPLY), (B1, Scale(stamp=NOW, service="web", replicas=4))],
            ["web: blue goes from 2 to 4 pods and is proven ready anew"],
            id="scale",
        ),
        pytest.param(
            [(C1, APPLY), (C2, APPLY)],
            ["release r2 of web begins", "web: green comes up with v2 and 1 pod, and is proven ready"],
            id="stage",
        ),
        pytest.param(
            [(C1, APPLY), (C2, APPLY), (C2, Shift(stamp=NOW, weight=75))],
            [
                "release r2: shifting, 75% of the traffic on the candidates",
                "web: green goes from 1 to 2 pods and is proven ready anew; traffic on green (v2) goes from 0% to 75%",
            ],
            id="shift",
        ),
        pytest.param(
            [(C1, APPLY), (C2, APPLY), (C2, Shift(stamp=NOW, weight=75)), (C2, Abort(stamp=NOW, reason="bad"))],
            ["release r2: aborted", "web: traffic on green (v2) goes from 75% to 0%; a plain update won't bring that again"],
            id="abort",
        ),
        pytest.param(
            [(C1, APPLY), (C2, APPLY), (C2, Shift(stamp=NOW, weight=100)), (C2, Promote(stamp=NOW))],
            ["release r2: promoted", "web: green is proven ready anew; v2 is live; blue keeps v1 with 2 pods, to go back to"],
            id="promote",
        ),
        pytest.param([(C1, APPLY), (C2, APPLY), (C2, Pause(stamp=NOW, reason="lunch"))], ["release r2 is paused: lunch"], id="pause"),
        pytest.param(
            [(C1, APPLY), (C2, APPLY), (C2, Pause(stamp=NOW, reason="lunch")), (C2, Resume(stamp=NOW))],
            ["release r2 goes on"],
            id="resume",
        ),
        pytest.param(
            [(C1, APPLY), (C1, Freeze(stamp=NOW, reason="the year's end", until="2026-12-31T00:00:00Z"))],
            ["no release begins until 2026-12-31T00:00:00Z: the year's end"],
            id="freeze",
        ),
        pytest.param(
            [(C1, APPLY), (C1, Freeze(stamp=NOW, reason="fire")), (C1, Thaw(stamp=NOW, reason="it is out"))],
            ["releases may begin again"],
            id="thaw",
        ),
        pytest.param([(C1, APPLY), (C1, Decide(stamp=NOW, approval=approval()))], ['"ann" says yes to web v2'], id="approve"),
        pytest.param(
            [(C1, APPLY), (C1, Decide(stamp=NOW, approval=approval("nothing", decision="reject")))],
            ['"ann" says no to a release'],
            id="reject",
        ),
        pytest.param(
            [(C1, APPLY), (C1, Decide(stamp=NOW, approval=approval(by="ann\x1b[2J\nben", services={"web": "v2\x1b[8m\r", "api": 3})))],
            ['"ann\\u001b[2J\\nben" says yes to web v2 [8m , api 3'],
            id="approve, by somebody who writes to the terminal",
        ),
        pytest.param(
            [(B1, APPLY), (B1, Freeze(stamp=NOW, reason="sale\x1b[2J\nall is well"))],
            ["no release begins until that is lifted: sale [2J all is well"],
            id="freeze, by somebody who writes to the terminal",
        ),
        pytest.param(
            [(B1, APPLY), (B2, APPLY), (B2, Baked(stamp=NOW))],
            ["release r2 has been watched for as long as it is to be, and is well"],
            id="baked",
        ),
    ],
)
def test_a_plan_is_told_in_words(steps: list[tuple[Intent, Event]], told: list[str]) -> None:
    """What comes up, where traffic goes, what stays; in the order in which it happens."""
    world = World()
    for intent, event in steps[:-1]:
        world.update(intent, event)
    before = world.ledger
    plan = world.update(*steps[-1])
    release = plan.ledger.release
    assert release is not None
    short = release.id.partition("-")[0]
    assert [line.replace(release.id, short) for line in words(before, plan.ledger, plan.order)] == told


def test_rows_have_what_moves_first_and_what_goes_last() -> None:
    """For a table."""
    world = World()
    world.update(intended({"old": {}, "api": {}, "web": {"depends_on": ["api"]}}), APPLY)
    before = world.ledger
    plan = world.update(intended({"api": {}, "web": {"version": "v2", "depends_on": ["api"]}}), APPLY)
    found = {row.service: (row.version, row.candidate, row.weight, len(row.happens)) for row in rows(before, plan.ledger, plan.order)}
    assert found == {
        "web": ("v1 -> v2", "v1, 2 pods", "0%", 3),
        "api": ("v1", "v1, not running", "0%", 0),
        "old": ("v1", "", "", 1),
    }
    assert list(found) == ["web", "api", "old"]
