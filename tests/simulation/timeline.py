"""Virtual time: it passes when everybody waits, and what is due happens in between. The same order each time."""

from __future__ import annotations

import heapq
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Endless(AssertionError):  # noqa: N818 - what it is
    """Somebody never ends."""


class Timeline:
    """Time, in seconds since the beginning, and what is to come."""

    def __init__(self, end: float) -> None:
        self.now = 0.0
        self._end = end
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def moment(self) -> datetime:
        """Now."""
        return START + timedelta(seconds=self.now)

    def after(self, delay: float, act: Callable[[], None]) -> None:
        """Something is to come."""
        self._count += 1
        heapq.heappush(self._heap, (self.now + delay, self._count, act))

    def sleep(self, seconds: float) -> None:
        """Time passes, for whoever calls."""
        actor = Actor.current()
        if actor is not None:
            self.after(seconds, actor.go_on)
            actor.give_way()
            return
        until = self.now + seconds
        if until > self._end:
            raise Endless(f"it is {self.now:.0f} s, and somebody still waits")
        while self._heap and self._heap[0][0] <= until:
            at, _, act = heapq.heappop(self._heap)
            self.now = max(self.now, at)
            act()
        self.now = max(self.now, until)

    def play(self, steps: Iterator[float]) -> None:
        """Carry out what yields how long it waits, while others go on."""

        def go_on() -> None:
            for wait in steps:
                self.after(wait, go_on)
                return

        go_on()


class Actor(threading.Thread):
    """Somebody who acts while others wait: one at a time, each until they wait themselves."""

    _local = threading.local()

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._act = act
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self.error: BaseException | None = None
        self.done = False

    @classmethod
    def current(cls) -> Actor | None:
        """Whoever calls, if it isn't the first one."""
        found: Actor | None = getattr(cls._local, "actor", None)
        return found

    def run(self) -> None:
        """Act."""
        self._go.acquire()
        Actor._local.actor = self
        try:
            self._act()
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            self.error = error
        self.done = True
        self._back.release()

    def go_on(self) -> None:
        """Let it act until it waits."""
        if not self.is_alive() and not self.done:
            self.start()
        self._go.release()
        self._back.acquire()
        if self.error is not None:
            raise self.error

    def give_way(self) -> None:
        """Wait until it is let go on."""
        self._back.release()
        self._go.acquire()
