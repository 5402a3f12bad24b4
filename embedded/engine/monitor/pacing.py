"""Answers to many registrations, given in waves.

The Python SDK looks through all of a program's outputs each time that some of them settle, so a thousand answers that trickle in
one by one cost it a thousand times that search. Answers that are held back for a moment and given together cost it a few. Alone,
or among few, an answer is never held back; in a crowd a wave goes when everybody has an answer, or no more answers come.
"""

from __future__ import annotations

import asyncio
from typing import Final

# So many registrations under way make a crowd.
CROWD: Final = 24
# For each registration that was seen, a wave waits so long for the next answer, and so long all in all: in a larger program the search
# takes longer, and so does a write of the state, which is what the next answer waits for.
QUIET_SECONDS: Final = 0.00005
SHORTEST_QUIET_SECONDS: Final = 0.025
WAVE_SECONDS: Final = 0.001
LONGEST_WAVE_SECONDS: Final = 1.0


class Pacing:
    """Holds answers back while many registrations are under way."""

    def __init__(self) -> None:
        self._under_way = 0
        self._seen = 0
        self._held = 0
        self._wave = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0

    def __enter__(self) -> None:
        self._under_way += 1
        self._seen += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        self._release_if_all_are_held()

    async def hold(self) -> None:
        """Wait for the wave, if there is a crowd."""
        if self._under_way < CROWD:
            return
        wave, loop = self._wave, asyncio.get_running_loop()
        self._held += 1
        if self._timer is None:
            self._until = loop.time() + min(self._seen * WAVE_SECONDS, LONGEST_WAVE_SECONDS)
        else:
            self._timer.cancel()
        quiet = max(self._seen * QUIET_SECONDS, SHORTEST_QUIET_SECONDS)
        self._timer = loop.call_at(min(loop.time() + quiet, self._until), self._release)
        self._release_if_all_are_held()
        await wave.wait()

    def _release_if_all_are_held(self) -> None:
        if self._held and self._held >= self._under_way:
            self._release()

    def _release(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._held = 0
        self._wave.set()
        self._wave = asyncio.Event()
