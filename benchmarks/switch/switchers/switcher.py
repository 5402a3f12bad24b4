"""What a switcher is: anything that moves traffic from one version to another when told to. Any release tool can be one."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Protocol


class Operation(StrEnum):
    """What a switcher is told."""

    SHIFT = "shift"
    """Give the new version a part of the traffic."""
    ABORT = "abort"
    """Take it away again."""
    FLIP = "flip"
    """Give the new version all traffic at once."""
    ROLLBACK = "rollback"
    """Give all back to the old version."""


CYCLE: Final = (Operation.SHIFT, Operation.ABORT, Operation.FLIP, Operation.ROLLBACK)
"""A repetition: it ends where it began, with all traffic on the old version."""


class SwitchError(Exception):
    """A switcher couldn't do what it was told; the text says why."""


class Switcher(Protocol):
    """What moves traffic. Each call returns when its command has; the answers show when it takes effect."""

    @property
    def operations(self) -> frozenset[Operation]:
        """What it can do; FLIP and ROLLBACK at least."""

    def prepare(self, operation: Operation) -> None:
        """Bring about what an operation needs, without moving traffic: its time begins afterwards."""

    def shift(self, weight: int) -> None:
        """Give the new version so many percent of the traffic."""

    def abort(self) -> None:
        """Take back what a shift gave."""

    def flip(self) -> None:
        """Give the new version everything."""

    def rollback(self) -> None:
        """Give the old version everything."""

    def status(self) -> int | None:
        """How many percent the new version is to get, as the tool itself says; None if it doesn't."""

    def close(self) -> None:
        """Let go of what it holds, when the run is over."""


def perform(switcher: Switcher, operation: Operation, weight: int) -> None:
    """Tell it."""
    match operation:
        case Operation.SHIFT:
            switcher.shift(weight)
        case Operation.ABORT:
            switcher.abort()
        case Operation.FLIP:
            switcher.flip()
        case Operation.ROLLBACK:
            switcher.rollback()
