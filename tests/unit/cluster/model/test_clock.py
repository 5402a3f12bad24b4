"""The cluster's time: by hand it goes on only when told, and in order."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.model.clock import EPOCH, Clock, Timer


def test_by_hand_time_stands_still() -> None:
    """Without a rate nothing passes by itself, and what was entered for later waits."""
    clock, seen = Clock(), list[float]()
    clock.later(5, lambda: seen.append(clock.elapsed()))
    clock.settle()
    assert (clock.now(), seen, clock.stamp()) == (EPOCH, [], "2026-01-01T00:00:00Z")
    clock.advance(4.999)
    assert seen == []
    clock.advance(0.001)
    assert (seen, clock.stamp_micro()) == ([5.0], "2026-01-01T00:00:05.000000Z")


@given(st.lists(st.floats(0, 100, allow_nan=False), max_size=30))
def test_what_is_due_runs_in_order_at_its_own_instant(delays: list[float]) -> None:
    """Whatever the delays: earlier ones first, equal ones in the order of entry, each at its own time."""
    clock, seen = Clock(), list[tuple[float, int]]()

    def note(number: int) -> None:
        seen.append((clock.now(), number))

    for number, delay in enumerate(delays):
        clock.later(delay, partial(note, number))
    clock.advance(100)
    assert len(seen) == len(delays)
    assert all(a <= b for a, b in pairwise(seen))
    assert all(at == EPOCH + delays[number] for at, number in seen)


def test_soon_comes_before_later_and_chains_stay_at_the_instant() -> None:
    """What is to be done soon is done before time goes on, however much comes of it."""
    clock, seen = Clock(), list[str]()

    def first() -> None:
        seen.append("first")
        clock.soon(lambda: seen.append(f"second at {clock.elapsed():g}"))
        clock.later(0, lambda: seen.append("at once, but later"))

    clock.later(1, lambda: seen.append(f"timer at {clock.elapsed():g}"))
    clock.soon(first)
    clock.advance(1)
    assert seen == ["first", "second at 0", "at once, but later", "timer at 1"]


def test_a_cancelled_timer_never_runs() -> None:
    """Cancelled is cancelled, also while others of the same instant run."""
    clock, seen, timers = Clock(), list[str](), list[Timer]()

    def first() -> None:
        timers[0].cancel()

    clock.later(1, first)
    timers.append(clock.later(1, lambda: seen.append("no")))
    clock.advance(2)
    assert (seen, clock.next_due()) == ([], None)


def test_two_parts_that_wake_each_other_are_found() -> None:
    """A livelock at one instant is an error that names who it is, not a hang."""
    clock = Clock()

    def again() -> None:
        clock.soon(again)

    clock.soon(again)
    with pytest.raises(RuntimeError, match="again"):
        clock.settle()


@pytest.mark.parametrize(("rate", "error"), [(-1.0, "backwards"), (-0.1, "backwards")])
def test_time_never_goes_back(rate: float, error: str) -> None:
    """Neither by its rate nor by hand."""
    with pytest.raises(ValueError, match=error):
        Clock(rate=rate)
    with pytest.raises(ValueError, match="back"):
        Clock().advance(rate)


def test_a_loop_runs_what_is_due() -> None:
    """Attached to a loop, a fast clock does an hour's work in a moment."""

    async def main() -> float:
        clock, done = Clock(EPOCH, rate=100_000), asyncio.Event()
        clock.later(3600, done.set)
        clock.attach(asyncio.get_running_loop())
        async with asyncio.timeout(10):
            await done.wait()
        clock.detach()
        return clock.elapsed()

    assert asyncio.run(main()) >= 3600


def test_a_change_of_rate_keeps_the_present() -> None:
    """Time goes on from where it is, at the new rate; stopped, it stands."""
    clock = Clock(EPOCH, rate=1000)
    clock.rate = 0
    now = clock.now()
    assert now >= EPOCH
    clock.advance(10)
    assert clock.now() == now + 10
