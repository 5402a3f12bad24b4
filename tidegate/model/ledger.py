"""The ledger: where the releases of a stack are. It is the stack's output, so it says only what has happened.

A slot always has an occupant; one that isn't running has no pods, and is what the slot was last. What an occupant runs in full is in
the stack's second, secret output (see `model.slots`): the ledger holds hashes, and nothing that must not be seen.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from tidegate.model.base import SLOTS, Model, Name, Percent, Slot

CURRENT: Final = 1

Phase = Literal["staged", "shifting", "promoted", "aborted", "settled"]
"""Of a release. staged: candidates are up, weight 0. shifting: they have traffic. promoted: they are live, the old slots stay as
they were. aborted: all traffic is back on the live slots, the candidates stay as they are. settled: done, and tidied up."""

Kind = Literal["install", "release", "rollback"]


class Stamp(Model):
    """When, and by whom."""

    at: str
    """UTC, as ISO 8601 has it."""
    by: str


class Occupant(Model):
    """What is in a slot."""

    version: str
    image: str
    """With tag, and digest if it is pinned."""
    digest: str | None
    spec: str
    """The hash of everything that its pods are made from."""
    config: str
    """The hash of its configuration."""
    secrets: str
    """The hash of its secrets."""
    migration: str | None
    release: str
    """The release that brought it here."""
    replicas: Annotated[int, Field(ge=0)]
    """How many pods it was proven with; 0 if it isn't running."""
    proven: str
    """The release and step for which it is proven ready: with each new one it is proven anew."""

    @property
    def running(self) -> bool:
        """Whether it has pods."""
        return self.replicas > 0


class Record(Model):
    """One service."""

    live: Slot
    weight: Percent = 0
    """Of the traffic that goes to the candidate, the slot that isn't live."""
    slots: dict[Slot, Occupant]
    scale: Annotated[int, Field(ge=0)] | None = None
    """How many replicas the live slot has by hand."""
    rejected: str | None = None
    """The spec that was taken back: a plain update doesn't bring it again."""
    passed: tuple[str, ...] = ()
    """Schema revisions that a contract migration has left behind: what needs them can't run any more."""

    @property
    def candidate(self) -> Slot:
        """The slot that isn't live."""
        return other(self.live)

    def weight_of(self, slot: Slot) -> int:
        """Percent of the traffic on a slot."""
        return self.weight if slot != self.live else 100 - self.weight


class Release(Model):
    """The last release."""

    id: str
    kind: Kind
    services: tuple[Name, ...]
    """In the order in which they move."""
    phase: Phase
    step: Annotated[int, Field(ge=0)]
    weight: Percent
    paused: bool = False
    reason: str | None = None
    """Why it was paused, aborted or begun."""
    begun: Stamp
    changed: Stamp
    promoted: Stamp | None = None


class Ledger(Model):
    """The release state of a stack."""

    version: Literal[1] = CURRENT
    releases: Annotated[int, Field(ge=0)] = 0
    """How many there have been."""
    release: Release | None = None
    services: dict[Name, Record] = {}

    @property
    def under_way(self) -> Release | None:
        """The release that is not done yet."""
        return self.release if self.release is not None and self.release.phase in {"staged", "shifting"} else None


def other(slot: Slot) -> Slot:
    """The other slot."""
    return SLOTS[1 - SLOTS.index(slot)]
