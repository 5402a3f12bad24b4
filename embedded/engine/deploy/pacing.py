"""Answers to many registrations, given in waves.

The Python SDK looks through all of a program's outputs each time that some of them settle, so a thousand answers that trickle in
one by one cost it a thousand times that search. Answers that are held back for a moment and given together cost it a few. Alone,
or among few, an answer is never held back.
"""

from __future__ import annotations

import asyncio
from typing import Final

# So many registrations under way make a crowd, and so long an answer waits for others of its wave.
CROWD: Final = 24
HOLD_SECONDS: Final = 0.015


class Pacing:
    """Holds answers back while many registrations are under way."""

    def __init__(self) -> None:
        self._under_way = 0
        self._held = 0
        self._wave = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if self._held >= self._under_way:
            self._release()

    async def hold(self) -> None:
        """Wait for the wave, if there is a crowd."""
        if self._under_way < CROWD:
            return
        wave = self._wave
        self._held += 1
        if self._held >= self._under_way:
            self._release()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HOLD_SECONDS, self._release)
        await wave.wait()

    def _release(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._held = 0
        self._wave.set()
        self._wave = asyncio.Event()
