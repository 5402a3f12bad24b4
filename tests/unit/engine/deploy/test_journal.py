"""The group commit: what is on disk when a step may start, and how many writes that takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from embedded.engine.deploy.journal import Journal
from embedded.engine.deploy.steps import Create, Delete, Same, Update
from embedded.engine.model.errors import EngineError
from embedded.engine.model.state import PendingOperation, Resource, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class Memory:
    """A writer that keeps what it was given: (names, names under way)."""

    written: list[tuple[list[str], list[str]]] = field(default_factory=list)
    full: bool = False
    _next: tuple[list[str], list[str]] = ([], [])

    def encode(self, resources: Sequence[Resource], pending: Sequence[PendingOperation]) -> bytes:
        self._next = ([r.urn for r in resources], [f"{p.type} {p.resource.urn}" for p in pending])
        return b""

    def commit(self, data: bytes) -> None:
        del data
        if self.full:
            msg = "no space left"
            raise EngineError(msg)
        self.written.append(self._next)


def thing(urn: str) -> Resource:
    """A resource by that name."""
    return Resource(urn, "t:t:T", custom=True)


def test_a_step_starts_when_its_operation_is_on_disk() -> None:
    """`begin` returns after a write that names the operation; `end` after one that has the outcome."""

    async def main() -> None:
        memory = Memory()
        journal = Journal(Snapshot([thing("old")]), memory)
        step = Create(None, thing("new"))
        await journal.begin(step)
        assert memory.written[-1] == (["old"], ["creating new"])
        await journal.end(step, kept=True)
        assert memory.written[-1] == (["new", "old"], [])

    asyncio.run(main())


def test_one_write_serves_all_who_wait() -> None:
    """Fifty steps that begin together cost two writes, not fifty."""

    async def main() -> Memory:
        memory = Memory()
        journal = Journal(Snapshot(), memory)
        await asyncio.gather(*(journal.begin(Create(None, thing(f"r{i}"))) for i in range(50)))
        assert len(memory.written[-1][1]) == 50
        return memory

    assert len(asyncio.run(main()).written) <= 2


def test_keeps_the_right_states() -> None:
    """An update takes its old state's place, a deletion leaves nothing, a failed creation neither; the rest stays."""

    async def main() -> list[str]:
        a, b, c = thing("a"), thing("b"), thing("c")
        journal = Journal(Snapshot([a, b, c]), Memory())
        await journal.end(Update(a, thing("a2")), kept=True)
        await journal.end(Delete(b, None), kept=True)
        await journal.end(Create(None, thing("d")), kept=False)
        await journal.end(Same(c, thing("c")), kept=True)
        return [r.urn for r in journal.resources]

    assert asyncio.run(main()) == ["a2", "c"]


def test_what_was_deleted_to_be_replaced_stays_until_it_is() -> None:
    """Between the deletion and the new creation the state remembers that a replacement is owed."""

    async def main() -> None:
        old = thing("a")
        journal = Journal(Snapshot([old]), Memory())
        old.pending_replacement = True
        await journal.end(Delete(old, None, replacing=True, pending_replacement=True), kept=True)
        assert journal.resources == [old]
        new = thing("a")
        await journal.end(Create(old, new, replacing=True), kept=True)
        assert journal.resources == [new]

    asyncio.run(main())


def test_a_full_disk_stops_who_waits() -> None:
    """Whoever waits for a write that fails hears of it, and nothing starts."""

    async def main() -> None:
        memory = Memory(full=True)
        journal = Journal(Snapshot(), memory)
        with pytest.raises(EngineError, match="no space left"):
            await journal.begin(Create(None, thing("a")))

    asyncio.run(main())


def test_a_left_over_creation_stays_named_until_it_is_settled() -> None:
    """Settled by a step that found out what came of it, and that was kept; another step of the same resource doesn't settle anything."""

    async def main() -> None:
        left = thing("a")
        journal = Journal(Snapshot(pending=[PendingOperation(left, "creating")]), Memory())
        await journal.end(Create(None, thing("a"), settles=True), kept=False)
        assert journal.left_over("a") is left
        await journal.end(Create(None, thing("a"), settles=True), kept=True)
        assert journal.left_over("a") is None
        assert not journal.pending

    asyncio.run(main())


def test_left_over_creations_stay_named() -> None:
    """A creation that an earlier update did not see end is named until it is cleared; other operations are forgotten."""
    pending = [PendingOperation(thing("a"), "creating"), PendingOperation(thing("b"), "updating")]
    journal = Journal(Snapshot(pending=pending), None)
    assert [p.resource.urn for p in journal.pending] == ["a"]
    journal.clear_left_over()
    assert not journal.pending
