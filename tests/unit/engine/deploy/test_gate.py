"""Many deciding at once, or one deciding alone; answers in waves."""

from __future__ import annotations

import asyncio

from embedded.engine.deploy.gate import Gate
from embedded.engine.monitor.pacing import CROWD, Pacing


def test_one_alone_keeps_all_others_out() -> None:
    """Who decides alone waits for those inside, and nobody comes in meanwhile."""

    async def main() -> list[str]:
        gate, told = Gate(), []
        inside = asyncio.Event()
        leave = asyncio.Event()

        async def shared(name: str) -> None:
            async with gate.shared():
                told.append(f"{name} in")
                inside.set()
                await leave.wait()
                told.append(f"{name} out")

        async def alone() -> None:
            async with gate.exclusive():
                told.append("alone in")
                await asyncio.sleep(0)
                told.append("alone out")

        first = asyncio.create_task(shared("first"))
        await inside.wait()
        second = asyncio.create_task(alone())
        await asyncio.sleep(0)
        third = asyncio.create_task(shared("third"))
        await asyncio.sleep(0)
        leave.set()
        await asyncio.gather(first, second, third)
        return told

    assert asyncio.run(main()) == ["first in", "first out", "alone in", "alone out", "third in", "third out"]


def test_an_answer_alone_is_given_at_once() -> None:
    """Among few, nobody waits for a wave."""

    async def main() -> None:
        pacing = Pacing()
        with pacing:
            await pacing.hold()

    asyncio.run(asyncio.wait_for(main(), 1))


def test_answers_of_a_crowd_come_together() -> None:
    """In a crowd the answers wait until all have one, and then come in one wave."""

    async def main() -> list[int]:
        pacing, waves = Pacing(), []
        answered = 0

        async def one() -> None:
            nonlocal answered
            with pacing:
                await asyncio.sleep(0)
                await pacing.hold()
                answered += 1
                waves.append(answered)

        await asyncio.gather(*(one() for _ in range(CROWD)))
        return waves

    assert len(asyncio.run(asyncio.wait_for(main(), 5))) == CROWD
