"""Whole releases, made up from seeds: whatever goes wrong, and whenever the driver is killed, the rules hold at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulation.story import made_up, play

if TYPE_CHECKING:
    from collections.abc import Iterable


def test_rules_hold_in_every_story(seeds: Iterable[int]) -> None:
    """Users have ready pods, no more weight than was judged, what failed goes back, and everybody agrees in the end."""
    alone = len(list(seeds)) == 1
    for seed in seeds:
        try:
            outcome = play(made_up(seed))
        except BaseException as error:
            # The journal is in the error's notes.
            error.add_note(f"to replay it: pytest tests/simulation --seed {seed}")
            raise
        if alone:
            print("\n".join([str(made_up(seed)), *outcome.world.journal]))  # noqa: T201 - whoever replays a story wants to read it


@pytest.mark.parametrize("seed", [3, 77, 1234])
def test_a_seed_is_the_same_story_each_time(seed: int) -> None:
    """What is replayed is what has failed, to the last byte."""
    first, second = play(made_up(seed)), play(made_up(seed))
    assert first.world.journal == second.world.journal
    assert first.ended == second.ended
    assert first.world.ledger == second.world.ledger
