"""The ledger: where the releases of a stack are. It is the stack's output, so it says only what has happened.

A slot always has an occupant; one that isn't running has no pods, and is what the slot was last. What an occupant runs in full is in
the stack's second, secret output (see `model.slots`): the ledger holds hashes, and nothing that must not be seen.
"""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from tidegate.model.analysis import Verdict
from tidegate.model.approval import Approval
from tidegate.model.base import SLOTS, Model, Name, Percent, Slot
from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

CURRENT: Final = 2

Phase = Literal["staged", "shifting", "promoted", "aborted", "settled"]
"""Of a release. staged: candidates are up, weight 0. shifting: they have traffic. promoted: they are live, the old slots stay as
they were. aborted: all traffic is back on the live slots, the candidates stay as they are. settled: done, and tidied up."""

Kind = Literal["install", "release", "rollback"]


class Stamp(Model):
    """When, and by whom."""

    at: str
    """UTC, as ISO 8601 has it."""
    by: str

    @classmethod
    def now(cls) -> Stamp:
        """Now, and whoever runs this."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            # A container may run as a user that has no name.
            user = "unknown"
        return cls(at=datetime.now(UTC).isoformat(timespec="seconds"), by=user)


class Occupant(Model):
    """What is in a slot."""

    version: str
    image: str
    """With tag, and digest if it is pinned."""
    digest: str | None = None
    spec: str
    """The hash of everything that its pods are made from."""
    config: str
    """The hash of its configuration."""
    secrets: str
    """The hash of its secrets."""
    migration: str | None = None
    contract: bool
    """Whether its migrations take away what earlier versions need."""
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
    known: tuple[str, ...] = ()
    """Schema revisions that it was live with since the last contract migration; "" where a version named none."""
    passed: tuple[str, ...] = ()
    """Schema revisions that a contract migration has left behind: what needs them can't run any more."""
    since: Stamp
    """When the live slot became it."""

    @property
    def candidate(self) -> Slot:
        """The slot that isn't live."""
        return other(self.live)

    def weight_of(self, slot: Slot) -> int:
        """Percent of the traffic on a slot."""
        return self.weight if slot != self.live else 100 - self.weight


class Held(Model):
    """A gate that was found to hold, or was passed by all the same."""

    gate: str
    """preflight, freeze, approval, health, check, analysis."""
    verdict: Verdict
    text: str
    """What was found, in words; for a gate that was overridden, by whom and why."""
    overridden: bool = False


class Taken(Model):
    """A step that a release has taken."""

    step: Annotated[int, Field(ge=0)]
    kind: str
    """The event that it was."""
    weight: Percent
    """Of the traffic, on what the release brings, when it was taken."""
    stamp: Stamp
    reason: str = ""
    gates: tuple[Held, ...] = ()
    """What held before it."""


class Frozen(Model):
    """No releases, by a person's word."""

    reason: str
    until: str | None = None
    stamp: Stamp


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
    baked: bool = False
    """Whether what was promoted has been watched for as long as it is to be, and was well."""
    brings: str = ""
    """The hash of all that it brings, in full: what approvals are for."""
    taken: tuple[Taken, ...] = ()
    """Its steps, the first one first."""


class Ledger(Model):
    """The release state of a stack."""

    version: Literal[2] = CURRENT
    releases: Annotated[int, Field(ge=0)] = 0
    """How many there have been."""
    release: Release | None = None
    services: dict[Name, Record] = {}
    approvals: tuple[Approval, ...] = ()
    """What people have said of what is to come, and of the release under way."""
    frozen: Frozen | None = None

    @property
    def under_way(self) -> Release | None:
        """The release that is not done yet."""
        return self.release if self.release is not None and self.release.phase in {"staged", "shifting"} else None

    @property
    def token(self) -> str:
        """Where it is: the last release, its phase and step. Events name it that were decided for it."""
        release = self.release
        return f"{release.id}.{release.step}.{release.phase}" if release is not None else "none"


def other(slot: Slot) -> Slot:
    """The other slot."""
    return SLOTS[1 - SLOTS.index(slot)]


def _with_steps(value: dict[str, Any]) -> dict[str, Any]:
    """Version 2 has a release's steps, approvals and freezes; all of them may be missing."""
    return {**value, "version": 2}


_UPGRADES: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {1: _with_steps}
"""From each older version to the next."""


def migrate(raw: Any) -> Ledger:
    """The ledger that a stack's output is, of whichever version up to today's."""
    value = _whole(raw)
    version = value.get("version") if isinstance(value, dict) else None
    if not isinstance(version, int):
        raise ConfigurationError("the stack's output `ledger` is no ledger: it has no version. Is something else exported by that name?")
    if version > CURRENT:
        raise ConfigurationError(
            f"the stack's ledger has version {version}, and this Tidegate knows versions up to {CURRENT}: "
            "a newer one has updated the stack. Update Tidegate.",
        )
    for older in range(version, CURRENT):
        value = _UPGRADES[older](value)
    try:
        return Ledger.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise ConfigurationError(f"the stack's output `ledger` can't be read: {error}") from error


def _whole(value: Any) -> Any:
    """The engine's numbers are all floats; the ledger's are all whole."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _whole(part) for key, part in value.items()}
        case list() | tuple():
            return [_whole(part) for part in value]
        case _:
            return value
