"""How a program's process is set up for the SDK."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pulumi.runtime import stack

from embedded.engine.hosts import launcher

if TYPE_CHECKING:
    import pytest


def _looks(monkeypatch: pytest.MonkeyPatch, *, fail: bool) -> tuple[int, int]:
    """How many outputs of twenty, each done a moment after the one before, the SDK is told of at its first look, and how many are left."""
    monkeypatch.setattr(stack, "asyncio", asyncio)
    monkeypatch.setattr(launcher, "PAUSE_SECONDS", 0.05)
    launcher.be_patient()

    async def output(number: int) -> int:
        if fail and number == 0:
            raise ValueError("wrong")
        await asyncio.sleep(3600 if fail else number / 1000)
        return number

    async def look() -> tuple[int, int]:
        outputs = [asyncio.ensure_future(output(number)) for number in range(20)]
        done, left = await vars(stack)["asyncio"].wait(outputs, return_when=asyncio.FIRST_COMPLETED)
        for one in outputs:
            one.cancel()
        await asyncio.gather(*outputs, return_exceptions=True)
        return len(done), len(left)

    return asyncio.run(look())


def test_outputs_are_looked_through_once_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK hears of all that is done within the pause together."""
    assert _looks(monkeypatch, fail=False) == (20, 0)


def test_a_failed_output_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error doesn't wait for others."""
    done, left = _looks(monkeypatch, fail=True)
    assert (done, left) == (1, 19)
