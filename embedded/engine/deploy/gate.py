"""Many deciding at once, or one deciding alone."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Gate:
    """A readers-writer lock on one event loop; a waiting writer keeps new readers out, so that it gets its turn."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._alone = False
        self._waiting = 0

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Decide beside others."""
        if self._alone or self._waiting:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._alone and not self._waiting)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if self._waiting:
                async with self._changed:
                    self._changed.notify_all()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Decide while nobody else does."""
        self._waiting += 1
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._alone and not self._inside)
                self._alone = True
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._alone = False
            async with self._changed:
                self._changed.notify_all()
