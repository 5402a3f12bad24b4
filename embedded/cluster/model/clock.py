"""The cluster's own time: as real time, faster, or by hand.

Everything that happens later in the cluster is an entry here, and entries that are due at the same instant run in the order in which they
were made: by hand, a run depends on nothing but what was asked of it.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

# Where time begins when nobody says otherwise and it doesn't run by itself: 2026-01-01T00:00:00Z.
EPOCH: Final = 1767225600.0
# More turns than this without time going on means that two parts keep waking each other.
_RESTLESS: Final = 1_000_000


@dataclass(order=True, slots=True)
class Timer:
    """Something that happens later, unless cancelled."""

    due: float
    number: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """It shall not happen."""
        self.cancelled = True


class Clock:
    """Virtual time in unix seconds. `rate` 1 is real time, 10 ten times as fast, 0 by hand.

    `attach` makes a running event loop wake it up; without one, time goes on by `advance` and `settle` only.
    """

    def __init__(self, start: float | None = None, rate: float = 0.0) -> None:
        if rate < 0:
            raise ValueError(f"a clock can't run backwards: rate {rate}")
        if start is None:
            start = time.time() if rate else EPOCH
        self.start: Final = start
        self._rate, self._origin, self._since = rate, start, time.monotonic()
        self._timers: list[Timer] = []
        self._soon: deque[Callable[[], None]] = deque()
        self._numbers = itertools.count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Handle | None = None
        # While timers run, now is the instant of the one that runs, however long it takes.
        self._instant: float | None = None

    @property
    def rate(self) -> float:
        """How many seconds pass here in a second."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        if rate < 0:
            raise ValueError(f"a clock can't run backwards: rate {rate}")
        self._origin, self._since = self.now(), time.monotonic()
        self._rate = rate
        self._arm()

    def now(self) -> float:
        """The present instant."""
        if self._instant is not None:
            return self._instant
        return self._origin + (time.monotonic() - self._since) * self._rate if self._rate else self._origin

    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.now() - self.start

    def stamp(self) -> str:
        """Now as objects write it, in whole seconds."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def stamp_micro(self) -> str:
        """Now with microseconds, as leases and events write it."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def soon(self, callback: Callable[[], None]) -> None:
        """Run it at this very instant, after what runs now."""
        self._soon.append(callback)
        self._arm()

    def later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run it when so much time has passed."""
        timer = Timer(self.now() + max(seconds, 0.0), next(self._numbers), callback)
        heapq.heappush(self._timers, timer)
        self._arm()
        return timer

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the loop run what is due from now on."""
        self._loop = loop
        self._arm()

    def detach(self) -> None:
        """Nothing runs by itself any more."""
        if self._wake is not None:
            self._wake.cancel()
        self._loop, self._wake = None, None

    def settle(self) -> None:
        """Run all that is due now, and what comes of it now."""
        self._run_until(self.now())

    def advance(self, seconds: float) -> None:
        """Let time pass, by hand, in one go: all that is due in between runs at its own instant."""
        if seconds < 0:
            raise ValueError(f"time can't go back: {seconds}")
        end = self.now() + seconds
        self._run_until(end)
        self._origin, self._since = end, time.monotonic()
        self._arm()

    def next_due(self) -> float | None:
        """When the next entry is due; None if there is none."""
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].due if self._timers else None

    def _run_until(self, end: float) -> None:
        if self._instant is not None:
            return  # called from within a turn: the turn goes on anyway
        try:
            self._instant = min(self.now(), end)
            self._drain()
            while (due := self.next_due()) is not None and due <= end:
                self._instant = max(due, self._instant)
                heapq.heappop(self._timers).callback()
                self._drain()
        finally:
            self._instant = None
            self._arm()

    def _drain(self) -> None:
        for _ in range(_RESTLESS):
            if not self._soon:
                return
            self._soon.popleft()()
        raise RuntimeError(f"{_RESTLESS} turns at one instant: {self._soon[0]!r} and others keep waking each other")

    def _arm(self) -> None:
        """See to it that the loop comes back when the next entry is due."""
        if self._loop is None or self._instant is not None:
            return
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._soon:
            self._wake = self._loop.call_soon(self._woken)
        elif self._rate and (due := self.next_due()) is not None:
            self._wake = self._loop.call_later(max(due - self.now(), 0.0) / self._rate, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self.settle()
