"""The driver is killed at every call that it makes, before and after its effect and in the middle of updates; another goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.simulation.pods import Manner
from tests.simulation.ports import Death
from tests.simulation.story import Story, play

if TYPE_CHECKING:
    from tests.simulation.story import Outcome

HAPPY = Story()
STRAIGHT = Story(shape="straight", versions={"store": "v2"})
FAILING = Story(manners={("web", "v2"): Manner(metrics="bad", bad_from=50)})
ROLLING = Story(shape="straight", versions={"store": "v2"}, manners={("store", "v2"): Manner(metrics="gone")})
TOGETHER = Story(shape="three", versions={"api": "v2", "store": "v2", "web": "v2"}, manners={("api", "v2"): Manner(dies_at=100)})
CALLS = 260
BLOCK = 26


MATRIX = pytest.mark.matrix


def ended_well(outcome: Outcome, story: Story, wanted: str) -> None:
    """All that was to be released is live, or none of it is."""
    assert {outcome.live[name] for name in story.versions} == {wanted}
    assert not outcome.world.incidents


STORIES = [
    pytest.param(HAPPY, "v2", id="happy"),
    pytest.param(FAILING, "v1", id="failing"),
    pytest.param(STRAIGHT, "v2", id="straight", marks=MATRIX),
    pytest.param(ROLLING, "v1", id="rolling back", marks=MATRIX),
    pytest.param(TOGETHER, "v1", id="together", marks=MATRIX),
]


@pytest.mark.parametrize("first", range(1, CALLS, BLOCK))
@pytest.mark.parametrize(("story", "wanted"), STORIES)
@pytest.mark.parametrize("away", [pytest.param(1.0, id="soon"), pytest.param(300.0, id="later", marks=MATRIX)])
def test_killed_at_every_call_another_driver_goes_on(story: Story, wanted: str, away: float, first: int) -> None:
    """Before its effect and after it: the release comes to the same end, for nothing was only in the driver's head."""
    for call in range(first, first + BLOCK):
        for after in (False, True):
            outcome = play(replace(story, deaths=[Death(call, after=after)], away=away))
            ended_well(outcome, story, wanted)


@pytest.mark.parametrize("orphan", [pytest.param(False, id="cut off"), pytest.param(True, id="going on by itself", marks=MATRIX)])
@pytest.mark.parametrize("lock", [pytest.param(0.0, id="free", marks=MATRIX), pytest.param(40.0, id="locked")])
@pytest.mark.parametrize(("story", "wanted"), STORIES)
def test_killed_within_every_update_another_driver_goes_on(story: Story, wanted: str, lock: float, orphan: bool) -> None:
    """At each of its steps; the update ends with it, with the lock left behind or not, or goes on by itself."""
    calls = play(story).world.updating_calls
    assert len(calls) >= 3
    for call in calls:
        for within in range(1, 16):
            outcome = play(replace(story, deaths=[Death(call, within=within, orphan=orphan, lock=lock)], away=5.0))
            ended_well(outcome, story, wanted)


def test_the_happy_path_has_no_more_calls_than_are_killed() -> None:
    """Every one of them is in the table."""
    for story in (HAPPY, FAILING, STRAIGHT, ROLLING, TOGETHER):
        assert play(story).world.first_calls <= CALLS


def test_users_whom_no_update_has_recorded_are_led_back_until_it_is_time() -> None:
    """The engine dies between the API server's word and the state's, and somebody pauses: users go back to what is recorded, then on."""
    shift = play(HAPPY).world.updating_calls[2]
    died = play(replace(HAPPY, deaths=[Death(shift, within=2)], away=12.0, people=[(75.0, "pause")]))
    ended_well(died, HAPPY, "v2")
    weights = [weights["green"] for _, weights, _ in died.world.routes["web"].log]
    assert weights[:4] == [10, 50, 10, 50]
